"""What is booked soon and in few words is what would be booked in full."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from faregate.core.money import Money
from faregate.core.usage import Usage, UsageSource
from faregate.ledger.connection import select
from faregate.ledger.ledger import Ledger
from tests.ledger.building import NOW_MS, faults, hold, open_ledger, truth

USAGE = Usage(
    uncached_input=100, cache_read=30, cache_write_5m=7, output=50, reasoning=20
)
USUAL: dict[str, Any] = {
    "usage": USAGE,
    "served_model": "m-2026",
    "price_source": "bundled",
    "tool_calls": 3,
    "ttfb_ms": 11,
    "duration_ms": 22,
    "first_token_ms": 13,
}
ODD: dict[str, dict[str, Any]] = {
    "cost": {"cost": Money(10**12)},
    "source": {"usage": dataclasses.replace(USAGE, source=UsageSource.ESTIMATED)},
    "an hour": {"usage": dataclasses.replace(USAGE, cache_write_1h=5)},
    "searches": {"usage": dataclasses.replace(USAGE, server_tool_calls=1)},
    "reported": {"usage": dataclasses.replace(USAGE, reported_cost=Money(5))},
    "estimated": {"cost_source": "estimated"},
    "unpriced": {"cost_source": "unpriced"},
    "no status": {"status": 0},
    "error": {"status": 500, "note": "it broke"},
    "note": {"note": "cut"},
    "fault": {"fault": "timeout"},
    "waste": {"waste": "retry"},
    "wasted": {"wasted": True},
    "verdict": {"verdict": "ok"},
}


def rows(ledger: Ledger) -> list[list[tuple[Any, ...]]]:
    connection = ledger._parts.connection
    return [
        select(connection, f"SELECT * FROM {table} ORDER BY id")
        for table in ("attempt", "session", "budget_window")
    ]


def book(
    folder: Path, *, soon: bool, held: dict[str, Any] | None = None, **more: Any
) -> list[list[tuple[Any, ...]]]:
    ledger = open_ledger(folder)
    for attempt in ("a1", "a2"):
        hold(ledger, attempt, "0.50", **(held or {}))
    for number, attempt in enumerate(("a1", "a2")):
        settlement = dataclasses.replace(
            truth(attempt, "0.20", at_ms=NOW_MS - number), **{**USUAL, **more}
        )
        (ledger.settle_soon if soon else ledger.settle)(settlement)
    found = rows(ledger)
    ledger.close()
    assert faults(folder) == ()
    return found


def test_both_ways_write_the_same_rows(folder: Path) -> None:
    ledger = open_ledger(folder / "one")
    hold(ledger)
    ledger.settle_soon(dataclasses.replace(truth(), **USUAL))
    assert len(ledger._holds.ended.ended) == 1
    ledger.close()
    soon = book(folder / "soon", soon=True)
    assert soon == book(folder / "full", soon=False)


@pytest.mark.parametrize("what", ODD)
def test_what_is_odd_is_written_in_full_and_at_once(folder: Path, what: str) -> None:
    ledger = open_ledger(folder / "one")
    hold(ledger)
    ledger.settle_soon(dataclasses.replace(truth(), **{**USUAL, **ODD[what]}))
    assert ledger._holds.ended.ended == []
    ledger.close()
    soon = book(folder / "soon", soon=True, **ODD[what])
    assert soon == book(folder / "full", soon=False, **ODD[what])


@pytest.mark.parametrize("held", [{"first_attempt": False}, {"client_retry": True}])
def test_a_further_attempt_is_counted_as_one(
    folder: Path, held: dict[str, Any]
) -> None:
    soon = book(folder / "soon", soon=True, held=held)
    assert soon == book(folder / "full", soon=False, held=held)
