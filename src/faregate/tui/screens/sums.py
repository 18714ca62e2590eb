"""What the screens of sums share: rows by one key, and another key at a press."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from faregate.tui.caps import month_start
from faregate.tui.figures import dollars, money
from faregate.tui.screens.table_screen import TableScreen
from faregate.tui.store import Kind
from faregate.tui.sum_table import sum_rows

if TYPE_CHECKING:
    from faregate.control.cost_log import Report
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.table_layout import Row
    from faregate.tui.view import View


class SumScreen(TableScreen):
    """Sums of one window by one of its `KEYS`; read again when money moved."""

    KEYS: ClassVar[tuple[str, ...]] = ()
    NEWS: ClassVar[frozenset[Kind]] = frozenset({Kind.BUDGETS, Kind.LINK})
    EMPTY = "nothing was spent in this time"

    def __init__(self, view: View, desk: ControlDesk) -> None:
        super().__init__(view)
        self.desk = desk
        self.by = self.KEYS[0]
        self.report: Report | None = None

    def since(self) -> datetime:
        """Return where the window begins."""
        found = month_start(self.view.store.budgets.values())
        if found is not None:
            return found
        now = self.view.clock.now()
        return datetime(now.year, now.month, 1, tzinfo=UTC)

    def since_ms(self) -> int:
        """Return where the window begins, in Unix milliseconds."""
        return int((self.since() - _EPOCH) / timedelta(milliseconds=1))

    async def load(self) -> None:
        """Read the sums."""
        self.report = await self.desk.report(self.by, self.since_ms())

    def rows(self) -> list[Row]:
        """Return a row for each sum."""
        if self.report is None:
            return []
        total = money(self.report.total.cost)
        return sum_rows(self.COLUMNS, self.report.rows, total)

    def heading(self) -> str:
        """Return by what is summed, since when, and the whole."""
        dot = self.view.ink.glyphs.dot
        since = self.view.clock.local(self.since())
        parts = [f"by {self.by}", f"since {since.day} {since:%b}"]
        if self.report is not None:
            parts.append(dollars(money(self.report.total.cost)))
        return f" {dot} ".join(parts)

    def action_next_key(self) -> None:
        """Sum by the next key."""
        place = self.KEYS.index(self.by) + 1
        self.by = self.KEYS[place % len(self.KEYS)]
        self.read()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
