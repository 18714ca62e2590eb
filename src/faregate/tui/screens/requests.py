"""The requests of all sessions, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.messages import OpenRequest
from faregate.tui.request_table import COLUMNS, request_rows
from faregate.tui.screens.table_screen import EVERY_TABLE, TableScreen
from faregate.tui.store import Kind

if TYPE_CHECKING:
    from faregate.control.cost_log import RequestView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.table_layout import Row
    from faregate.tui.view import View
    from faregate.tui.widgets.line_table import LineTable

MOST = 500
"""Requests that are read; what is older is found by session or by report."""


class RequestsScreen(TableScreen):
    """Follows what comes: the cursor stays on the newest until the person moves it."""

    BINDINGS = bindings(Scope.REQUESTS, Scope.BEYOND)
    SCOPES = (Scope.REQUESTS, *EVERY_TABLE)
    COLUMNS = COLUMNS
    NEWS: ClassVar[frozenset[Kind]] = frozenset(
        {Kind.SESSIONS, Kind.FLIGHTS, Kind.LINK}
    )
    EMPTY = "no request yet"

    def __init__(self, view: View, desk: ControlDesk) -> None:
        super().__init__(view)
        self._desk = desk
        self._found: list[RequestView] = []
        self.following = True

    async def load(self) -> None:
        """Read the latest requests."""
        self._found = await self._desk.requests(None, MOST)

    def rows(self) -> list[Row]:
        """Return a row for each request."""
        return request_rows(self.view, self._found)

    def heading(self) -> str:
        """Return how many are shown, and whether the newest is followed."""
        told = f"requests {len(self._found)}"
        return (
            f"{told} {self.view.ink.glyphs.dot} following" if self.following else told
        )

    def show(self) -> None:
        """Show the rows; while following, the cursor is on the newest."""
        super().show()
        if self.is_alive and self.following:
            self.table.lead_to_top()

    def request_shown(self) -> str | None:
        """Return the request that a copy would be about."""
        return self.table.chosen

    def action_follow(self) -> None:
        """Keep the cursor on the newest request, or leave it where it is."""
        self.following = not self.following
        self.show()

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        """A person who moves the cursor follows no more."""
        super().on_line_table_chosen(event)
        if self.following:
            self.following = False
            self.show()

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Open a request."""
        event.stop()
        self.post_message(OpenRequest(event.key))
