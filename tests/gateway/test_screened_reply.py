"""Tool calls of an answer on their way to the client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.core.approvals.calls import read_rule
from faregate.core.approvals.policy import ApprovalPolicy
from faregate.core.approvals.verdicts import Verdict
from faregate.core.money import ZERO
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.inbound import Whole
from faregate.gateway.keep_alive import ALIVE_EVERY_S
from faregate.providers.spec import OPENAI_CHAT, ProviderSpec
from tests.gateway.building import turn
from tests.gateway.gates import FakeAnswer, ask, row, whole
from tests.gateway.offices import Office, Sent, open_office
from tests.protocols.calling import BODIES, CHAT

CHAT_ONLY = ProviderSpec(
    name="c",
    title="C",
    base_urls={OPENAI_CHAT: "http://127.0.0.1:9/v1"},
    output_fields={OPENAI_CHAT: "max_completion_tokens"},
)
RULES = {"Bash(git push*)": Verdict.ASK, "@write": Verdict.DENY}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        opened.opened(
            ApprovalPolicy(tools=tuple(read_rule(p, v) for p, v in RULES.items()))
        )
        yield opened


def written(sent: Sent) -> bytes:
    return b"".join(sent.reply.written)


def answer() -> FakeAnswer:
    return FakeAnswer(parts=[CHAT[:700], CHAT[700:]])


async def test_the_answer_is_paid_and_its_words_are_read_before_anybody_decides(
    office: Office,
) -> None:
    office.small.upstream.script = [answer()]
    sent, case = await office.asked(ask())
    assert office.small.month().spent > ZERO
    assert office.small.month().held == ZERO
    assert b"I push" in written(sent)
    assert b"git push" not in written(sent)
    assert case.at_most == case.estimate == ZERO
    assert [call.name for call in case.calls] == ["Bash"]
    (flight,) = office.small.gate.flights.all()
    assert flight.state == "waiting"
    office.pass_by(ALIVE_EVERY_S)
    await turn()
    assert written(sent).endswith(b": faregate: waiting for approval\n\n")
    office.desk.approve(case.id, who="me")
    assert await sent.result is None
    assert b"git push" in written(sent)
    assert written(sent).endswith(b"data: [DONE]\n\n")
    assert sent.reply.last_words is None


async def test_a_denied_call_is_words(office: Office) -> None:
    office.small.upstream.script = [answer()]
    sent, case = await office.asked(ask())
    office.desk.deny(case.id, who="me", reason="not on a Friday")
    assert await sent.result is None
    out = written(sent)
    assert b"Bash(" in out
    assert b"not on a Friday" in out
    assert b'"name":"Bash"' not in out
    assert out.endswith(b"data: [DONE]\n\n")
    assert sent.reply.last_words is None


async def test_no_answer_in_time_denies_the_call(office: Office) -> None:
    office.small.upstream.script = [answer()]
    sent, _case = await office.asked(ask())
    office.pass_by(office.desk.policy.timeout_s)
    assert await sent.result is None
    assert b"no answer is a no" in written(sent)


async def test_nobody_watching_denies_the_call_at_once(office: Office) -> None:
    office.watching = False
    office.small.upstream.script = [answer()]
    sent = office.send(ask())
    assert await sent.result is None
    assert b"nobody watches" in written(sent)


async def test_a_session_is_asked_once_for_a_pattern(office: Office) -> None:
    office.small.upstream.script = [answer(), answer()]
    sent, case = await office.asked(ask())
    office.desk.approve(case.id, who="me", session=True)
    await sent.result
    again = office.send(ask())
    assert await again.result is None
    assert b"git push" in written(again)


async def test_an_answer_in_one_piece(office: Office) -> None:
    office.small.upstream.script = [whole(BODIES["openai_chat"])]
    sent, case = await office.asked(ask(stream=False))
    office.desk.deny(case.id, who="me")
    result = await sent.result
    assert isinstance(result, Whole)
    message = json.loads(result.body)["choices"][0]["message"]
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["Read"]
    assert "The person denied it" in message["content"]
    assert office.small.month().spent > ZERO


async def test_an_answer_that_may_pass_is_not_touched(office: Office) -> None:
    for body in (BODIES["openai_chat"], {"error": {"message": "no"}}):
        office.small.upstream.script = [whole(body, 200 if "id" in body else 400)]
        if "id" in body:
            sent, case = await office.asked(ask(stream=False))
            office.desk.approve(case.id, who="me")
        else:
            sent = office.send(ask(stream=False))
        result = await sent.result
        assert isinstance(result, Whole)
        assert result.body == json.dumps(body).encode()


async def test_a_rule_that_denies_asks_nobody(office: Office) -> None:
    body = json.loads(json.dumps(BODIES["openai_chat"]).replace("Read", "Write"))
    body["choices"][0]["message"]["tool_calls"].pop()
    office.small.upstream.script = [whole(body)]
    result = await office.send(ask(stream=False)).result
    assert isinstance(result, Whole)
    choice = json.loads(result.body)["choices"][0]
    assert "tool_calls" not in choice["message"]
    assert "a rule of this gate denies @write" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"
    assert office.desk.decided == []


async def test_a_client_that_hangs_up_while_its_calls_wait(office: Office) -> None:
    office.small.upstream.script = [answer()]
    sent, _case = await office.asked(ask())
    spent = office.small.month().spent
    sent.exchange.client_gone()
    await sent.result
    assert office.desk.waiting == []
    assert len(office.small.gate.flights) == 0
    assert office.small.month().spent == spent
    assert b"git push" not in written(sent)


async def test_a_person_stops_what_waits(office: Office) -> None:
    office.small.upstream.script = [answer()]
    sent, _case = await office.asked(ask())
    stop = Refusal(code=RefusalCode.STOPPED, message="stopped by hand")
    sent.exchange.give_up(stop)
    assert await sent.result is None
    assert sent.reply.last_words is not None
    assert b"stopped by hand" in sent.reply.last_words
    assert b"git push" not in written(sent)


async def test_a_stream_that_breaks_drops_what_was_held(office: Office) -> None:
    office.small.upstream.script = [
        FakeAnswer(parts=[CHAT[: CHAT.index(b"Bash") + 10]])
    ]
    sent = office.send(ask())
    async with asyncio.timeout(10):
        assert await sent.result is None
    assert sent.reply.last_words is not None
    assert b"Bash" not in written(sent)
    assert office.desk.waiting == []


async def test_calls_of_a_translated_answer_are_judged_in_the_clients_dialect(
    tmp_path: Path,
) -> None:
    with open_office(tmp_path, specs=(CHAT_ONLY,), rows=(row("c"),)) as office:
        office.opened(ApprovalPolicy(tools=(read_rule("Bash", Verdict.DENY),)))
        office.small.upstream.script = [answer()]
        said = [{"role": "user", "content": "push"}]
        body = {"model": "c/m", "max_tokens": 99, "stream": True, "messages": said}
        sent = office.send(body, "/v1/messages")
        assert await sent.result is None
        out = written(sent)
        assert b"content_block_start" in out
        assert b"a rule of this gate denies Bash" in out
        assert out.count(b'"type":"tool_use"') == 1
        assert b'"name":"Bash"' not in out
        assert b"message_stop" in out
