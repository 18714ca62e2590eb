"""What follows a failed attempt, and what its client and the ledger get."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from faregate.core.circuit_breaker import BreakerPolicy, BreakerState
from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.model_facts import ModelFacts
from faregate.core.money import ZERO, Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.retrying import RepeatPaid, RetryPolicy
from faregate.gateway.inbound import Whole
from faregate.gateway.settings import GateSettings, Patience
from tests.gateway.building import CountingLedger, FakeClock, turn
from tests.gateway.gates import (
    COST,
    DONE,
    FINISH,
    SPEC,
    USAGE,
    FakeAnswer,
    SmallGate,
    ask,
    delta,
    event,
    route,
    row,
    whole,
)

GOOD = [delta("hi"), FINISH, USAGE, DONE]
WHOLE = {
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 100},
}
ERROR = event({"error": {"message": "Overloaded", "code": "529"}})
ROLE = event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})
RETRIES = RetryPolicy(base=0.0, first_event=0.05, whole=0.05)
A, B, C = "p/m", "q/m", "o/m"


def gate_with(
    ledger: CountingLedger,
    clock: FakeClock,
    *,
    retries: RetryPolicy = RETRIES,
    targets: tuple[str, ...] = (A, B, C),
    **more: Any,
) -> SmallGate:
    settings = GateSettings(
        retries=retries,
        patience=Patience(last_words=0.01),
        breaker=BreakerPolicy(samples=3),
    )
    return SmallGate(
        ledger,
        clock,
        settings,
        specs=(replace(SPEC, name="q"),),
        rows=(row("q"),),
        routes=(route(*targets),),
        **more,
    )


@pytest.fixture
def gate(ledger: CountingLedger, clock: FakeClock) -> SmallGate:
    return gate_with(ledger, clock)


def said(status: int, message: str = "x", **headers: str) -> FakeAnswer:
    answer = whole({"error": {"message": message}}, status)
    return replace(answer, headers={**answer.headers, **headers})


def lost(*, sent: bool) -> UpstreamError:
    kind = FaultKind.RESET if sent else FaultKind.CONNECT
    return UpstreamError(kind, "it broke", sent=sent)


def booked(gate: SmallGate, columns: str) -> list[tuple[Any, ...]]:
    """What the ledger keeps of each attempt, in order."""
    found = gate.ledger.ledger._parts.connection.execute(
        f"SELECT {columns} FROM attempt ORDER BY id"
    )
    return list(found)


async def run(
    gate: SmallGate, *script: Any, stream: bool = True, **more: Any
) -> tuple[Any, Any]:
    exchange, reply = gate.exchange(ask("r", stream=stream, **more))
    gate.upstream.script = list(script)
    return await exchange.run(), reply


@pytest.mark.parametrize(
    "first",
    [
        lost(sent=False),
        said(429),
        said(429, "insufficient_quota"),
        said(401),
        said(403),
        said(404, "model m does not exist"),
    ],
    ids=["connect", "429", "quota", "401", "403", "gone"],
)
async def test_what_cost_nothing_falls_back_and_is_given_back(
    gate: SmallGate, first: Any
) -> None:
    result, reply = await run(gate, first, FakeAnswer(parts=[*GOOD]))
    assert result is None
    assert b"".join(reply.written) == b"".join(GOOD)
    assert len(gate.upstream.sent) == 2
    month = gate.month()
    assert (month.spent, month.held, month.unknown) == (COST, ZERO, ZERO)
    assert "fallback" in gate.kinds()


@pytest.mark.parametrize(
    "first",
    [
        lost(sent=True),
        said(500),
        FakeAnswer(parts=[ERROR]),
        FakeAnswer(parts=[ROLE, ERROR, DONE]),
        FakeAnswer(parts=[ROLE]),
        FakeAnswer(parts=[]),
        FakeAnswer(parts=[ROLE, lost(sent=True)]),
        FakeAnswer(headers={"content-type": "text/html"}, parts=[b"<html>"]),
        FakeAnswer(parts=[asyncio.Event()]),
        FakeAnswer(parts=[ROLE, asyncio.Event()]),
    ],
    ids=[
        "reset",
        "500",
        "error first",
        "error after the role",
        "cut",
        "empty",
        "broken",
        "html",
        "hang",
        "hang after the role",
    ],
)
async def test_what_may_have_cost_something_falls_back_and_stays_held(
    gate: SmallGate, first: Any
) -> None:
    result, reply = await run(gate, first, FakeAnswer(parts=[*GOOD]))
    assert result is None
    assert b"".join(reply.written) == b"".join(GOOD)
    month = gate.month()
    assert month.spent == COST
    assert month.held == ZERO
    # The hold of the first one: ten thousand tokens of output and a little input.
    assert month.unknown > Money.usd("0.10")


async def test_a_stream_that_hangs_before_its_headers_falls_back(
    gate: SmallGate,
) -> None:
    exchange, _ = gate.exchange(ask("r"))
    gate.upstream.script = [asyncio.Event()]
    task = asyncio.ensure_future(exchange.run())
    await turn(10)
    gate.upstream.script = [FakeAnswer(parts=[*GOOD])]
    assert await task is None
    assert len(gate.upstream.sent) == 2
    assert gate.month().unknown > ZERO


async def test_once_a_byte_went_out_nothing_is_tried_again(gate: SmallGate) -> None:
    broken = FakeAnswer(parts=[delta("hi"), lost(sent=True)])
    result, reply = await run(gate, broken, FakeAnswer(parts=[*GOOD]))
    assert result is None
    assert reply.written == [delta("hi")]
    assert reply.last_words is not None
    assert len(gate.upstream.sent) == 1


async def test_an_error_after_output_is_passed_on_as_it_is(gate: SmallGate) -> None:
    result, reply = await run(gate, FakeAnswer(parts=[delta("hi"), ERROR]))
    assert result is None
    assert reply.written == [delta("hi"), ERROR]
    assert len(gate.upstream.sent) == 1


async def test_nothing_is_withheld_once_the_answer_began(gate: SmallGate) -> None:
    pause = asyncio.Event()
    answer = FakeAnswer(parts=[ROLE, delta("hi"), pause, FINISH, USAGE, DONE])
    exchange, reply = gate.exchange(ask("r"))
    gate.upstream.script = [answer]
    task = asyncio.ensure_future(exchange.run())
    await turn(10)
    assert b"".join(reply.written) == ROLE + delta("hi")
    # Long after the patience for its beginning is over, it is still read.
    await asyncio.sleep(0.1)
    pause.set()
    await task
    assert b"".join(reply.written) == ROLE + b"".join(GOOD)


async def test_the_request_has_one_budget_of_attempts(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, retries=replace(RETRIES, attempts=2))
    result, _ = await run(gate, said(429), said(503), FakeAnswer(parts=[*GOOD]))
    assert isinstance(result, Whole)
    assert result.status == 503
    assert len(gate.upstream.sent) == 2


async def test_after_our_own_attempts_the_client_shall_not_try_again(
    gate: SmallGate,
) -> None:
    result, _ = await run(gate, said(429), said(429), said(429, **{"retry-after": "3"}))
    assert isinstance(result, Whole)
    assert (result.status, result.headers["x-should-retry"]) == (429, "false")
    assert result.headers["retry-after"] == "3"
    gate.clock.pass_by(5)
    result, _ = await run(gate, *[lost(sent=False)] * 3)
    assert isinstance(result, Refusal)
    assert result.final


async def test_after_one_attempt_the_providers_answer_is_not_touched(
    gate: SmallGate,
) -> None:
    result, _ = await run(gate, said(400, "no such field"))
    assert isinstance(result, Whole)
    assert "x-should-retry" not in result.headers
    assert len(gate.upstream.sent) == 1


async def test_the_last_error_in_a_stream_is_passed_on_as_it_came(
    gate: SmallGate,
) -> None:
    result, reply = await run(gate, *[FakeAnswer(parts=[ERROR]) for _ in range(3)])
    assert result is None
    assert reply.status == 200
    assert reply.written == [ERROR]


async def test_whole_answers_fall_back_too(gate: SmallGate) -> None:
    result, _ = await run(gate, said(429), whole(WHOLE), stream=False)
    assert isinstance(result, Whole)
    assert result.status == 200
    assert gate.month().spent == COST


async def test_an_error_inside_a_whole_answer_falls_back(gate: SmallGate) -> None:
    bad = whole({"error": {"message": "insufficient balance", "code": 1008}})
    result, _ = await run(gate, bad, whole(WHOLE), stream=False)
    assert isinstance(result, Whole)
    assert result.status == 200


async def test_a_whole_answer_that_does_not_come_falls_back(gate: SmallGate) -> None:
    hanging = whole(WHOLE)
    hanging.parts.insert(0, asyncio.Event())
    result, _ = await run(gate, hanging, whole(WHOLE), stream=False)
    assert isinstance(result, Whole)
    assert result.status == 200
    assert hanging.aborted


async def test_paid_work_is_not_repeated_where_that_is_forbidden(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    never = replace(RETRIES, repeat_paid=RepeatPaid.NEVER)
    gate = gate_with(ledger, clock, retries=never)
    result, _ = await run(gate, lost(sent=True), FakeAnswer(parts=[*GOOD]))
    assert isinstance(result, Refusal)
    assert len(gate.upstream.sent) == 1
    # What is proven free is tried elsewhere all the same.
    result, _ = await run(gate, lost(sent=False), FakeAnswer(parts=[*GOOD]))
    assert result is None


async def test_a_route_of_one_target_asks_it_again_where_nothing_was_billed(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, targets=(A,))
    result, _ = await run(gate, lost(sent=False), FakeAnswer(parts=[*GOOD]))
    assert result is None
    assert "retry" in gate.kinds()
    result, _ = await run(gate, lost(sent=True), FakeAnswer(parts=[*GOOD]))
    assert isinstance(result, Refusal)


async def test_a_provider_that_asks_for_a_long_wait_is_not_asked_again(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, targets=(A,))
    result, _ = await run(gate, said(429, **{"retry-after": "3600"}))
    assert isinstance(result, Whole)
    assert result.headers["retry-after"] == "60"
    assert len(gate.upstream.sent) == 1


async def test_a_named_target_is_asked_once_and_never_left(gate: SmallGate) -> None:
    exchange, _ = gate.exchange(ask("p/m"))
    gate.upstream.script = [said(429)]
    result = await exchange.run()
    assert isinstance(result, Whole)
    assert result.status == 429
    assert "x-should-retry" not in result.headers


async def test_a_callers_own_key_never_goes_to_another_provider(
    gate: SmallGate,
) -> None:
    exchange, _ = gate.exchange(ask("r"), grant=None)
    gate.upstream.script = [said(429)]
    result = await exchange.run()
    assert isinstance(result, Whole)
    assert len(gate.upstream.sent) == 1
    # And what it met says nothing about the gate's own key.
    assert gate.gate.health.state("p", gate.clock.monotonic()) is None


async def test_a_broken_target_is_left_out_until_a_probe_works(
    gate: SmallGate,
) -> None:
    for _ in range(3):
        await run(gate, said(503), FakeAnswer(parts=[*GOOD]))
    now = gate.clock.monotonic()
    assert gate.gate.health.state("p", now) is BreakerState.OPEN
    gate.upstream.sent.clear()
    result, _ = await run(gate, FakeAnswer(parts=[*GOOD]))
    assert result is None
    assert len(gate.upstream.sent) == 1
    # The session stays elsewhere until its prompt cache is cold.
    gate.clock.pass_by(301)
    await run(gate, FakeAnswer(parts=[*GOOD]))
    assert gate.gate.health.state("p", gate.clock.monotonic()) is BreakerState.CLOSED


async def test_a_target_without_another_rests_when_nothing_works_there(
    gate: SmallGate,
) -> None:
    for _ in range(3):
        exchange, _ = gate.exchange(ask("p/m"))
        gate.upstream.script = [said(503)]
        await exchange.run()
    exchange, _ = gate.exchange(ask("p/m"))
    result = await exchange.run()
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.PROVIDER_RESTING
    assert result.retry_after is not None
    assert 1 <= result.retry_after <= 12
    assert len(gate.upstream.sent) == 3


async def test_where_the_money_for_another_target_is_missing_the_failure_stands(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, limit="0.15", targets=(A, B))
    result, _ = await run(gate, said(500), FakeAnswer(parts=[*GOOD]))
    assert isinstance(result, Whole)
    assert result.status == 500
    assert len(gate.upstream.sent) == 1


async def test_a_client_that_leaves_between_two_attempts_ends_it(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    slow = replace(RETRIES, base=0.0)
    gate = gate_with(ledger, clock, retries=slow, targets=(A,))
    exchange, _ = gate.exchange(ask("r"))
    gate.upstream.script = [said(429, **{"retry-after": "9"})]
    task = asyncio.ensure_future(exchange.run())
    await turn(20)
    assert not task.done()
    exchange.client_gone()
    await task
    assert len(gate.upstream.sent) == 1
    assert gate.month().held == ZERO
    assert len(gate.gate.flights) == 0


async def test_what_another_target_does_not_take_does_not_hide_the_first_failure(
    gate: SmallGate,
) -> None:
    result, _ = await run(gate, said(429), said(400, "unknown field"))
    assert isinstance(result, Whole)
    assert result.status == 429


async def test_a_longer_window_is_asked_for_a_request_that_is_too_long(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(
        ledger,
        clock,
        facts={
            ("p", "m"): ModelFacts(context=1000),
            ("q", "m"): ModelFacts(context=500),
            ("o", "m"): ModelFacts(context=200_000),
        },
    )
    result, _ = await run(
        gate, said(400, "prompt is too long"), FakeAnswer(parts=[*GOOD])
    )
    assert result is None
    assert [event.text for event in gate.gate.events.since(0)][-1].count("o/m") == 1


async def test_every_attempt_is_told_to_the_ledger_with_its_route_and_cause(
    gate: SmallGate,
) -> None:
    await run(gate, said(429), FakeAnswer(parts=[*GOOD]))
    columns = "request, route, cause, first_attempt, waste"
    assert booked(gate, columns) == [
        ("req_1", "r", None, 1, "rate_limit"),
        ("req_1", "r", "fallback:rate_limit", 0, None),
    ]


async def test_money_for_an_answer_that_nobody_got_is_booked_as_lost(
    gate: SmallGate,
) -> None:
    paid = FakeAnswer(parts=[ROLE, USAGE, ERROR, DONE])
    await run(gate, paid, FakeAnswer(parts=[*GOOD]))
    found = booked(gate, "cost, wasted, waste")
    assert found == [(COST.pico, 1, "overloaded"), (COST.pico, 0, None)]
