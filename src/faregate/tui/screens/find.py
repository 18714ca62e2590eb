"""One question to the person: which text to look for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.widgets import Input

from faregate.tui.screens.question import QuestionScreen, key_line, paragraphs
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from faregate.tui.lines import Line
    from faregate.tui.view import View


class FindScreen(QuestionScreen[str | None]):
    """Closes with the text to look for, None for escape."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "leave")]
    AUTO_FOCUS = "#wanted"

    def __init__(self, view: View, before: str) -> None:
        super().__init__(view)
        self._before = before

    def compose(self) -> ComposeResult:
        """Make the field."""
        with Vertical(id="question"):
            yield self.text(self._lines, "question-text")
            yield Input(self._before, id="wanted", max_length=200, compact=True)
            yield self.text(self._foot, "question-foot")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the text."""
        event.stop()
        _ = self.dismiss(event.value or None)

    def action_leave(self) -> None:
        """Close without a text."""
        _ = self.dismiss(None)

    def _lines(self, cells: int) -> list[Line]:
        return paragraphs("Find a text, in any case", cells, Tone.STRONG)

    def _foot(self, _cells: int) -> list[Line]:
        return [key_line(("enter", "finds it, n the next one"), ("esc", "leaves"))]
