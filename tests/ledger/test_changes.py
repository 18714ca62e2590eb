"""What a booking does in memory once it is committed."""

from __future__ import annotations

from faregate.core.holds import BudgetWindow, HoldState
from faregate.core.money import Money
from faregate.ledger.budget_windows import WindowRow
from faregate.ledger.changes import Change


def row() -> WindowRow:
    return WindowRow(
        id=1,
        budget=BudgetWindow(scope="global", window="month", limit=Money(100)),
        limit=100,
        spent=10,
        held=20,
        unknown=30,
        used=60,
    )


def test_sums_and_their_total_move_together() -> None:
    first, second = row(), row()
    change = Change(
        rows=[first, second], state=HoldState.SETTLED, spent=7, held=-20, unknown=0
    )
    booked = change.apply()
    for moved in (first, second):
        assert (moved.spent, moved.held, moved.unknown) == (17, 0, 30)
        assert moved.used == 47
    assert [s.room for s in booked.states] == [Money(53), Money(53)]
    assert booked.overrun == Money(0)
    assert booked.crossings == ()


def test_crossings_show_the_sums_after() -> None:
    only = row()
    change = Change(
        rows=[only],
        state=HoldState.SETTLED,
        spent=50,
        overrun=30,
        crossed=((only, 50), (only, 80)),
    )
    booked = change.apply()
    assert [c.percent for c in booked.crossings] == [50, 80]
    assert booked.crossings[0].state.spent == Money(60)
    assert booked.overrun == Money(30)
