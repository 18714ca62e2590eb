"""Takes every colour out of what is painted, for terminals that must get none.

What colour told is told by signs and words already; a bar that only its ground set
apart, such as the row under the cursor, is reversed instead.
"""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_APART = 2.0
"""Contrast to the screen's ground from which a ground of its own means something."""


@lru_cache(8)
def colorless(ground: str) -> Colorless:
    """Return the filter for a screen on the ground `#rrggbb`, the same one each time.

    Painted lines are kept by the filter that they passed.
    """
    return Colorless(ground)


class Colorless(LineFilter):
    """Leaves bold, underline and reverse; no colour, not even grey."""

    def __init__(self, ground: str) -> None:
        """Take `#rrggbb` as the ground of the screen."""
        super().__init__()
        self._ground = _luminance(Color.parse(ground))

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without colours; `background` is the widget's own."""
        del background
        return [
            Segment(text, None if style is None else _plain(style, self._ground), told)
            for text, style, told in segments
        ]


@lru_cache(1024)
def _plain(style: Style, ground: float) -> Style:
    under = style.bgcolor
    apart = (
        under is not None
        and not under.is_default
        and _contrast(_luminance(Color.from_rich_color(under)), ground) >= _APART
    )
    return Style(
        bold=style.bold,
        italic=style.italic,
        underline=style.underline,
        strike=style.strike,
        reverse=True if apart else style.reverse,
        meta=style.meta or None,
    )


def _contrast(one: float, other: float) -> float:
    dark, light = sorted((one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    """Return the relative luminance as WCAG 2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
