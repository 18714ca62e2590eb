"""Months that end while a request runs, and clocks that jump."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from faregate.core.holds import BudgetState, LedgerError
from faregate.core.labels import Labels
from faregate.core.money import ZERO, Money
from faregate.smoke.simulated.server import SimulatedProvider
from tests.gateway.building import FakeClock
from tests.money.calls import FIVE_CENTS, Client, chat, client_of, provider_of, until
from tests.running import RunningGate, running_gate

HOUR = 3_600_000
DAY = 24 * HOUR
NOVEMBER = datetime(2026, 11, 15, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 15, tzinfo=UTC)
LAST_MS = 1000 * int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) - 1
BODY: dict[str, Any] = chat(text="x" * 9_930, max_tokens=4_000)
PATH = "/v1/chat/completions"


def at(year: int, month: int, day: int, hour: int = 12) -> FakeClock:
    moment = datetime(year, month, day, hour, tzinfo=UTC)
    return FakeClock(int(moment.timestamp() * 1000))


def month_of(gate: RunningGate, when: datetime) -> BudgetState:
    return _window_of(gate, when, "month")


def _window_of(gate: RunningGate, when: datetime, window: str) -> BudgetState:
    matcher = gate.daemon.gate.matcher
    windows = matcher.match(Labels(), "", "", "", when.timestamp())
    states = gate.daemon.ledger.states(windows)
    return next(
        s for s in states if s.budget.scope == "global" and s.budget.window == window
    )


@asynccontextmanager
async def gate_at(
    home: Path,
    clock: FakeClock,
    provider: SimulatedProvider | None = None,
    monthly: str = "0.10",
    budget: str = "",
) -> AsyncIterator[tuple[RunningGate, Client]]:
    """A cap of a dime: one request of five cents fits beside another's spending."""
    provider = provider or provider_of(usage=FIVE_CENTS)
    async with (
        running_gate(
            home / "home", provider, monthly=monthly, budget=budget, clock=clock
        ) as gate,
        client_of(gate) as client,
    ):
        yield gate, client


async def test_what_was_held_before_midnight_counts_in_the_old_month(
    tmp_path: Path,
) -> None:
    clock = FakeClock(LAST_MS)
    provider = provider_of(usage=FIVE_CENTS, first_byte=0.1)
    async with gate_at(tmp_path, clock, provider) as (gate, client):
        call = asyncio.create_task(client.post(PATH, BODY))
        await until(lambda: provider.in_flight)
        clock.pass_by(300)
        assert (await call).status == 200
        november, december = month_of(gate, NOVEMBER), month_of(gate, DECEMBER)
        assert november.spent == provider.bill.total == Money.usd("0.05")
        assert (november.held, november.unknown) == (ZERO, ZERO)
        assert (december.spent, december.held) == (ZERO, ZERO)


async def test_a_new_month_has_its_own_cap(tmp_path: Path) -> None:
    clock = FakeClock(LAST_MS)
    async with gate_at(tmp_path, clock) as (gate, client):
        assert (await client.post(PATH, BODY)).status == 200
        assert (await client.post(PATH, BODY)).status == 400
        clock.pass_by(1)
        assert (await client.post(PATH, BODY)).status == 200
        assert month_of(gate, NOVEMBER).spent == Money.usd("0.05")
        assert month_of(gate, DECEMBER).spent == Money.usd("0.05")


async def test_who_waited_over_midnight_is_held_in_the_month_that_came(
    tmp_path: Path,
) -> None:
    clock = FakeClock(LAST_MS)
    provider = provider_of(usage=FIVE_CENTS, first_byte=0.1)
    async with gate_at(tmp_path, clock, provider) as (gate, client):
        first = asyncio.create_task(client.post(PATH, BODY))
        await until(lambda: provider.in_flight)
        second = asyncio.create_task(client.post(PATH, BODY))
        await until(lambda: gate.daemon.gate.admission.waiting)
        clock.pass_by(1)
        answers = await asyncio.gather(first, second)
        assert [got.status for got in answers] == [200, 200]
        assert month_of(gate, NOVEMBER).spent == Money.usd("0.05")
        assert month_of(gate, DECEMBER).spent == Money.usd("0.05")


async def test_a_clock_set_ahead_opens_no_new_month(tmp_path: Path) -> None:
    clock = at(2026, 11, 20)
    async with gate_at(tmp_path, clock) as (gate, client):
        await client.post(PATH, BODY)
        clock.ms += 30 * DAY
        refused = await client.post(PATH, BODY)
        assert refused.status == 400
        assert "2026-12-01" in refused.json["error"]["resets_at"]
        told = [e for e in gate.daemon.gate.events.since(0) if e.kind == "clock"]
        (event,) = (e for e in told if "jumped" in e.text)
        assert "720.0 hours ahead" in event.text
        assert event.severity == "alert"
        assert month_of(gate, DECEMBER).spent == ZERO
        # Set right again, nothing has happened.
        clock.ms -= 30 * DAY
        assert gate.daemon.gate.clock.now_ms() == clock.ms


async def test_a_provider_whose_clock_says_the_same_confirms_it(
    tmp_path: Path,
) -> None:
    now = datetime.now(UTC)
    clock = FakeClock(int(now.timestamp() * 1000) - 40 * DAY)
    async with gate_at(tmp_path, clock, monthly="0.20") as (gate, client):
        await client.post(PATH, BODY)
        clock.ms += 40 * DAY
        # This one still counts in the old month; its answer tells the date.
        await client.post(PATH, BODY)
        assert month_of(gate, now).spent == ZERO
        await client.post(PATH, BODY)
        assert month_of(gate, now).spent == Money.usd("0.05")


async def test_a_clock_set_back_reopens_no_month(tmp_path: Path) -> None:
    clock = at(2026, 11, 20)
    async with gate_at(tmp_path, clock) as (gate, client):
        await client.post(PATH, BODY)
        clock.ms = 0
        refused = await client.post(PATH, BODY)
        assert refused.status == 400
        assert month_of(gate, NOVEMBER).spent == Money.usd("0.05")


async def test_nor_does_a_restart_with_such_a_clock(tmp_path: Path) -> None:
    async with gate_at(tmp_path, at(2026, 11, 20)) as (_, client):
        await client.post(PATH, BODY)
    async with gate_at(tmp_path, at(1970, 1, 2)) as (gate, client):
        assert (await client.post(PATH, BODY)).status == 400
        assert gate.month().spent == Money.usd("0.05")


async def test_an_hour_more_or_less_is_followed(tmp_path: Path) -> None:
    clock = at(2026, 11, 20)
    async with gate_at(tmp_path, clock) as (gate, _):
        for step in (HOUR, -HOUR, -HOUR, HOUR // 2):
            clock.ms += step
            assert gate.daemon.gate.clock.now_ms() == clock.ms
        assert not [e for e in gate.daemon.gate.events.since(0) if e.kind == "clock"]


async def test_a_night_asleep_is_no_jump(tmp_path: Path) -> None:
    clock = at(2026, 11, 20, hour=22)
    async with gate_at(tmp_path, clock, monthly="5", budget="daily = 0.10") as (
        gate,
        client,
    ):
        assert (await client.post(PATH, BODY)).status == 200
        assert (await client.post(PATH, BODY)).status == 400
        clock.ms += 8 * HOUR
        clock.asleep += 8 * 3600
        assert (await client.post(PATH, BODY)).status == 200
        day = _window_of(gate, datetime(2026, 11, 21, 6, tzinfo=UTC), "day")
        assert day.spent == Money.usd("0.05")


async def test_a_price_is_that_of_the_instant_the_request_came(tmp_path: Path) -> None:
    clock = FakeClock(LAST_MS)
    provider = provider_of(usage=FIVE_CENTS, first_byte=0.1)
    asked: list[date] = []
    async with gate_at(tmp_path, clock, provider) as (gate, client):
        prices: Any = gate.daemon.gate.planner
        row = prices._prices.row

        def noted(provider: str, model: str, at: date, **more: Any) -> Any:
            asked.append(at)
            return row(provider, model, at, **more)

        prices._prices.row = noted
        call = asyncio.create_task(client.post(PATH, BODY))
        await until(lambda: provider.in_flight)
        clock.pass_by(3600)
        await call
    assert set(asked) == {date(2026, 11, 30)}


async def test_a_clock_in_the_far_future_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gate_at(tmp_path, at(2026, 11, 15)) as (gate, client):
        assert (await client.post(PATH, BODY)).status == 200
        await gate.settled()
    with pytest.raises(LedgerError, match="the system clock says 2099-01-01"):
        async with gate_at(tmp_path, at(2099, 1, 1)):
            pass
    # A year of rest is nothing odd, and a person may know better.
    async with gate_at(tmp_path, at(2027, 11, 15)):
        pass
    monkeypatch.setenv("FAREGATE_TRUST_CLOCK", "1")
    async with gate_at(tmp_path, at(2099, 1, 1)):
        pass


async def test_a_clock_that_no_provider_shares_is_told_of(tmp_path: Path) -> None:
    async with gate_at(tmp_path, at(2036, 11, 15)) as (gate, client):
        for _ in range(2):
            await client.post(PATH, BODY)
        await gate.settled()
        told = [e for e in gate.daemon.gate.events.since(0) if e.kind == "clock"]
    assert len(told) == 1
    assert "ahead of what a provider says" in told[0].text
    assert told[0].severity == "alert"
