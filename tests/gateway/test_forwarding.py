"""Bytes on their way: nothing added, nothing kept back, nothing read in vain."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.core.faults import FaultKind, UpstreamError
from faregate.gateway.flights import FlightState
from faregate.gateway.forwarding import (
    Delivered,
    StreamRelay,
    Unusable,
    read_whole,
    truncated,
)
from faregate.protocols.codec import Answer, StreamMeter
from faregate.protocols.dialects import AnswerForm
from faregate.protocols.registry import codec_for
from faregate.protocols.translation.table import DIALECTS
from faregate.protocols.translation.translator import Translation
from tests.gateway.building import FakeClock
from tests.gateway.gates import (
    DONE,
    FINISH,
    USAGE,
    FakeAnswer,
    FakeReply,
    delta,
    whole,
)
from tests.gateway.test_watchdog import flight

FOUND = codec_for("POST", "/v1/chat/completions")
assert FOUND is not None
CODEC = FOUND[0]
TRANSLATION = Translation(
    client=DIALECTS["anthropic_messages"],
    provider=DIALECTS[CODEC.name],
    body=b"",
    losses=frozenset(),
    form=AnswerForm(request_id="r", model="m", created=1),
)
SAID = b'{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}'


async def read(*parts: bytes, **more: Any) -> Delivered | Unusable:
    answer: Any = whole({})
    answer.parts = list(parts)
    heard: list[int] = []
    outcome = await read_whole(
        answer,
        CODEC,
        provider="p",
        flags=frozenset(),
        limit=more.get("limit", 10_000_000),
        heard=lambda: heard.append(1),
    )
    assert len(heard) == len(parts)
    return outcome


@pytest.mark.parametrize(
    "before", [b"", b"\n" * 100_000, b"\xef\xbb\xbf", b"\r\n \t\xef\xbb\xbf\n"]
)
async def test_an_answer_may_begin_with_nothing(before: bytes) -> None:
    outcome = await read(before, SAID)
    assert isinstance(outcome, Delivered)
    assert outcome.whole.body == before + SAID


async def test_a_flood_of_blanks_is_refused_without_a_stall() -> None:
    outcome = await read(b" " * 8_000_000)
    assert isinstance(outcome, Unusable)


@pytest.mark.parametrize("body", [b"<html>", b"hello", b"\x1f\x8b\x08", b"", b"42"])
async def test_what_is_not_json_is_no_answer(body: bytes) -> None:
    outcome = await read(body)
    assert isinstance(outcome, Unusable)
    assert not outcome.unbilled


async def test_events_where_json_was_asked_for_are_passed_on() -> None:
    body = delta("hi") + FINISH + USAGE + DONE
    outcome = await read(body)
    assert isinstance(outcome, Delivered)
    assert outcome.answer.usage is not None
    assert outcome.whole.body == body


async def test_the_limit_counts_all_parts() -> None:
    with pytest.raises(UpstreamError) as raised:
        await read(b"{" + b" " * 50, b" " * 50, limit=100)
    assert raised.value.kind is FaultKind.TOO_LARGE


async def at_once(body: bytes, *, limit: int = 1000) -> Delivered | Unusable:
    """Read an answer whose body came with its head."""
    answer: Any = whole({})
    answer.parts, answer.at_once = [ValueError("it was read")], body
    heard: list[int] = []
    outcome = await read_whole(
        answer,
        CODEC,
        provider="p",
        flags=frozenset(),
        limit=limit,
        heard=lambda: heard.append(1),
    )
    assert (len(heard), answer.released) == (1, True)
    return outcome


async def test_a_body_that_came_with_its_head_is_not_waited_for() -> None:
    outcome = await at_once(SAID)
    assert isinstance(outcome, Delivered)
    assert outcome.whole.body == SAID
    assert isinstance(await at_once(b"hello"), Unusable)


async def test_the_limit_counts_for_it_as_well() -> None:
    with pytest.raises(UpstreamError) as raised:
        await at_once(SAID, limit=len(SAID) - 1)
    assert raised.value.kind is FaultKind.TOO_LARGE


class Relayed:
    """A relay, and both its ends."""

    def __init__(self, *, strip: bool = False, translated: bool = False) -> None:
        self.reply = FakeReply()
        self.flight = flight(FlightState.STREAMING)
        self.lost = 0
        meter: StreamMeter = CODEC.meter(strip_usage=strip, flags=frozenset())
        if translated:
            meter = TRANSLATION.meter(meter)
        reply: Any = self.reply
        self.relay = StreamRelay(
            meter=meter,
            reply=reply,
            flight=self.flight,
            clock=FakeClock(),
            lost=self.lose,
        )

    def lose(self) -> None:
        self.lost += 1

    async def run(self, *parts: Any) -> FakeAnswer:
        answer: Any = FakeAnswer(parts=list(parts))
        await self.relay.run(answer)
        made: FakeAnswer = answer
        return made


async def test_chunks_are_passed_on_as_they_came() -> None:
    made = Relayed()
    parts = (delta("a"), delta("b")[:9], delta("b")[9:], FINISH + USAGE, DONE)
    answer = await made.run(*parts)
    assert made.reply.written == list(parts)
    assert made.reply.status == 200
    assert answer.released
    assert made.flight.output_bytes == sum(map(len, parts))
    assert made.flight.writing_since is None


async def test_usage_that_nobody_asked_for_is_taken_out() -> None:
    made = Relayed(strip=True)
    await made.run(delta("a"), FINISH, USAGE[:30], USAGE[30:], DONE)
    assert b"".join(made.reply.written) == delta("a") + FINISH + DONE
    assert made.relay.answer().usage is not None


async def test_a_translated_stream_that_ends_inside_an_event_is_broken() -> None:
    made = Relayed(translated=True)
    with pytest.raises(UpstreamError) as raised:
        await made.run(delta("a"), delta("b")[:20])
    assert raised.value.kind is FaultKind.MALFORMED
    assert made.relay.broken
    assert b'"text":"a"' in b"".join(made.reply.written)


async def test_the_reply_starts_with_the_first_byte() -> None:
    made = Relayed()
    broken = UpstreamError(FaultKind.RESET, "gone", sent=True)
    with pytest.raises(UpstreamError):
        await made.run(broken)
    assert not made.reply.started


async def test_a_client_that_is_gone_is_not_written_to() -> None:
    made = Relayed()
    made.relay.client_gone()
    answer = await made.run(delta("a"), FINISH, USAGE, DONE, delta("never read"))
    assert made.reply.written == []
    assert not made.reply.started
    assert answer.aborted
    assert made.relay.ended


async def test_a_client_that_goes_is_noticed_once() -> None:
    made = Relayed()
    made.reply.gone = True
    await made.run(delta("a"), delta("b"), FINISH, USAGE, DONE)
    assert made.lost == 1


async def test_one_endless_event_is_given_up() -> None:
    made = Relayed()
    with pytest.raises(UpstreamError) as raised:
        await made.run(b"data: ", *(b"x" * 2**20 for _ in range(17)))
    assert raised.value.kind is FaultKind.TOO_LARGE


def test_an_answer_is_whole_when_something_says_so() -> None:
    assert truncated(Answer())
    assert not truncated(Answer(complete=True))
    assert not truncated(Answer(error="overloaded"))
