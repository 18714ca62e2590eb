"""A bill above its hold: the truth is booked, and nothing more is spent unasked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from faregate.control.models import SetBudget
from faregate.core.money import ZERO, Money
from faregate.gateway.events import Event
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.script import Step
from tests.money.calls import Client, client_of, provider_of, until
from tests.running import RunningGate, running_gate

LIE = Step(usage=Counts(input=50_000, output=100))
"""A provider that bills far more input than the request can have."""


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    async with running_gate(tmp_path / "home", provider_of()) as running:
        yield running


@pytest.fixture
async def client(gate: RunningGate) -> AsyncIterator[Client]:
    async with client_of(gate) as made:
        yield made


def events(gate: RunningGate, kind: str) -> list[Event]:
    return [e for e in gate.daemon.gate.events.since(0) if e.kind == kind]


async def test_the_truth_is_booked_and_the_budget_closed(
    gate: RunningGate, client: Client
) -> None:
    gate.provider.script(LIE)
    assert (await client.chat(max_tokens=100)).status == 200
    state = gate.month()
    assert state.spent == gate.provider.bill.total == Money.usd("0.051")
    assert state.closed
    (event,) = events(gate, "overrun")
    assert event.severity == "alert"
    assert "more than was held" in event.text
    refused = await client.chat(max_tokens=100)
    assert refused.status == 400
    assert refused.code == "budget_exceeded"
    assert "closed" in refused.json["error"]["message"]
    assert len(gate.provider.generations) == 1


async def test_who_waits_when_it_happens_is_refused_at_once(
    gate: RunningGate, client: Client
) -> None:
    gate.provider.script(Step(usage=Counts(input=700_000, output=100), first_byte=0.2))
    first = asyncio.create_task(client.chat(max_tokens=60_000))
    await until(lambda: gate.provider.in_flight)
    # It waits for the first one's hold, which will not open the budget again.
    waiting = asyncio.create_task(client.chat(max_tokens=41_000))
    await until(lambda: gate.daemon.gate.admission.waiting)
    assert (await first).status == 200
    refused = await waiting
    assert refused.status == 400
    assert "closed" in refused.json["error"]["message"]
    assert gate.month().spent == gate.provider.bill.total == Money.usd("0.701")


async def test_a_raise_above_what_is_booked_opens_it(
    gate: RunningGate, client: Client
) -> None:
    gate.provider.script(LIE)
    await client.chat(max_tokens=100)
    gate.daemon.budgets.set(SetBudget(scope="global", window="month", limit="2"))
    assert (await client.chat(max_tokens=100)).status == 200
    assert not gate.month().closed


async def test_a_person_reopens_it(gate: RunningGate, client: Client) -> None:
    gate.provider.script(LIE)
    await client.chat(max_tokens=100)
    gate.daemon.ledger.reopen("global", "month", note="looked at it", who="me")
    assert (await client.chat(max_tokens=100)).status == 200
    assert gate.month().spent == gate.provider.bill.total


async def test_a_stream_that_writes_past_its_bound_is_booked_as_it_is(
    gate: RunningGate, client: Client
) -> None:
    gate.provider.script(Step(output_tokens=5_000, obey_max=False))
    got = await client.chat(stream=True, max_tokens=100)
    assert got.status == 200
    assert not got.broken
    state = gate.month()
    assert state.spent == gate.provider.bill.total > Money.usd("0.05")
    assert state.closed
    assert state.held == ZERO


async def test_a_bill_that_no_ledger_can_count_stays_unknown(
    gate: RunningGate, client: Client
) -> None:
    def absurd(body: dict[str, Any], _dialect: object) -> dict[str, Any]:
        usage = {**body["usage"], "completion_tokens": 2**53 - 1}
        return {**body, "usage": usage}

    gate.provider.script(Step(fault=Fault(name="absurd", on_body=absurd)))
    assert (await client.chat(max_tokens=100)).status == 200
    state = gate.month()
    assert (state.held, state.spent) == (ZERO, ZERO)
    assert state.unknown > ZERO
    assert any("keeps a hold" in event.text for event in events(gate, "ledger"))
    assert (await client.chat(max_tokens=100)).status == 200
