"""Holds that need nothing but their row, as most do; and what the file says of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from faregate.core.holds import Held, HoldRequest
from faregate.ledger.connection import select
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    asking,
    three,
)

LABELS = asking().labels
windows = cache(three)
"""The same windows again and again, as whoever asks for holds passes them."""


def ask(
    attempt: str, amount: str = "0.50", limit: str = "20", session: str = "s1"
) -> HoldRequest:
    return asking(
        attempt,
        amount,
        session=session,
        labels=LABELS,
        budgets=windows(limit, session),
    )


def place(ledger: Ledger, *how: str) -> Held:
    """Place a hold that needs nothing but its row."""
    placed = ledger.place(ask(*how))
    assert isinstance(placed, Held), placed
    assert ledger._holds.placed
    return placed


def hold(ledger: Ledger, *how: str) -> Held:
    held = ledger.hold(ask(*how))
    assert isinstance(held, Held), held
    return held


def commits(ledger: Ledger) -> int:
    return ledger._durability._commits


def in_file(folder: Path) -> dict[str, str]:
    """The state of every attempt, as somebody else reads it just now."""
    other = Reports.open(folder)
    try:
        return dict(
            select(other._connection, "SELECT attempt, state FROM attempt ORDER BY id")
        )
    finally:
        other.close()
