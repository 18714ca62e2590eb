"""Every session there ever was, the newest first, page by page as one goes down."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.messages import OpenSession
from faregate.tui.screens.table_screen import EVERY_TABLE, TableScreen
from faregate.tui.session_table import COLUMNS, SessionTable, Sort
from faregate.tui.store import Kind, Store
from faregate.tui.table_layout import Rows

if TYPE_CHECKING:
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.view import View
    from faregate.tui.widgets.line_table import LineTable

PAGE = 500
AHEAD = 50
"""Rows before the end of what was read at which the next page is read."""


class HistoryScreen(TableScreen):
    """Reads on while the person goes down; nothing is read that nobody looks at."""

    BINDINGS = bindings(Scope.BEYOND)
    SCOPES = EVERY_TABLE
    COLUMNS = COLUMNS
    NEWS: ClassVar[frozenset[Kind]] = frozenset()
    EMPTY = "no session yet"

    def __init__(self, view: View, desk: ControlDesk) -> None:
        super().__init__(view)
        self._desk = desk
        self._known = Store()
        self._table = SessionTable()
        self._rows = Rows.of([])
        self._next: int | None = None
        self._begun = False

    async def load(self) -> None:
        """Read the next page, unless all is read."""
        if self._begun and self._next is None:
            return
        page = await self._desk.sessions(PAGE, self._next)
        self._begun, self._next = True, page.next
        self._known.sessions |= {each.id: each for each in page.sessions}
        order = Sort("last")
        self._rows = self._table.rows(
            self._known, self.view.no_filter, order, self.view.ink.glyphs
        )

    def rows(self) -> Rows:
        """Return a row for each session that was read."""
        return self._rows

    def heading(self) -> str:
        """Return how many were read, and whether there are more."""
        more = "" if self._next is None else " and more below"
        return f"history {len(self._rows)}{more}"

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        """Read on when the cursor comes near the end."""
        super().on_line_table_chosen(event)
        place = self._rows.place(event.key)
        near = place is not None and place >= len(self._rows) - AHEAD
        if self._next is not None and near:
            self.read()

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Open a session."""
        event.stop()
        known = self._known.sessions.get(event.key)
        self.post_message(OpenSession(event.key, known))
