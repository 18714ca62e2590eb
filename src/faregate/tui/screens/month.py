"""The month: its days, its pace, and who spent it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.panels.days import day_lines
from faregate.tui.screens.sums import SumScreen
from faregate.tui.screens.table_screen import EVERY_TABLE
from faregate.tui.sum_table import MONTH_COLUMNS

if TYPE_CHECKING:
    from faregate.control.cost_log import SumView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.lines import Line
    from faregate.tui.view import View


class MonthScreen(SumScreen):
    """Sums of the cap's month; `m` sums by another key."""

    BINDINGS = bindings(Scope.MONTH, Scope.BEYOND)
    SCOPES = (Scope.MONTH, *EVERY_TABLE[1:])
    COLUMNS = MONTH_COLUMNS
    DETAIL = "days"
    KEYS = ("model", "workspace", "provider", "agent", "task", "customer")

    def __init__(self, view: View, desk: ControlDesk) -> None:
        super().__init__(view, desk)
        self._days: list[SumView] = []

    async def load(self) -> None:
        """Read the sums, and the days."""
        await super().load()
        self._days = (await self.desk.report("day", self.since_ms())).rows

    def detail(self, cells: int, height: int) -> list[Line]:
        """Return the days as bars."""
        first = self.view.clock.local(self.since()).date()
        return day_lines(self.view, first, self._days, cells, height)
