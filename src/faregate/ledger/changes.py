"""A hold's end on its way into the books: what it leaves, and what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faregate.core.holds import Crossing, HoldState
from faregate.core.money import ZERO, Money
from faregate.core.usage import Usage, UsageSource
from faregate.ledger.answers import BookedNow

if TYPE_CHECKING:
    from faregate.core.holds import Booked
    from faregate.ledger.budget_windows import WindowRow
    from faregate.ledger.open_hold import OpenHold

NO_USAGE = Usage(source=UsageSource.MISSING)


@dataclass(slots=True, eq=False)
class Ending:
    """A hold that is about to end, and the state that it leaves."""

    hold: OpenHold
    leaves: HoldState = HoldState.HELD
    seen: Usage = NO_USAGE
    """What was booked when it became unknown, to be replaced by the truth."""
    wasted: bool = False
    """It was said to be wasted before."""


@dataclass(slots=True, eq=False)
class Change:
    """What a booking does to each of its windows, once it is committed."""

    rows: list[WindowRow]
    state: HoldState
    spent: int = 0
    held: int = 0
    unknown: int = 0
    overrun: int = 0
    crossed: tuple[tuple[WindowRow, int], ...] = ()

    def apply(self) -> Booked:
        """Follow the commit in memory and return what was booked."""
        spent, held, unknown = self.spent, self.held, self.unknown
        used = spent + held + unknown
        sums = []
        for row in self.rows:
            row.used += used
            row.spent += spent
            row.held += held
            row.unknown += unknown
            sums.append((row.budget, row.spent, row.held, row.unknown, row.closed))
        return BookedNow(
            self.state,
            Money(self.overrun) if self.overrun else ZERO,
            tuple([Crossing(state=r.state(), percent=p) for r, p in self.crossed])
            if self.crossed
            else (),
            sums,
        )
