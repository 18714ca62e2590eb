"""What a waiting client is sent, and how long it is left alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.core.approvals.calls import read_rule
from faregate.core.approvals.policy import ApprovalPolicy
from faregate.core.approvals.verdicts import Verdict
from faregate.gateway.inbound import Whole
from faregate.gateway.keep_alive import (
    ALIVE_EVERY_S,
    SILENT_S,
    USUAL_TIMEOUT_S,
    WHOLE_S,
)
from tests.gateway.building import turn
from tests.gateway.gates import (
    DONE,
    FINISH,
    USAGE,
    FakeAnswer,
    ask,
    delta,
    whole,
)
from tests.gateway.offices import ASK_MODEL, Office, denied, open_office
from tests.protocols.calling import BODIES


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


async def test_a_stream_is_silent_first_then_kept_alive(office: Office) -> None:
    office.small.upstream.script = [
        FakeAnswer(parts=[delta("hi"), FINISH, USAGE, DONE])
    ]
    sent, case = await office.asked(ask())
    office.pass_by(SILENT_S - 1)
    await turn()
    assert not sent.reply.started
    office.pass_by(1)
    await turn()
    assert sent.reply.status == 200
    assert sent.reply.headers["content-type"] == "text/event-stream"
    assert [w[:1] for w in sent.reply.written] == [b":"]
    office.pass_by(ALIVE_EVERY_S)
    await turn()
    assert len(sent.reply.written) == case.kept_alive == 2
    office.desk.approve(case.id, who="me")
    assert await sent.result is None
    assert b"".join(sent.reply.written).endswith(DONE)
    assert sent.reply.last_words is None


async def test_a_denial_after_signs_of_life_is_an_error_event(office: Office) -> None:
    sent, case = await office.asked(ask())
    office.pass_by(SILENT_S)
    await turn()
    office.desk.deny(case.id, who="me")
    assert await sent.result is None
    assert sent.reply.last_words is not None
    event = json.loads(sent.reply.last_words.removeprefix(b"data: "))
    assert event["error"]["code"] == "approval_denied"
    denied(await office.send(ask(stream=False)).result)


async def test_a_client_lost_while_it_is_kept_alive(office: Office) -> None:
    sent, _case = await office.asked(ask())
    sent.reply.gone = True
    office.pass_by(SILENT_S)
    await turn()
    await sent.result
    assert office.desk.waiting == []


async def test_an_answer_in_one_piece_is_waited_for_no_longer_than_clients_do(
    office: Office,
) -> None:
    sent, case = await office.asked()
    assert case.timeout_s == WHOLE_S
    office.pass_by(WHOLE_S - 1)
    await turn()
    assert not sent.reply.started
    office.pass_by(1)
    denied(await sent.result)


async def test_a_fault_of_the_provider_after_signs_of_life_is_an_error_event(
    office: Office,
) -> None:
    office.small.upstream.script = [
        whole({"error": {"message": "slow down", "type": "x"}}, 429)
    ]
    sent, case = await office.asked(ask())
    office.pass_by(SILENT_S)
    await turn()
    office.desk.approve(case.id, who="me")
    assert await sent.result is None
    assert sent.reply.last_words is not None
    assert b"slow down" in sent.reply.last_words


@pytest.mark.parametrize(
    ("header", "silence", "most"),
    [
        ({}, SILENT_S, WHOLE_S),
        ({"x-stainless-read-timeout": "600"}, SILENT_S, WHOLE_S),
        ({"x-stainless-timeout": "20"}, 10.0, 8.0),
        ({"x-stainless-read-timeout": "20.5"}, 10.25, 8.2),
        ({"x-stainless-read-timeout": "NOT_GIVEN"}, SILENT_S, WHOLE_S),
        ({"x-stainless-read-timeout": "0"}, SILENT_S, WHOLE_S),
        ({"x-stainless-read-timeout": "-1"}, SILENT_S, WHOLE_S),
        ({"x-stainless-read-timeout": "9" * 400}, SILENT_S, WHOLE_S),
    ],
)
async def test_a_client_says_how_long_it_waits(
    office: Office, header: dict[str, str], silence: float, most: float
) -> None:
    for stream in (True, False):
        sent, case = await office.asked(ask(stream=stream), headers=header)
        assert case.silence == silence
        assert case.every == min(silence, ALIVE_EVERY_S)
        assert case.timeout_s == pytest.approx(ASK_MODEL.timeout_s if stream else most)
        sent.exchange.client_gone()
        await sent.result


async def test_time_that_the_answer_took_is_gone(office: Office) -> None:
    office.opened(ApprovalPolicy(tools=(read_rule("*", Verdict.ASK),)))
    took = asyncio.Event()
    answer = whole(BODIES["openai_chat"])
    office.small.upstream.script = [took, answer]
    sent = office.send(ask(stream=False))
    await turn(5)
    office.pass_by(500)
    took.set()
    await turn(20)
    (case,) = office.desk.waiting
    assert case.timeout_s == USUAL_TIMEOUT_S * 0.9 - 500
    office.desk.approve(case.id, who="me")
    assert isinstance(await sent.result, Whole)
