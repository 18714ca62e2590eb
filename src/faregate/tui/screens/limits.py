"""What limits a session, or every session: looked at, set, taken back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.limit_table import COLUMNS, limit_lines, limit_rows
from faregate.tui.screens.limit_change import change_limit, take_back
from faregate.tui.screens.table_screen import EVERY_TABLE, TableScreen
from faregate.tui.session_table import session_name
from faregate.tui.store import Kind

if TYPE_CHECKING:
    from faregate.control.governing import LimitsView, LimitView
    from faregate.control.models import SessionView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.lines import Line
    from faregate.tui.table_layout import Row
    from faregate.tui.view import View
    from faregate.tui.widgets.line_table import LineTable


class LimitsScreen(TableScreen):
    """Follows the session that it was opened on; every session where there is none."""

    BINDINGS = bindings(Scope.LIMITS, Scope.BEYOND)
    SCOPES = (Scope.LIMITS, *EVERY_TABLE[1:])
    COLUMNS = COLUMNS
    DETAIL = "limit"
    NEWS: ClassVar[frozenset[Kind]] = frozenset({Kind.SESSIONS, Kind.EVENTS, Kind.LINK})
    EMPTY = "nothing limits it but the caps"

    def __init__(
        self, view: View, desk: ControlDesk, session: SessionView | None = None
    ) -> None:
        super().__init__(view)
        self._desk = desk
        self._session = session
        self._told: LimitsView | None = None

    def session_shown(self) -> SessionView | None:
        """Return the session whose limits these are, as it is now."""
        known = self._session
        if known is None:
            return None
        return self.view.shown.sessions.get(known.id, known)

    async def load(self) -> None:
        """Read the limits."""
        session = None if self._session is None else self._session.id
        self._told = await self._desk.limits(session)

    def rows(self) -> list[Row]:
        """Return a row for each limit."""
        return limit_rows(self.view, self._limits())

    def heading(self) -> str:
        """Return whose limits these are."""
        session = self.session_shown()
        whose = "every session" if session is None else session_name(session)
        return f"limits of {whose}"

    def detail(self, cells: int, height: int) -> list[Line]:
        """Tell of the limit under the cursor."""
        found = self._found(self.table.chosen)
        return limit_lines(self.view, found, cells)[:height]

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Set the limit that was opened."""
        event.stop()
        if not self.view.read_only:
            self.action_set_limit()

    def action_set_limit(self) -> None:
        """Ask for another value of the limit under the cursor."""
        found = self._found(self.guarded())
        if found is not None:
            session = self.session_shown()
            self.act(
                partial(change_limit, self.app, self.view, self._desk, session, found)
            )

    def action_unset_limit(self) -> None:
        """Take back what was set of the limit under the cursor."""
        found = self._found(self.guarded())
        if found is not None:
            session = self.session_shown()
            self.act(
                partial(take_back, self.app, self.view, self._desk, session, found)
            )

    def _limits(self) -> list[LimitView]:
        return [] if self._told is None else self._told.limits

    def _found(self, name: str | None) -> LimitView | None:
        return next((each for each in self._limits() if each.name == name), None)
