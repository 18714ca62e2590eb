"""One question to the person, answered by yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.guard import GUARD_S
from faregate.tui.screens.question import QuestionScreen, key_line, paragraphs

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from faregate.tui.lines import Line
    from faregate.tui.view import View


class ConfirmScreen(QuestionScreen[bool]):
    """Takes no yes in its first moment: that key was meant for something else."""

    BINDINGS = bindings(Scope.QUESTION)

    def __init__(self, view: View, question: str) -> None:
        super().__init__(view)
        self._question = question
        self._asked_at = view.clock.monotonic()

    def compose(self) -> ComposeResult:
        """Make the text."""
        with Vertical(id="question") as frame:
            frame.border_title = "question"
            yield self.text(self._lines, "question-text")

    def action_answer(self, yes: int) -> None:
        """Close with the answer."""
        early = self.view.clock.monotonic() - self._asked_at < GUARD_S
        if not (yes and early):
            _ = self.dismiss(bool(yes))

    def _lines(self, cells: int) -> list[Line]:
        asked = paragraphs(self._question, cells)
        return [*asked, (), key_line(("y", "yes"), ("esc", "no"))]
