"""What holds and bookings answer, with sums that become values when they are read.

Owns when a `BudgetState` is built: most callers never look at the states, and
building them would cost more than a statement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.holds import Booked, Held, HoldState, state_of
from faregate.core.money import ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.holds import BudgetState, Crossing, Sums
    from faregate.core.money import Money
    from faregate.ledger.budget_windows import WindowRow

_set = object.__setattr__


class HeldNow(Held):
    """A committed hold; its `states` are those of its own instant."""

    __slots__ = ("_sums",)
    _sums: list[Sums]

    def __init__(self, attempt: str, amount: Money, sums: list[Sums]) -> None:
        """Keep the sums as they are now."""
        _set(self, "attempt", attempt)
        _set(self, "amount", amount)
        _set(self, "_sums", sums)

    @property
    def states(self) -> tuple[BudgetState, ...]:
        """The budgets after the hold, in the order they were asked."""
        return tuple(map(state_of, self._sums))

    def sums(self) -> Sequence[Sums]:
        """Return the same budgets in plain figures."""
        return self._sums


class BookedNow(Booked):
    """A committed booking; its `states` are those of its own instant."""

    __slots__ = ("_sums",)
    _sums: list[Sums]

    def __init__(
        self,
        state: HoldState,
        overrun: Money,
        crossings: tuple[Crossing, ...],
        sums: list[Sums],
    ) -> None:
        """Keep the sums as they are now."""
        _set(self, "state", state)
        _set(self, "overrun", overrun)
        _set(self, "crossings", crossings)
        _set(self, "_sums", sums)

    @property
    def states(self) -> tuple[BudgetState, ...]:
        """The budgets after the booking."""
        return tuple(map(state_of, self._sums))


class SettledNow(Booked):
    """A usual settlement; its `states` are those of the instant they are read."""

    __slots__ = ("_rows",)
    state: HoldState = HoldState.SETTLED
    overrun: Money = ZERO
    crossings: tuple[Crossing, ...] = ()

    def __init__(self, rows: Sequence[WindowRow]) -> None:
        """Keep the windows that counted it."""
        self._rows = rows

    @property
    def states(self) -> tuple[BudgetState, ...]:
        """The budgets after the booking."""
        return tuple([row.state() for row in self._rows])
