"""The moments at which an exchange can be interrupted, one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faregate.core.capabilities import Capabilities
from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.holds import LedgerError
from faregate.core.money import ZERO, Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.exchange import Exchange
from faregate.gateway.flights import FlightState
from faregate.gateway.settings import GateSettings, Patience
from tests.gateway.building import CountingLedger, FakeClock, open_ledger, turn
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

TOLD = Refusal(code=RefusalCode.STOPPED, message="a person stopped it")
ANSWER = {
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 100},
}


@pytest.fixture
def small(ledger: CountingLedger, clock: FakeClock) -> SmallGate:
    return SmallGate(ledger, clock, GateSettings(patience=Patience(last_words=0.01)))


def start(exchange: Exchange) -> asyncio.Task[Any]:
    return asyncio.ensure_future(exchange.run())


def ends(small: SmallGate) -> dict[str, int]:
    """How often a hold was ended, by how."""
    names = ("settle", "void", "mark_unknown")
    return {name: small.ledger.calls[name] for name in names}


SETTLED = {"settle": 1, "void": 0, "mark_unknown": 0}
VOIDED = {"settle": 0, "void": 1, "mark_unknown": 0}
UNKNOWN = {"settle": 0, "void": 0, "mark_unknown": 1}
NEVER = {"settle": 0, "void": 0, "mark_unknown": 0}


async def test_an_answer_is_settled_once(small: SmallGate) -> None:
    exchange, reply = small.exchange(ask())
    small.upstream.script = [FakeAnswer(parts=[delta("hi"), FINISH, USAGE, DONE])]
    assert await exchange.run() is None
    assert b"".join(reply.written) == delta("hi") + FINISH + USAGE + DONE
    assert reply.last_words is None
    assert ends(small) == SETTLED
    assert small.month().spent == COST
    assert len(small.gate.flights) == 0


async def test_a_client_that_left_before_anything_began_costs_nothing(
    small: SmallGate,
) -> None:
    exchange, _ = small.exchange(ask())
    exchange.client_gone()
    await exchange.run()
    assert not small.upstream.sent
    assert small.ledger.calls["hold"] == 0


async def test_a_client_that_leaves_while_connecting_ends_it_unbilled(
    small: SmallGate,
) -> None:
    exchange, _ = small.exchange(ask())
    small.upstream.connecting = True
    small.upstream.script = [asyncio.Event()]
    task = start(exchange)
    await turn()
    assert small.month().held
    exchange.client_gone()
    await task
    assert ends(small) == VOIDED
    assert small.kinds() == []


async def test_a_client_that_leaves_once_it_is_sent_is_drained(
    small: SmallGate,
) -> None:
    exchange, reply = small.exchange(ask())
    answered = asyncio.Event()
    answer = FakeAnswer(parts=[delta("hi"), FINISH, USAGE, DONE])
    small.upstream.script = [answered, answer]
    task = start(exchange)
    await turn()
    exchange.client_gone()
    exchange.client_gone()
    (flight,) = small.gate.flights.all()
    assert flight.state is FlightState.DRAINING
    answered.set()
    await task
    assert ends(small) == SETTLED
    assert small.month().spent == COST
    assert not reply.started
    # The rest is not read for nobody.
    assert answer.aborted


@pytest.mark.parametrize("bursts", [True, False])
async def test_a_stream_in_one_piece_is_waited_for_like_a_whole_answer(
    small: SmallGate, bursts: bool
) -> None:
    shown = {("p/m", "openai_chat"): Capabilities(bursts=bursts)}
    small.gate.planner.tested.take(shown)
    exchange, reply = small.exchange(ask())
    answered = asyncio.Event()
    answer = FakeAnswer(parts=[delta("hi"), FINISH, USAGE, DONE])
    small.upstream.script = [answered, answer]
    task = start(exchange)
    await turn()
    (flight,) = small.gate.flights.all()
    assert flight.stream is not bursts
    answered.set()
    await task
    # What the agent gets is a stream in both cases.
    assert b"".join(reply.written).endswith(DONE)


async def test_when_the_drain_is_over_the_hold_is_unknown(small: SmallGate) -> None:
    exchange, _ = small.exchange(ask())
    answer = FakeAnswer(parts=[delta("hi"), asyncio.Event()])
    small.upstream.script = [answer]
    task = start(exchange)
    await turn(6)
    exchange.client_gone()
    await turn()
    exchange.give_up(TOLD)
    await task
    assert ends(small) == UNKNOWN
    assert answer.aborted
    assert small.month().unknown > Money.usd("0.10")


async def test_a_client_that_leaves_after_the_last_event_ends_it_at_once(
    small: SmallGate,
) -> None:
    exchange, _ = small.exchange(ask())
    lingering = FakeAnswer(parts=[FINISH, USAGE, DONE, asyncio.Event()])
    small.upstream.script = [lingering]
    task = start(exchange)
    await turn(10)
    assert not task.done()
    exchange.client_gone()
    await task
    assert ends(small) == SETTLED
    assert small.month().spent == COST
    assert lingering.aborted


async def test_what_is_given_up_ends_with_its_reason(small: SmallGate) -> None:
    exchange, reply = small.exchange(ask())
    small.upstream.script = [FakeAnswer(parts=[delta("hi"), asyncio.Event()])]
    task = start(exchange)
    await turn(6)
    exchange.give_up(TOLD)
    assert await task is None
    assert reply.last_words is not None
    assert b"a person stopped it" in reply.last_words
    assert ends(small) == UNKNOWN


async def test_before_its_first_byte_the_reason_is_a_plain_answer(
    small: SmallGate,
) -> None:
    exchange, reply = small.exchange(ask())
    small.upstream.script = [FakeAnswer(parts=[asyncio.Event()])]
    task = start(exchange)
    await turn(6)
    exchange.give_up(TOLD)
    assert await task is TOLD
    assert not reply.started


async def test_given_up_twice_it_ends_once_and_with_the_first_reason(
    small: SmallGate,
) -> None:
    exchange, reply = small.exchange(ask())
    small.upstream.script = [FakeAnswer(parts=[delta("hi"), asyncio.Event()])]
    task = start(exchange)
    await turn(6)
    reply.reading.clear()
    exchange.give_up(TOLD)
    await turn()
    # Now it waits for a client that takes no last words.
    exchange.give_up(Refusal(code=RefusalCode.INTERNAL, message="another reason"))
    assert await task is None
    assert reply.aborted
    assert reply.last_words is None
    assert ends(small) == UNKNOWN


async def test_given_up_after_the_settlement_nothing_is_booked_again(
    small: SmallGate,
) -> None:
    """The answer was whole, and only its client is slow to take the rest."""
    exchange, _ = small.exchange(ask(stream=False))
    small.upstream.script = [whole(ANSWER)]
    task = start(exchange)
    result = await task
    exchange.give_up(TOLD)
    exchange.client_gone()
    await turn()
    assert result.status == 200
    assert ends(small) == SETTLED


async def test_cancelled_from_outside_it_books_and_lets_go(small: SmallGate) -> None:
    exchange, _ = small.exchange(ask())
    answer = FakeAnswer(parts=[delta("hi"), asyncio.Event()])
    small.upstream.script = [answer]
    task = start(exchange)
    await turn(6)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ends(small) == UNKNOWN
    assert answer.aborted
    assert len(small.gate.flights) == 0


async def test_a_whole_answer_is_not_left_unread_on_its_connection(
    small: SmallGate,
) -> None:
    exchange, _ = small.exchange(ask(stream=False))
    answer = whole(ANSWER)
    answer.parts.insert(0, asyncio.Event())
    small.upstream.script = [answer]
    task = start(exchange)
    await turn(6)
    exchange.give_up(TOLD)
    assert await task is TOLD
    assert answer.aborted
    assert ends(small) == UNKNOWN


async def test_a_client_lost_while_writing_is_drained(small: SmallGate) -> None:
    exchange, reply = small.exchange(ask())
    reply.gone = True
    small.upstream.script = [FakeAnswer(parts=[delta("hi"), FINISH, USAGE, DONE])]
    await exchange.run()
    assert ends(small) == SETTLED
    assert small.month().spent == COST


@pytest.mark.parametrize(
    "parts",
    [
        [delta("hi"), RuntimeError("a bug")],
        [delta("hi"), FINISH, ValueError("another")],
    ],
)
async def test_a_bug_in_the_middle_of_a_stream_keeps_the_hold(
    parts: list[Any], small: SmallGate, caplog: pytest.LogCaptureFixture
) -> None:
    exchange, reply = small.exchange(ask())
    answer = FakeAnswer(parts=parts)
    small.upstream.script = [answer]
    assert await exchange.run() is None
    assert reply.last_words is not None
    assert b"Faregate failed on request req_1" in reply.last_words
    assert ends(small) == UNKNOWN
    assert answer.aborted
    assert "request req_1 failed" in caplog.text


async def test_a_bug_before_the_answer_is_a_refusal_and_keeps_the_hold(
    small: SmallGate, caplog: pytest.LogCaptureFixture
) -> None:
    exchange, _ = small.exchange(ask())
    small.upstream.script = [RuntimeError("a bug")]
    result = await exchange.run()
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.INTERNAL
    assert ends(small) == UNKNOWN
    assert "a bug" in caplog.text


async def test_a_ledger_that_cannot_book_the_end_does_not_spoil_the_answer(
    small: SmallGate,
) -> None:
    exchange, _ = small.exchange(ask(stream=False))
    small.upstream.script = [whole(ANSWER)]
    gone = LedgerError("the disk is gone")
    small.ledger.failing = {"settle": gone, "mark_unknown": gone, "void": gone}
    result = await exchange.run()
    assert getattr(result, "status", None) == 200
    assert small.month().held > ZERO
    assert "ledger" in small.kinds()


async def test_a_stale_connection_is_replaced_under_the_same_hold(
    small: SmallGate,
) -> None:
    exchange, _ = small.exchange(ask())
    stale = UpstreamError(FaultKind.RESET, "closed", sent=False, reused=True)
    small.upstream.script = [stale, FakeAnswer(parts=[FINISH, USAGE, DONE])]
    await exchange.run()
    assert small.upstream.fresh == [False, True]
    assert small.ledger.calls["hold"] == 1
    assert ends(small) == SETTLED


async def test_what_may_have_been_taken_is_never_sent_twice(small: SmallGate) -> None:
    exchange, _ = small.exchange(ask())
    small.upstream.script = [
        UpstreamError(FaultKind.RESET, "closed", sent=True, reused=True)
    ]
    result = await exchange.run()
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.UPSTREAM_BROKEN
    assert len(small.upstream.sent) == 1
    assert ends(small) == UNKNOWN


async def test_a_client_that_left_is_not_sent_a_second_attempt(
    small: SmallGate,
) -> None:
    exchange, _ = small.exchange(ask(stream=False) | {"max_tokens": None})
    answered = asyncio.Event()
    error = {"error": {"message": "max_tokens is too large, at most 4096 tokens"}}
    small.upstream.script = [answered, whole(error, 400)]
    task = start(exchange)
    await turn()
    exchange.client_gone()
    answered.set()
    await task
    assert len(small.upstream.sent) == 1
    assert ends(small) == VOIDED


async def test_waiting_and_connecting_are_seen_from_outside(
    small: SmallGate,
) -> None:
    first, _ = small.exchange(ask(max_tokens=90_000))
    answered = asyncio.Event()
    small.upstream.script = [answered, FakeAnswer(parts=[FINISH, USAGE, DONE])]
    running = start(first)
    await turn()
    second, _ = small.exchange(ask(max_tokens=90_000))
    waiting = start(second)
    await turn()
    states = [flight.state for flight in small.gate.flights.all()]
    assert states == [FlightState.CONNECTING, FlightState.WAITING]
    assert small.gate.flights.waiting == 1
    second.client_gone()
    await waiting
    answered.set()
    await running
    assert small.ledger.calls["hold"] == 2
    assert ends(small) == SETTLED


@pytest.fixture
def broken(tmp_path: Path, clock: FakeClock) -> Iterator[CountingLedger]:
    with open_ledger(tmp_path / "broken", clock) as ledger:
        ledger.failing["hold"] = LedgerError("no")
        yield ledger


async def test_a_refused_hold_sends_nothing_and_is_told(
    broken: CountingLedger, clock: FakeClock
) -> None:
    small = SmallGate(broken, clock)
    exchange, _ = small.exchange(ask())
    result = await exchange.run()
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.LEDGER_UNAVAILABLE
    assert not small.upstream.sent
    assert small.kinds() == ["refused"]
