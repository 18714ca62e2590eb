"""The help, laid over the screen it explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.panels.help import help_lines
from faregate.tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from faregate.tui.lines import Line
    from faregate.tui.view import View


class HelpScreen(ModalScreen[None]):
    """Keys of the screen below, columns, signs; made from the tables."""

    BINDINGS = bindings(Scope.OVERLAY)
    AUTO_FOCUS = "#help-scroll"

    def __init__(self, view: View, scopes: tuple[Scope, ...]) -> None:
        super().__init__()
        self.view = view
        self._scopes = scopes
        self.set_class(view.theme_ink.glyphs.border == "ascii", "-ascii")

    def compose(self) -> ComposeResult:
        """Make the scrolling text."""
        with VerticalScroll(id="help-scroll") as scroll:
            scroll.border_title = "help"
            yield LinesView(self._lines, lambda: self.view.theme_ink, id="help-text")

    def action_close(self) -> None:
        """Go back to the screen below."""
        _ = self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        scroll = self.query_one("#help-scroll", VerticalScroll)
        scroll.scroll_relative(y=by, animate=False)

    def _lines(self, cells: int, _height: int) -> list[Line]:
        return help_lines(self.view, cells, self._scopes)
