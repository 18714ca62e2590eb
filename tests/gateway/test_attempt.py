"""One attempt: what counts as an answer, and how a broken one ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.money import ZERO
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.inbound import Whole
from faregate.gateway.reshaping import is_event_stream
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.gates import (
    COST,
    DONE,
    FINISH,
    USAGE,
    FakeAnswer,
    SmallGate,
    ask,
    delta,
    whole,
)

RESET = UpstreamError(FaultKind.RESET, "the connection broke", sent=True)


@pytest.fixture
def small(ledger: CountingLedger, clock: FakeClock) -> SmallGate:
    return SmallGate(ledger, clock)


async def run(small: SmallGate, answer: Any, **more: Any) -> tuple[Any, Any]:
    exchange, reply = small.exchange(ask(**more))
    small.upstream.script = [answer]
    return await exchange.run(), reply


async def test_a_stream_that_breaks_ends_with_an_error_event(small: SmallGate) -> None:
    _, reply = await run(small, FakeAnswer(parts=[delta("hi"), RESET]))
    assert reply.last_words.startswith(b'data: {"')
    assert b"p: the connection broke" in reply.last_words
    assert small.month().unknown


async def test_half_an_event_does_not_swallow_the_error(small: SmallGate) -> None:
    _, reply = await run(small, FakeAnswer(parts=[b'data: {"ch', RESET]))
    assert reply.last_words.startswith(b"\n\ndata: ")


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
async def test_a_whole_event_needs_no_end(end: bytes, small: SmallGate) -> None:
    _, reply = await run(small, FakeAnswer(parts=[b"data: 1" + end, RESET]))
    assert reply.last_words.startswith(b"data: ")


async def test_one_byte_at_a_time_the_end_of_an_event_is_seen(
    small: SmallGate,
) -> None:
    parts: list[Any] = [bytes([byte]) for byte in b"data: 1\n\n"]
    _, reply = await run(small, FakeAnswer(parts=[*parts, RESET]))
    assert reply.last_words.startswith(b"data: ")


async def test_json_that_breaks_is_closed_without_an_event(small: SmallGate) -> None:
    answer = whole({})
    answer.parts = [b'{"choices": [', RESET]
    _, reply = await run(small, answer)
    assert reply.last_words == b""


async def test_what_breaks_after_its_last_event_was_whole(small: SmallGate) -> None:
    _, reply = await run(small, FakeAnswer(parts=[delta("hi"), FINISH, USAGE, RESET]))
    assert reply.last_words is None
    assert small.month().spent == COST


async def test_a_clean_end_in_the_middle_is_no_end(small: SmallGate) -> None:
    _, reply = await run(small, FakeAnswer(parts=[delta("hi")]))
    assert b"ended before the answer did" in reply.last_words
    assert small.month().unknown


async def test_a_stream_without_a_byte_is_a_plain_error(small: SmallGate) -> None:
    for parts in ([], [RESET]):
        result, reply = await run(small, FakeAnswer(parts=list(parts)))
        assert isinstance(result, Refusal)
        assert result.code is RefusalCode.UPSTREAM_BROKEN
        assert not reply.started


@pytest.mark.parametrize(
    ("status", "billed"),
    [
        (301, False),
        (307, False),
        (308, False),
        (302, True),
        (303, True),
        (204, True),
        (600, True),
        (999, True),
    ],
)
async def test_what_is_no_answer_is_refused_and_counts_unless_nothing_was_done(
    status: int, billed: bool, small: SmallGate
) -> None:
    answer = whole({}, status)
    result, _ = await run(small, answer)
    assert isinstance(result, Refusal)
    assert str(status) in result.message
    assert answer.aborted
    assert bool(small.month().unknown) is billed
    assert small.month().spent == small.month().held == ZERO


async def test_a_page_is_not_passed_on(small: SmallGate) -> None:
    page = FakeAnswer(headers={"content-type": "text/html"}, parts=[b"<html>log in"])
    result, reply = await run(small, page)
    assert isinstance(result, Refusal)
    assert "text/html" in result.message
    assert not reply.started
    assert small.month().unknown


async def test_an_answer_that_is_not_whole_json_is_refused(small: SmallGate) -> None:
    answer = whole({})
    answer.parts = [b'{"choices": [{"index": 0']
    result, _ = await run(small, answer, stream=False)
    assert isinstance(result, Refusal)
    assert small.month().unknown


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("cut", [0, 20])
async def test_json_that_is_called_events_is_passed_on_as_json(
    stream: bool, cut: int, small: SmallGate
) -> None:
    body = b' \n{"choices": [{"index": 0, "finish_reason": "stop"}]}'
    answer = whole({})
    answer.parts = [body[:cut], body[cut:]] if cut else [body]
    answer.headers = {"content-type": "text/event-stream; charset=utf-8"}
    result, reply = await run(small, answer, stream=stream)
    headers = reply.headers if stream else result.headers
    assert headers["content-type"] == "application/json"
    assert (b"".join(reply.written) if stream else result.body) == body


async def test_an_answer_past_its_limit_is_cut_off(small: SmallGate) -> None:
    limit = small.gate.settings.body_limit
    answer = whole({})
    answer.parts = [b"{" + b" " * limit, b" "]
    result, _ = await run(small, answer, stream=False)
    assert isinstance(result, Refusal)
    assert "larger than" in result.message
    assert answer.aborted
    assert small.month().unknown


async def test_a_providers_error_passes_as_it_is(small: SmallGate) -> None:
    answer = whole({"error": {"message": "no"}}, 422)
    result, _ = await run(small, answer)
    assert isinstance(result, Whole)
    assert result.body == answer.parts[0]
    assert answer.released
    assert small.month().unknown == ZERO


async def test_the_first_byte_and_the_date_are_noted(
    small: SmallGate, clock: FakeClock
) -> None:
    gate = small.gate
    clock.ms += 40 * 86_400_000
    assert gate.clock.now_ms() != clock.ms
    headers = {
        "content-type": "text/event-stream",
        "date": "Sat, 28 Nov 2026 11:06:40 GMT",
    }
    answer = FakeAnswer(headers=headers, parts=[FINISH, USAGE, DONE])
    started = asyncio.Event()
    answer.parts.insert(0, started)
    exchange, _ = small.exchange(ask())
    small.upstream.script = [answer]
    task = asyncio.ensure_future(exchange.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    (flight,) = gate.flights.all()
    assert flight.first_byte == clock.monotonic()
    started.set()
    await task
    # That date is not ours, so it confirms nothing.
    assert gate.clock.now_ms() != clock.ms


def test_events_may_follow_events_only() -> None:
    def kind(text: str) -> bool:
        answer: Any = FakeAnswer(headers={"content-type": text})
        return is_event_stream(answer)

    assert kind("text/event-stream; charset=utf-8")
    assert not kind("application/json")
