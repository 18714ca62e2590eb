"""One question to the person, answered by yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import ModalScreen

from faregate.tui.actions import Scope, bindings
from faregate.tui.lines import Line, span, wrap
from faregate.tui.tones import Tone
from faregate.tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from faregate.tui.view import View


class ConfirmScreen(ModalScreen[bool]):
    """Lies over the screen that asks; escape is no."""

    BINDINGS = bindings(Scope.QUESTION)
    AUTO_FOCUS = ""

    def __init__(self, view: View, question: str) -> None:
        super().__init__()
        self.view = view
        self._question = question
        self.set_class(view.theme_ink.glyphs.border == "ascii", "-ascii")

    def compose(self) -> ComposeResult:
        """Make the text."""
        part = LinesView(self._lines, lambda: self.view.theme_ink, id="question")
        part.set_title("question")
        yield part

    def action_answer(self, yes: int) -> None:
        """Close with the answer."""
        _ = self.dismiss(bool(yes))

    def _lines(self, cells: int, _height: int) -> list[Line]:
        lines: list[Line] = [(span(each),) for each in wrap(self._question, cells)]
        keys = (span("y", Tone.KEY), span(" yes   ", Tone.MUTED))
        return [*lines, (), (*keys, span("esc", Tone.KEY), span(" no", Tone.MUTED))]
