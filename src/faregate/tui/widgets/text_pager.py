"""Long text, of which only what is on screen is painted.

It is given lines that fit and are harmless; it knows nothing of what they say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.lines import Line, Span
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.strip import Strip

    from faregate.tui.ink import Ink


class TextPager(ScrollView):
    """Shows lines, scrolls and finds in them; tells when its width changes."""

    ALLOW_SELECT = False
    BINDINGS = bindings(Scope.TEXT)
    can_focus = True

    class Resized(Message):
        """Another width needs other lines."""

    def __init__(self, ink: Callable[[], Ink], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ink = ink
        self._lines: Sequence[str] = ()
        self._found: int | None = None
        self._cells = 0

    @property
    def text(self) -> str:
        """Return everything that is shown."""
        return "\n".join(self._lines)

    @property
    def cells(self) -> int:
        """Return how wide a line may be."""
        return max(self.content_size.width - 1, 1)

    def show(self, lines: Sequence[str]) -> None:
        """Show these lines, from the first one."""
        self._lines = lines
        self._found = None
        self.virtual_size = Size(self.content_size.width, len(lines))
        self.scroll_to(y=0, animate=False)
        self.refresh()

    def set_title(self, title: str) -> None:
        """Set the title in the border; plain text, never markup."""
        self.border_title = Content(title)

    def find(self, text: str) -> bool:
        """Go to the next line that has `text`, in any case; False for none."""
        wanted = text.casefold()
        number = len(self._lines)
        start = self.scroll_offset.y if self._found is None else self._found + 1
        for step in range(number):
            place = (start + step) % number
            if wanted in self._lines[place].casefold():
                self._found = place
                self.scroll_to(y=max(place - 2, 0), animate=False)
                self.refresh()
                return True
        self._found = None
        self.refresh()
        return False

    def action_move(self, by: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=self.scroll_offset.y + by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll by a screenful."""
        self.action_move(by * max(self.content_size.height - 2, 1))

    def action_top(self) -> None:
        """Go to the first line."""
        self.scroll_to(y=0, animate=False)

    def action_bottom(self) -> None:
        """Go to the last line."""
        self.scroll_to(y=len(self._lines), animate=False)

    def on_resize(self, _event: events.Resize) -> None:
        """Have the lines made anew where the width is another one."""
        if self.cells != self._cells:
            self._cells = self.cells
            self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        place = y + self.scroll_offset.y
        text = self._lines[place] if place < len(self._lines) else ""
        found = place == self._found
        tone = Tone.NOTICE if found else _tone(text)
        content: Line = (Span(text, tone),)
        return self._ink().paint(content, self.content_size.width)


def _tone(text: str) -> Tone:
    """Return the tone of a line: what the program says of itself stands out."""
    if text.startswith("-- "):
        return Tone.ACCENT
    return Tone.MUTED if text.startswith("+") and text.endswith(" bytes") else Tone.TEXT
