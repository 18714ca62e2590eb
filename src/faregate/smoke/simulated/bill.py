"""The simulated provider's bill: what a real one would charge, row by row.

Owns the rows and their sum; when a row is due is decided by the exchange.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from faregate.core.money import ZERO, Money


class BilledBecause(StrEnum):
    """Why a request was charged."""

    COMPLETED = "completed"
    CLIENT_LEFT_STOPPED = "client left, billed what was generated"
    CLIENT_LEFT_FINISHED = "client left, billed the whole generation"
    FAULT = "billed although the answer was broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRow:
    """One charged request; token counters are disjoint, times are monotonic seconds.

    `cache_write` holds both kinds of cache write. `label` is the session header the
    provider saw, or an empty text. `aborted` says that the client left early.
    """

    model: str
    protocol: str
    input: int
    cached: int
    cache_write: int
    output: int
    amount: Money
    billed_because: BilledBecause
    label: str
    status: int
    started: float
    ended: float
    aborted: bool


class Bill:
    """The rows in the order they were booked."""

    def __init__(self) -> None:
        self.rows: list[BillRow] = []

    @property
    def total(self) -> Money:
        """Return the sum over all rows."""
        return sum((row.amount for row in self.rows), ZERO)

    def of(self, label: str) -> Money:
        """Return the sum over the rows of one session label."""
        return sum((row.amount for row in self.rows if row.label == label), ZERO)

    def add(self, row: BillRow) -> None:
        """Book one row."""
        self.rows.append(row)
