"""Who is asked after whom: repeats, fallbacks, and when nobody is asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from faregate.core.circuit_breaker import BreakerState
from faregate.core.model_facts import ModelFacts
from faregate.core.money import ZERO
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.retrying import RepeatPaid
from faregate.gateway.inbound import Whole
from tests.gateway.building import CountingLedger, FakeClock, turn
from tests.gateway.fallbacks import (
    GOOD,
    RETRIES,
    A,
    B,
    booked,
    gate_with,
    lost,
    run,
    said,
)
from tests.gateway.gates import (
    FakeAnswer,
    SmallGate,
    ask,
)


@pytest.fixture
def gate(ledger: CountingLedger, clock: FakeClock) -> SmallGate:
    return gate_with(ledger, clock)


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
    # Its session is known all the same.
    assert gate.ledger.calls["record_refusal"] == 1


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


async def test_a_named_target_is_asked_again_where_that_is_configured(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, retries=replace(RETRIES, direct=2))
    exchange, reply = gate.exchange(ask("p/m"))
    gate.upstream.script = [lost(sent=False), FakeAnswer(parts=[*GOOD])]
    assert await exchange.run() is None
    assert b"".join(reply.written) == b"".join(GOOD)
    assert booked(gate, "route, cause, first_attempt") == [
        (None, None, 1),
        (None, "retry:connect", 0),
    ]
    exchange, _ = gate.exchange(ask("p/m"))
    gate.upstream.script = [lost(sent=False), lost(sent=False)]
    result = await exchange.run()
    assert isinstance(result, Refusal)
    assert result.final
