"""Plain JSON to a client that reads events by now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.core.money import Money
from faregate.gateway.keep_alive import SILENT_S
from tests.gateway.building import turn
from tests.gateway.gates import FakeAnswer, ask, whole
from tests.gateway.offices import Office, open_office
from tests.protocols.calling import BODIES

ANSWER = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "hello there"},
        }
    ],
    "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10},
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


async def kept_alive(office: Office, answer: FakeAnswer) -> list[bytes]:
    """Return the events that a client got after its signs of life."""
    office.small.upstream.script = [answer]
    sent, case = await office.asked(ask())
    office.pass_by(SILENT_S)
    await turn()
    assert sent.reply.started
    office.desk.approve(case.id, who="me")
    assert await sent.result is None
    told = b"".join(sent.reply.written) + (sent.reply.last_words or b"")
    lines = told.replace(b"\n\n", b"\n").splitlines()
    # Nothing but comments and events: a bare body is no part of a stream.
    assert all(line.startswith((b":", b"data: ")) for line in lines if line), told
    return [line[6:] for line in lines if line.startswith(b"data: ")]


async def test_it_becomes_a_stream_of_the_clients_dialect(office: Office) -> None:
    events = await kept_alive(office, whole(ANSWER))
    assert events[-1] == b"[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    deltas = [c["choices"][0]["delta"] for c in chunks if c["choices"]]
    assert "".join(each.get("content") or "" for each in deltas) == "hello there"
    (end,) = [
        c["choices"][0]["finish_reason"]
        for c in chunks
        if c["choices"] and c["choices"][0]["finish_reason"]
    ]
    assert end == "stop"


async def test_its_tool_calls_are_in_the_stream(office: Office) -> None:
    events = await kept_alive(office, whole(BODIES["openai_chat"]))
    assert b"tool_calls" in b"".join(events)


async def test_its_money_is_booked_as_ever(office: Office) -> None:
    await kept_alive(office, whole(ANSWER))
    state = office.small.month()
    assert (state.held, state.unknown) == (Money(0), Money(0))
    assert state.spent > Money(0)


@pytest.mark.parametrize(
    "answer",
    [
        whole({"error": {"message": "slow down", "type": "x"}}),
        FakeAnswer(
            headers={"content-type": "application/json"}, parts=[b'{"choices": [{"ind']
        ),
        whole({"choices": "none"}),
    ],
    ids=["an error", "a piece of JSON", "no answer"],
)
async def test_what_is_no_answer_becomes_an_error_event(
    office: Office, answer: FakeAnswer
) -> None:
    events = await kept_alive(office, answer)
    assert "error" in json.loads(events[-1])


async def test_a_client_that_was_sent_nothing_gets_it_as_it_comes(
    office: Office,
) -> None:
    office.small.upstream.script = [whole(ANSWER)]
    sent, case = await office.asked(ask())
    office.desk.approve(case.id, who="me")
    assert await sent.result is None
    assert json.loads(b"".join(sent.reply.written)) == ANSWER
    assert "json" in sent.reply.headers["content-type"]
