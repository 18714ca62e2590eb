"""A hold's end on its way into the books: what it leaves, and what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faregate.core.holds import Booked, BudgetState, Crossing, HoldState
from faregate.core.money import ZERO, Money
from faregate.core.usage import Usage, UsageSource

if TYPE_CHECKING:
    from faregate.ledger.budget_windows import WindowRow
    from faregate.ledger.holds import OpenHold

NO_USAGE = Usage(source=UsageSource.MISSING)


@dataclass(slots=True, eq=False)
class Ending:
    """A hold that is about to end, and the state that it leaves."""

    hold: OpenHold
    leaves: HoldState = HoldState.HELD
    seen: Usage = NO_USAGE
    """What was booked when it became unknown, to be replaced by the truth."""


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
        states = []
        for row in self.rows:
            row.used += used
            if spent:
                row.spent = Money(row.spent.pico + spent)
            if held:
                row.held = Money(row.held.pico + held)
            if unknown:
                row.unknown = Money(row.unknown.pico + unknown)
            states.append(
                BudgetState(
                    budget=row.budget,
                    spent=row.spent,
                    held=row.held,
                    unknown=row.unknown,
                    closed=row.closed,
                )
            )
        return Booked(
            state=self.state,
            overrun=Money(self.overrun) if self.overrun else ZERO,
            crossings=tuple(
                [Crossing(state=r.state(), percent=p) for r, p in self.crossed]
            )
            if self.crossed
            else (),
            states=tuple(states),
        )
