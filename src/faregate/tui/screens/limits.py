"""What limits a session, laid over the screen that asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.panels.session_limits import limit_lines
from faregate.tui.screens.question import QuestionScreen, key_line
from faregate.tui.session_table import session_name

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from faregate.control.governing import LimitsView
    from faregate.control.models import SessionView
    from faregate.tui.lines import Line
    from faregate.tui.view import View


class LimitsScreen(QuestionScreen[None]):
    """Reads as a table; where a limit is set stands beside it."""

    BINDINGS = bindings(Scope.OVERLAY)

    def __init__(self, view: View, session: SessionView, told: LimitsView) -> None:
        super().__init__(view)
        self._session = session
        self._told = told

    def compose(self) -> ComposeResult:
        """Make the table."""
        with Vertical(id="question"):
            yield self.text(self._lines, "question-text")

    def action_close(self) -> None:
        """Go back to the screen below."""
        _ = self.dismiss(None)

    def action_scroll(self, _by: int) -> None:
        """Nothing scrolls here."""

    def _lines(self, cells: int) -> list[Line]:
        name = session_name(self._session)
        table = limit_lines(self.view, name, self._told, cells)
        return [*table, (), key_line(("esc", "back"))]
