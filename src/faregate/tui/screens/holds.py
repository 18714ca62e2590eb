"""The holds: open and unknown, and resolving what nobody can tell."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.figures import dollars, money
from faregate.tui.hold_table import COLUMNS, hold_lines, hold_rows, hold_title
from faregate.tui.screens.amount import AmountScreen
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.table_screen import EVERY_TABLE, TableScreen
from faregate.tui.store import Kind

if TYPE_CHECKING:
    from faregate.control.models import HoldView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.lines import Line
    from faregate.tui.table_layout import Row
    from faregate.tui.view import View

VOID = "void"


class HoldsScreen(TableScreen):
    """Unknown money first: it strangles a budget until somebody looks into it."""

    BINDINGS = bindings(Scope.HOLDS, Scope.BEYOND)
    SCOPES = (Scope.HOLDS, *EVERY_TABLE[1:])
    COLUMNS = COLUMNS
    DETAIL = "hold"
    NEWS: ClassVar[frozenset[Kind]] = frozenset({Kind.BUDGETS, Kind.FLIGHTS, Kind.LINK})
    EMPTY = "no money is held, and all that was spent is known"

    def __init__(self, view: View, desk: ControlDesk) -> None:
        super().__init__(view)
        self._desk = desk
        self._holds: list[HoldView] = []

    async def load(self) -> None:
        """Read the holds."""
        self._holds = await self._desk.holds()

    def rows(self) -> list[Row]:
        """Return a row for each hold."""
        return hold_rows(self.view, self._holds)

    def heading(self) -> str:
        """Return how much is held and unknown."""
        return hold_title(self._holds)

    def detail(self, cells: int, height: int) -> list[Line]:
        """Tell of the hold under the cursor."""
        return hold_lines(self._found(self.table.chosen), cells)[:height]

    def action_resolve(self) -> None:
        """Ask what the hold under the cursor cost, and book it."""
        found = self._found(self.guarded())
        if found is None:
            return
        if found.state == "held":
            self.notify("its request still runs: there is nothing to resolve yet")
            return
        self.act(partial(self._resolve, found))

    def _found(self, hold: str | None) -> HoldView | None:
        return next((each for each in self._holds if each.id == hold), None)

    async def _resolve(self, hold: HoldView) -> None:
        amount = dollars(money(hold.amount))
        what = f"{hold.provider}/{hold.model}"
        question = (
            f"{what} since {hold.held_at}: {amount} is kept, and nobody can tell what "
            f"it cost.\nWhat did {hold.provider} bill, in USD? Type {VOID} when it "
            "billed nothing."
        )
        typed = await self.app.push_screen_wait(
            AmountScreen(self.view, question, word=VOID)
        )
        if typed is None:
            return
        spent = None if typed == VOID else typed
        shown = "nothing" if spent is None else dollars(money(spent))
        sure = await self.app.push_screen_wait(
            ConfirmScreen(self.view, f"Book {shown} for {what} instead of {amount}?")
        )
        if sure:
            await self._desk.resolve(hold.id, spent)
            self.notify(f"booked {shown} for {what}", markup=False)
