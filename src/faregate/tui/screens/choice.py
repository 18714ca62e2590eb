"""One question to the person, answered by one of a few keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from textual.containers import Vertical

from faregate.tui.lines import Line, cell, line, span
from faregate.tui.screens.question import QuestionScreen, key_line, paragraphs
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

    from faregate.tui.view import View

T = TypeVar("T")
_LEAVE = {"escape", "q"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Generic[T]):
    """One answer: the key that gives it, its word, a note beside it."""

    key: str
    label: str
    value: T
    note: str = ""


class ChoiceScreen(QuestionScreen[T | None]):
    """Closes with the value of the key that was pressed, None for escape."""

    def __init__(self, view: View, title: str, choices: Sequence[Choice[T]]) -> None:
        super().__init__(view)
        self._title = title
        self._choices = tuple(choices)

    def compose(self) -> ComposeResult:
        """Make the list."""
        with Vertical(id="question"):
            yield self.text(self._lines, "question-text")

    def on_key(self, event: events.Key) -> None:
        """Take the key that stands for an answer."""
        event.stop()
        for choice in self._choices:
            if event.key == choice.key or event.character == choice.key:
                _ = self.dismiss(choice.value)
                return
        if event.key in _LEAVE:
            _ = self.dismiss(None)

    def _lines(self, cells: int) -> list[Line]:
        widest = max((len(each.label) for each in self._choices), default=0)
        lines = [*paragraphs(self._title, cells, Tone.STRONG), ()]
        for each in self._choices:
            key = span(f" {each.key}  ", Tone.KEY)
            note = span(each.note, Tone.MUTED)
            lines.append(line(key, f"{cell(each.label, widest)}  ", note))
        return [*lines, (), key_line(("esc", "leaves everything as it is"))]
