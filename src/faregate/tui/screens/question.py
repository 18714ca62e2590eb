"""What every question to the person has: a frame over the screen that asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual.screen import ModalScreen

from faregate.tui.lines import Line, span, wrap
from faregate.tui.tones import Tone
from faregate.tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.tui.view import View

Answer = TypeVar("Answer")


class QuestionScreen(ModalScreen[Answer]):
    """Lies over the screen that asks; escape means that nothing happens."""

    AUTO_FOCUS = ""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.add_class("question")
        self.set_class(view.theme_ink.glyphs.border == "ascii", "-ascii")

    def text(self, produce: Callable[[int], list[Line]], name: str) -> LinesView:
        """Return a part that shows what `produce` makes for a width."""
        return LinesView(
            lambda cells, _height: produce(cells),
            lambda: self.view.theme_ink,
            id=name,
            classes="words",
        )


def paragraphs(text: str, cells: int, tone: Tone = Tone.TEXT) -> list[Line]:
    """Return a text of several sentences as lines; its own line breaks are kept."""
    return [
        (span(piece, tone),)
        for part in text.split("\n")
        for piece in wrap(span(part).text, cells)
    ]


def key_line(*keys: tuple[str, str]) -> Line:
    """Return the keys of a question with what they do."""
    parts = [
        each
        for key, does in keys
        for each in (span(key, Tone.KEY), span(f" {does}   ", Tone.MUTED))
    ]
    return tuple(parts)
