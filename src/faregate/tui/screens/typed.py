"""One question to the person, answered by something that is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.widgets import Input

from faregate.tui.screens.question import QuestionScreen, key_line, paragraphs
from faregate.tui.tones import Tone
from faregate.tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from faregate.tui.lines import Line
    from faregate.tui.view import View


class TypedScreen(QuestionScreen[str | None]):
    """Closes with what `read` makes of the text, None for escape.

    `read` raises ValueError with what is wrong, for a person.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "leave")]
    AUTO_FOCUS = "#amount"

    def __init__(
        self,
        view: View,
        question: str,
        read: Callable[[str], str],
        *,
        placeholder: str = "",
        value: str = "",
        longest: int = 24,
    ) -> None:
        super().__init__(view)
        self._question = question
        self._read = read
        self._placeholder = placeholder
        self._value = value
        self._longest = longest
        self._problem = ""

    def compose(self) -> ComposeResult:
        """Make the text and the field."""
        with Vertical(id="question"):
            yield self.text(self._lines, "question-text")
            yield Input(
                self._value,
                id="amount",
                max_length=self._longest,
                compact=True,
                placeholder=self._placeholder,
            )
            yield self.text(self._foot, "question-foot")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what was typed, or say what is wrong with it."""
        event.stop()
        try:
            read = self._read(event.value.strip())
        except ValueError as error:
            self._tell(str(error))
            return
        _ = self.dismiss(read)

    def action_leave(self) -> None:
        """Close without an answer."""
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
