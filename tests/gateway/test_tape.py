"""What is overheard of a request: all of it, in order, within its bounds."""

from __future__ import annotations

import asyncio
import json

import pytest

from faregate.core.captured import CapturedRequest
from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.capturing import Capture, Selection
from faregate.gateway.tape import MOST_ARRIVALS, BodyTape, Room
from tests.gateway.building import CountingLedger, FakeClock, turn
from tests.gateway.gates import (
    DONE,
    FINISH,
    USAGE,
    FakeAnswer,
    SmallGate,
    ask,
    delta,
    route,
    whole,
)

STREAM = [delta("hi"), FINISH, USAGE, DONE]
SAID = b"".join(STREAM)
TOLD = Refusal(code=RefusalCode.STOPPED, message="a person stopped it")
OK = {
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 100},
}


@pytest.fixture
def kept() -> list[CapturedRequest]:
    return []


@pytest.fixture
def small(
    ledger: CountingLedger, clock: FakeClock, kept: list[CapturedRequest]
) -> SmallGate:
    small = SmallGate(
        ledger, clock, routes=(route("p/m", "o/m"), route("p/m", name="m"))
    )
    listens(small, kept)
    return small


def listens(small: SmallGate, kept: list[CapturedRequest], most: int = 1 << 20) -> None:
    small.gate.capture = Capture(
        kept.append,
        clock=small.clock.monotonic,
        selection=Selection(),
        most=most,
    )


async def test_a_stream_is_kept_as_it_came(
    small: SmallGate, kept: list[CapturedRequest]
) -> None:
    exchange, _ = small.exchange(ask(), headers={"user-agent": "a"})
    small.upstream.script = [FakeAnswer(parts=list(STREAM))]
    await exchange.run()
    (found,) = kept
    assert found.session == "s"
    assert ("user-agent", "a") in found.headers
    assert found.body.data.startswith(b'{"model"')
    (attempt,) = found.attempts
    assert attempt.target == "p/m"
    assert attempt.attempt is not None
    assert attempt.body is not None
    assert b'"model": "p/m"' in found.body.data
    assert b'"model": "p/m"' not in attempt.body.data
    assert attempt.status == 200
    assert ("content-type", "text/event-stream") in attempt.answer_headers
    assert attempt.answer is not None
    assert attempt.answer.data == SAID
    assert attempt.answer.complete
    offsets = [offset for offset, _ in attempt.answer.arrivals]
    assert offsets == [sum(map(len, STREAM[:n])) for n in range(len(STREAM))]
    # The client got the very same bytes, which are not kept twice.
    assert found.reply is not None
    assert found.reply.status == 200
    assert found.reply.body is None


async def test_a_body_that_goes_out_as_it_came_is_kept_once(
    small: SmallGate, kept: list[CapturedRequest]
) -> None:
    exchange, _ = small.exchange(ask("m", stream=False))
    small.upstream.script = [whole(OK)]
    await exchange.run()
    (found,) = kept
    assert found.attempts[0].body is None


async def test_each_attempt_is_kept_with_how_it_failed(
    small: SmallGate, kept: list[CapturedRequest]
) -> None:
    exchange, _ = small.exchange(ask("r", stream=False))
    small.upstream.script = [
        whole({"error": {"message": "no such model"}}, status=404),
        whole(OK),
    ]
    await exchange.run()
    first, second = kept[0].attempts
    assert (first.target, first.status) == ("p/m", 404)
    assert first.answer is not None
    assert b"no such model" in first.answer.data
    assert (second.target, second.status) == ("o/m", 200)
    assert first.attempt != second.attempt


async def test_an_attempt_that_got_no_answer_says_why(
    small: SmallGate, kept: list[CapturedRequest]
) -> None:
    exchange, _ = small.exchange(ask())
    small.upstream.script = [UpstreamError(FaultKind.RESET, "it broke", sent=True)]
    await exchange.run()
    (attempt,) = kept[0].attempts
    assert (attempt.status, attempt.answer, attempt.error) == (None, None, "it broke")
    assert kept[0].refusal is not None


async def test_a_stream_that_breaks_is_not_complete(
    small: SmallGate, kept: list[CapturedRequest]
) -> None:
    exchange, _ = small.exchange(ask())
    broken = UpstreamError(FaultKind.RESET, "cut off", sent=True)
    small.upstream.script = [FakeAnswer(parts=[delta("hi"), broken])]
    await exchange.run()
    (attempt,) = kept[0].attempts
    assert attempt.answer is not None
    assert not attempt.answer.complete
    assert attempt.error == "cut off"
    reply = kept[0].reply
    assert reply is not None
    # Its last words are the gate's own, so that this differs from the answer.
    assert reply.body is not None
    assert not reply.body.complete
    assert reply.body.data.startswith(delta("hi"))
    assert len(reply.body.data) > len(delta("hi"))


async def test_an_exchange_that_is_given_up_is_kept(
    small: SmallGate, kept: list[CapturedRequest]
) -> None:
    exchange, _ = small.exchange(ask())
    small.upstream.script = [asyncio.Event()]
    task = asyncio.ensure_future(exchange.run())
    await turn()
    exchange.give_up(TOLD)
    await task
    assert kept[0].attempts[0].error == "it was given up"
    assert kept[0].refusal == TOLD.message


async def test_a_body_is_cut_at_its_bound_with_its_true_length(
    small: SmallGate, kept: list[CapturedRequest]
) -> None:
    listens(small, kept, most=10)
    exchange, reply = small.exchange(ask())
    small.upstream.script = [FakeAnswer(parts=list(STREAM))]
    await exchange.run()
    (found,) = kept
    assert len(found.body.data) == 10
    assert found.body.truncated
    answer = found.attempts[0].answer
    assert answer is not None
    assert answer.data == SAID[:10]
    assert answer.length == len(SAID)
    # Nothing of it is kept from the client.
    assert b"".join(reply.written) == SAID


async def test_what_nobody_wants_is_not_kept(
    small: SmallGate, kept: list[CapturedRequest]
) -> None:
    small.gate.capture = Capture(
        kept.append,
        clock=small.clock.monotonic,
        selection=Selection(session="another"),
        most=100,
    )
    exchange, reply = small.exchange(ask())
    small.upstream.script = [FakeAnswer(parts=list(STREAM))]
    await exchange.run()
    assert not kept
    assert b"".join(reply.written) == SAID


def test_what_finds_no_room_is_counted_and_leaves_no_gap() -> None:
    room = Room(5)
    tape = BodyTape(room, 100, lambda: 0)
    for chunk in (b"abc", b"defg", b"h"):
        tape.add(chunk)
    body = tape.captured(complete=True)
    assert (body.data, body.length) == (b"abc", 8)
    assert body.truncated
    assert not room.take(3)
    room.give_back(tape.kept)
    assert room.take(5)


def test_arrivals_are_bounded() -> None:
    tape = BodyTape(Room(1 << 20), 1 << 20, lambda: 7)
    for _ in range(MOST_ARRIVALS + 5):
        tape.add(b"x")
    body = tape.captured(complete=False)
    assert len(body.arrivals) == MOST_ARRIVALS
    assert len(body.data) == MOST_ARRIVALS + 5
    assert not body.complete


async def test_an_answer_that_came_at_once_is_kept(
    small: SmallGate, kept: list[CapturedRequest]
) -> None:
    exchange, _ = small.exchange(ask(stream=False))
    answer = whole({})
    answer.at_once = json.dumps(OK).encode()
    small.upstream.script = [answer]
    await exchange.run()
    (attempt,) = kept[0].attempts
    assert attempt.answer is not None
    assert (attempt.answer.data, attempt.error) == (answer.at_once, None)
