"""A panel that shows lines and repaints only those that changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from faregate.control.sanitise import sanitise
from faregate.tui.lines import EMPTY, Line
from faregate.tui.widgets.frame import Frame

if TYPE_CHECKING:
    from textual import events
    from textual.geometry import Size
    from textual.strip import Strip

    from faregate.tui.ink import Ink

Produce = Callable[[int, int], Sequence[Line]]
"""Makes lines for a width and a height in cells."""


class LinesView(Widget):
    """Shows what `produce` returns; `ink` is asked at each painting."""

    ALLOW_SELECT = False

    def __init__(
        self,
        produce: Produce,
        ink: Callable[[], Ink],
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._styles_cache = self._frame = Frame(self)
        self._produce = produce
        self._ink = ink
        self._lines: tuple[Line, ...] = ()
        self._painted_with: Ink | None = None
        self._title = ""

    def update(self) -> None:
        """Make the lines anew and repaint those that differ."""
        size = self._frame.measure()
        if not size.width or not size.height:
            return
        before, self._lines = self._lines, tuple(self._produce(*size))
        ink = self._ink()
        if ink is not self._painted_with:
            self._painted_with = ink
            self.refresh()
            return
        lines = range(min(max(len(before), len(self._lines)), size.height))
        self._frame.refresh([y for y in lines if _at(before, y) != _at(self._lines, y)])

    def set_title(self, title: str) -> None:
        """Set the title in the border; harmless text, never markup."""
        title = sanitise(title)
        if title != self._title:
            self._title = title
            self.border_title = Content(title)

    def on_resize(self, _event: events.Resize) -> None:
        """Lines depend on the width, so make them anew."""
        self._painted_with = None
        self.update()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines there are, for a panel of automatic height."""
        return len(self._produce(width, container.height or viewport.height))

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        return self._ink().paint(_at(self._lines, y), self._frame.room.width)


def _at(lines: Sequence[Line], y: int) -> Line:
    return lines[y] if y < len(lines) else EMPTY
