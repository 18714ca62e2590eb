"""One question to the person, answered by an amount of money that is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.widgets import Input

from faregate.core.money import Money
from faregate.tui.screens.question import QuestionScreen, key_line, paragraphs
from faregate.tui.tones import Tone
from faregate.tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from faregate.tui.lines import Line
    from faregate.tui.view import View


class AmountScreen(QuestionScreen[str | None]):
    """Closes with the typed amount in USD as exact decimal text, None for escape.

    With `word` that word is an answer too, such as "none" for no limit at all.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "leave")]
    AUTO_FOCUS = "#amount"

    def __init__(self, view: View, question: str, *, word: str = "") -> None:
        super().__init__(view)
        self._question = question
        self._word = word
        self._problem = ""

    def compose(self) -> ComposeResult:
        """Make the text and the field."""
        with Vertical(id="question"):
            yield self.text(self._lines, "question-text")
            yield Input(id="amount", max_length=24, compact=True, placeholder="USD")
            yield self.text(self._foot, "question-foot")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the amount, or say what is wrong with it."""
        event.stop()
        typed = event.value.strip()
        if self._word and typed.casefold() == self._word:
            _ = self.dismiss(self._word)
            return
        try:
            amount = Money.usd(typed.removeprefix("$").replace(",", ""))
        except ValueError:
            self._tell(f"{typed!r} is no amount in USD, such as 25 or 0.50")
            return
        if amount < Money():
            self._tell("an amount cannot be below zero")
            return
        _ = self.dismiss(amount.exact())

    def action_leave(self) -> None:
        """Close without an amount."""
        _ = self.dismiss(None)

    def _tell(self, problem: str) -> None:
        self._problem = problem
        foot = self.query_one("#question-foot", LinesView)
        foot.refresh(layout=True)
        foot.update()

    def _lines(self, cells: int) -> list[Line]:
        return [*paragraphs(self._question, cells), ()]

    def _foot(self, cells: int) -> list[Line]:
        wrong = paragraphs(self._problem, cells, Tone.WARN) if self._problem else [()]
        return [*wrong, key_line(("enter", "takes it"), ("esc", "leaves it as it is"))]
