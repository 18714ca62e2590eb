"""Requests that wait for room, through the whole gate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from faregate.control.models import SetBudget
from faregate.core.limits.budget import BudgetMatcher, BudgetRule
from faregate.core.money import ZERO, Money
from faregate.core.windows import WindowKind
from faregate.gateway.settings import Patience
from tests.money.calls import Client, Got, chat, client_of, provider_of, until
from tests.running import RunningGate, running_gate

PATIENT = Patience(look=0.02)
HALF = {"max_tokens": 60_000}
"""A request that holds sixty cents of the dollar."""


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    provider = provider_of(first_byte=0.15)
    async with running_gate(
        tmp_path / "home", provider, patience=PATIENT, drain="100ms"
    ) as running:
        yield running


def limited(usd: str) -> BudgetMatcher:
    rule = BudgetRule(
        scope_kind="global", window=WindowKind.MONTH, limit=Money.usd(usd)
    )
    return BudgetMatcher((rule,), UTC)


async def _billed(gate: RunningGate, rows: int) -> None:
    await until(lambda: len(gate.provider.bill.rows) >= rows)


async def _standing(gate: RunningGate, count: int) -> None:
    await until(lambda: gate.daemon.gate.admission.waiting == count)


def _start(client: Client, text: str = "hi", **more: Any) -> asyncio.Task[Got]:
    body = chat(text=text, **{**HALF, **more})
    return asyncio.ensure_future(client.post("/v1/chat/completions", body))


async def test_a_request_waits_for_another_to_end(gate: RunningGate) -> None:
    async with client_of(gate) as client:
        answers = await asyncio.gather(*(_start(client) for _ in range(3)))
        assert [got.status for got in answers] == [200, 200, 200]
        assert gate.provider.peak_in_flight == 1
        assert gate.month().spent == gate.provider.bill.total


async def test_the_first_to_come_is_the_first_to_go(gate: RunningGate) -> None:
    async with client_of(gate) as client:
        calls = [_start(client, text="first")]
        await until(lambda: gate.provider.in_flight)
        for number in range(4):
            calls.append(_start(client, text=f"waiting {number}"))
            await _standing(gate, number + 1)
        await asyncio.gather(*calls)
        texts = [seen.json["messages"][0]["content"] for seen in gate.provider.requests]
        assert texts == ["first", *(f"waiting {number}" for number in range(4))]


async def test_no_byte_is_sent_while_it_waits(gate: RunningGate) -> None:
    async with client_of(gate) as client:
        first = _start(client)
        await until(lambda: gate.provider.in_flight)
        second = _start(client)
        await _standing(gate, 1)
        assert len(gate.provider.requests) == 1
        (flight,) = (f for f in gate.daemon.gate.flights.all() if f.why)
        assert flight.why == "$0.60 of room in the monthly budget"
        assert gate.daemon.gate.flights.waiting == 1
        await asyncio.gather(first, second)


async def test_patience_ends_with_a_clear_refusal(tmp_path: Path) -> None:
    provider = provider_of(first_byte=1.0)
    patience = Patience(look=0.02, room=0.1)
    async with (
        running_gate(tmp_path / "home", provider, patience=patience) as gate,
        client_of(gate) as client,
    ):
        first = _start(client)
        await until(lambda: provider.in_flight)
        got = await _start(client)
        assert got.status == 400
        assert got.code == "budget_exceeded"
        assert "Waited 0 s" in got.json["error"]["message"]
        assert (await first).status == 200


async def test_a_client_that_leaves_while_waiting_frees_its_place(
    gate: RunningGate,
) -> None:
    async with client_of(gate) as client:
        first = _start(client)
        await until(lambda: gate.provider.in_flight)
        second, third = _start(client, text="gone"), _start(client, text="stays")
        await _standing(gate, 2)
        second.cancel()
        await _standing(gate, 1)
        answers = await asyncio.gather(first, third)
        assert [got.status for got in answers] == [200, 200]
        await gate.settled()
        texts = [seen.json["messages"][0]["content"] for seen in gate.provider.requests]
        assert texts == ["hi", "stays"]
        state = gate.month()
        assert (state.held, state.unknown) == (ZERO, ZERO)
        assert state.spent == gate.provider.bill.total


async def test_who_leaves_just_as_the_money_is_there_leaves_nothing_behind(
    gate: RunningGate,
) -> None:
    """Over many moments of leaving, around the one at which the first one ends."""
    async with client_of(gate) as client:
        for step in range(12):
            first = _start(client)
            await until(lambda: gate.provider.in_flight)
            second = _start(client, text="gone")
            await _standing(gate, 1)
            seen = len(gate.provider.bill.rows)
            await _billed(gate, seen + 1)
            for _ in range(step):
                await asyncio.sleep(0)
            second.cancel()
            await first
            await gate.settled()
            await until(lambda: not gate.provider.in_flight)
            assert gate.month().held == ZERO
        assert gate.month().spent >= gate.provider.bill.total


async def test_a_raise_lets_who_waits_go_on(gate: RunningGate) -> None:
    async with client_of(gate) as client:
        first = _start(client)
        await until(lambda: gate.provider.in_flight)
        second = _start(client)
        await _standing(gate, 1)
        gate.daemon.gate.rebudget(limited("2"))
        await until(lambda: gate.provider.in_flight == 2)
        assert [g.status for g in await asyncio.gather(first, second)] == [200, 200]


async def test_a_lower_cap_refuses_who_waits_and_never_cuts_who_runs(
    gate: RunningGate,
) -> None:
    async with client_of(gate) as client:
        first = _start(client)
        await until(lambda: gate.provider.in_flight)
        second = _start(client)
        await _standing(gate, 1)
        gate.daemon.budgets.set(SetBudget(scope="global", window="month", limit="0.50"))
        refused = await second
        assert refused.status == 400
        assert "of $0.50 spent" in refused.json["error"]["message"]
        assert (await first).status == 200
        assert len(gate.provider.requests) == 1


async def test_stopping_refuses_who_waits_and_lets_who_runs_finish(
    gate: RunningGate,
) -> None:
    async with client_of(gate) as client:
        first = _start(client)
        await until(lambda: gate.provider.in_flight)
        second = _start(client)
        await _standing(gate, 1)
        stopping = asyncio.create_task(gate.daemon.stop())
        refused = await second
        assert refused.code == "shutting_down"
        assert refused.status == 503
        await first
        await stopping
