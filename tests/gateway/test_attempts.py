"""What follows a failed attempt, and what its client and the ledger get."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from faregate.core.money import ZERO, Money
from faregate.core.refusal import Refusal
from faregate.gateway.inbound import Whole
from tests.gateway.building import CountingLedger, FakeClock, turn
from tests.gateway.fallbacks import (
    ERROR,
    GOOD,
    HASTY,
    RETRIES,
    ROLE,
    WHOLE,
    booked,
    gate_with,
    lost,
    run,
    said,
)
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


@pytest.fixture
def gate(ledger: CountingLedger, clock: FakeClock) -> SmallGate:
    return gate_with(ledger, clock)


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


@pytest.mark.parametrize("parts", [[], [ROLE]], ids=["nothing", "the role"])
async def test_a_stream_that_hangs_before_it_begins_falls_back(
    parts: list[bytes], ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, retries=HASTY)
    hanging = FakeAnswer(parts=[*parts, asyncio.Event()])
    result, reply = await run(gate, hanging, FakeAnswer(parts=[*GOOD]))
    assert result is None
    assert b"".join(reply.written) == b"".join(GOOD)
    assert hanging.aborted
    assert gate.month().unknown > Money.usd("0.10")


async def test_a_stream_that_hangs_before_its_headers_falls_back(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, retries=HASTY)
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


async def test_nothing_is_withheld_once_the_answer_began(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, retries=HASTY)
    pause = asyncio.Event()
    answer = FakeAnswer(parts=[ROLE, delta("hi"), pause, FINISH, USAGE, DONE])
    exchange, reply = gate.exchange(ask("r"))
    gate.upstream.script = [answer]
    task = asyncio.ensure_future(exchange.run())
    await turn(10)
    assert b"".join(reply.written) == ROLE + delta("hi")
    # Long after the patience for its beginning is over, it is still read.
    await asyncio.sleep(HASTY.first_event * 1.5)
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


async def test_a_whole_answer_that_does_not_come_falls_back(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    gate = gate_with(ledger, clock, retries=HASTY)
    hanging = whole(WHOLE)
    hanging.parts.insert(0, asyncio.Event())
    result, _ = await run(gate, hanging, whole(WHOLE), stream=False)
    assert isinstance(result, Whole)
    assert result.status == 200
    assert hanging.aborted


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
