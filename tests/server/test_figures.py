from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from unittest import mock

import pytest

from faregate.core.holds import BudgetWindow, LedgerError
from faregate.core.money import Money
from faregate.core.records import SpendRow
from faregate.server.figures import EVERY_S, MINUTES, Figures, Hour, read_hour
from faregate.server.ports import SpendBy
from tests.server.rows import NOW_MS, spend_row

MONTH_MS = NOW_MS // 1000 * 1000 - 86_400_000


class Sums:
    """Reports of fixed sums, which notes who reads them."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.reading = 0
        self.closed = False
        self.error: LedgerError | None = None
        self.gate = threading.Event()
        self.gate.set()

    def spend(self, by: SpendBy, *, since_ms: int) -> Sequence[SpendRow]:
        self.threads.append(threading.current_thread())
        assert not self.closed
        self.reading += 1
        assert self.reading == 1
        self.gate.wait(5)
        self.reading -= 1
        if self.error is not None:
            raise self.error
        match by:
            case "minute":
                return [
                    spend_row(key="2026-11-18T10:06:00Z", cost=Money.usd(9)),
                    spend_row(
                        key="2026-11-18T11:06:00Z",
                        cost=Money.usd("0.5"),
                        input_tokens=90,
                        output_tokens=10,
                    ),
                ]
            case "session":
                assert since_ms == NOW_MS - 600_000
                return [spend_row(key="run-1", cost=Money.usd(1))]
            case _:
                return [spend_row(key="sim", attempts=4, failed=1)]

    def last_errors(self, since_ms: int) -> dict[str, str]:
        assert since_ms == NOW_MS - 3_600_000
        return {"sim": "connection refused\x07", "other": "it answered 500"}

    def wasted(self, since_ms: int) -> Money:
        assert since_ms == MONTH_MS
        return Money.usd("0.25")

    def refused(self, since_ms: int) -> int:
        assert since_ms == MONTH_MS
        return 7

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def sums() -> Sums:
    return Sums()


@pytest.fixture
def gate() -> mock.Mock:
    """A gate of which only clock and windows are asked."""
    found = mock.Mock()
    found.clock.now_ms.return_value = NOW_MS
    found.clock.monotonic.return_value = 100.0
    found.shared_windows.return_value = (
        BudgetWindow(scope="global", window="total", starts_at=0),
        BudgetWindow(scope="global", window="month", starts_at=MONTH_MS // 1000),
    )
    return found


def test_an_hour_in_figures(sums: Sums) -> None:
    hour = read_hour(sums, NOW_MS, MONTH_MS)
    assert len(hour.burn) == MINUTES
    assert hour.burn[-1] == "0.5"
    # What is older than an hour by a minute is no part of it.
    assert set(hour.burn[:-1]) == {"0"}
    assert hour.tokens_per_minute == 20
    assert hour.spent_lately == {"run-1": Money.usd(1)}
    assert [p.error_rate_1h for p in hour.providers] == [0.25]
    assert (hour.wasted, hour.refused) == ("0.25", 7)


def test_nothing_is_known_before_the_first_reading(sums: Sums, gate: mock.Mock) -> None:
    assert Figures(sums, gate).latest == Hour()
    assert Hour().burn == ["0"] * MINUTES


async def test_they_are_read_in_a_thread_and_not_too_often(
    sums: Sums, gate: mock.Mock
) -> None:
    figures = Figures(sums, gate)
    await figures.fresh()
    assert figures.latest.refused == 7
    assert threading.main_thread() not in sums.threads
    first = len(sums.threads)
    gate.clock.monotonic.return_value += EVERY_S - 0.1
    await figures.fresh()
    figures.poke()
    await asyncio.sleep(0.01)
    assert len(sums.threads) == first
    gate.clock.monotonic.return_value += 0.2
    await figures.fresh()
    assert len(sums.threads) == 2 * first
    await figures.close()
    assert sums.closed


async def test_a_long_reading_earns_a_long_rest(sums: Sums, gate: mock.Mock) -> None:
    figures = Figures(sums, gate)
    sums.gate.clear()
    figures.poke()
    await asyncio.sleep(0.01)
    gate.clock.monotonic.return_value += 3.0
    sums.gate.set()
    await figures.fresh()
    first = len(sums.threads)
    gate.clock.monotonic.return_value += 29.0
    await figures.fresh()
    assert len(sums.threads) == first
    gate.clock.monotonic.return_value += 2.0
    await figures.fresh()
    assert len(sums.threads) > first
    await figures.close()


async def test_all_who_wait_share_one_reading(sums: Sums, gate: mock.Mock) -> None:
    figures = Figures(sums, gate)
    sums.gate.clear()
    loop = asyncio.get_running_loop()
    waiting = [loop.create_task(figures.fresh()) for _ in range(10)]
    await asyncio.sleep(0.01)
    # One of them leaves, which ends the reading for nobody.
    waiting[0].cancel()
    await asyncio.sleep(0.01)
    sums.gate.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert len(sums.threads) == 3
    assert figures.latest.refused == 7
    await figures.close()


async def test_an_end_waits_for_what_is_being_read(sums: Sums, gate: mock.Mock) -> None:
    figures = Figures(sums, gate)
    sums.gate.clear()
    figures.poke()
    await asyncio.sleep(0.01)
    closing = asyncio.get_running_loop().create_task(figures.close())
    await asyncio.sleep(0.01)
    assert not sums.closed
    sums.gate.set()
    await closing
    assert sums.closed


async def test_a_ledger_that_fails_is_told_to_who_waits_alone(
    sums: Sums, gate: mock.Mock
) -> None:
    figures = Figures(sums, gate)
    sums.error = LedgerError("busy")
    with pytest.raises(LedgerError, match="busy"):
        await figures.fresh()
    gate.clock.monotonic.return_value += EVERY_S + 1
    figures.poke()
    for _ in range(1000):
        if figures._reading is None:
            break
        await asyncio.sleep(0.005)
    assert figures.latest == Hour()
    sums.error = None
    gate.clock.monotonic.return_value += EVERY_S + 1
    await figures.fresh()
    assert figures.latest.refused == 7
    await figures.close()
