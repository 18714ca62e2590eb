"""The line in which the filter is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

if TYPE_CHECKING:
    from typing import ClassVar

    from textual.app import ComposeResult
    from textual.binding import BindingType

_PLAIN = r"[^\x00-\x1f\x7f-\x9f]*"


class FilterBar(Horizontal):
    """Hidden until it is opened; it keeps its text."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "cancel", "cancel")]

    class Typed(Message):
        """The text changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The person is done with the filter."""

    def __init__(self) -> None:
        super().__init__(id="filter")
        self._before = ""

    def compose(self) -> ComposeResult:
        """Make the sign and the input."""
        yield Static("/", id="filter-sign", markup=False)
        yield Input(
            id="filter-text",
            placeholder="workspace:web state:capped cost>0.5 !idle",
            restrict=_PLAIN,
            max_length=200,
            compact=True,
            select_on_focus=False,
        )

    def open(self, text: str) -> None:
        """Show the line with this text and type in it."""
        self._before = text
        self.display = True
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while the person types."""
        event.stop()
        if self.display:
            self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the text."""
        event.stop()
        self._close()

    def action_cancel(self) -> None:
        """Go back to the text of before."""
        self.post_message(self.Typed(self._before))
        self._close()

    def _close(self) -> None:
        self.display = False
        self.post_message(self.Closed())
