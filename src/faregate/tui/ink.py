"""Turns lines into painted strips: one style a tone, the glyphs, and the ground.

Owns how a theme and an alphabet meet; knows nothing of what the lines say.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from faregate.tui.lines import fit, text_width
from faregate.tui.tones import REVERSED, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faregate.tui.glyphs import Glyphs

_CUT = "…"
_BOLD = {Tone.STRONG, Tone.SPEND, Tone.CRIT, Tone.CAPPED, Tone.KEY}
_LOUD_WHEN_STALE = {Tone.ALERT, Tone.NOTICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """Styles of one theme in one alphabet."""

    styles: Mapping[Tone, Style]
    selected: Style
    glyphs: Glyphs
    stale: bool = False
    """Whether figures are old: everything but alerts turns quiet."""

    def aged(self, stale: bool) -> Ink:
        """Return this ink for figures that are, or are not, old."""
        return self if stale == self.stale else replace(self, stale=stale)

    def style(self, tone: Tone) -> Style:
        """Return the style of a tone."""
        if self.stale and tone not in _LOUD_WHEN_STALE:
            return self.styles[Tone.MUTED]
        return self.styles[tone]

    def paint(
        self,
        content: Iterable[tuple[str, Tone]],
        cells: int,
        *,
        selected: bool = False,
    ) -> Strip:
        """Return `content` in exactly `cells` cells on the theme's ground."""
        found: list[tuple[str, Tone]] = []
        used = 0
        for text, tone in content:
            length = len(text)
            if not text.isascii():
                text = self.readable(text)
                length = text_width(text)
            if used + length > cells:
                text = fit(text, cells - used, cut=self.glyphs.cut)
                length = text_width(text)
            found.append((text, tone))
            used += length
            if used >= cells:
                break
        found.append((" " * (cells - used), Tone.TEXT))
        if selected:
            whole = "".join([text for text, _ in found])
            return Strip([Segment(whole, self.selected)], cells)
        runs = _runs(found)
        return Strip([Segment(text, self.style(tone)) for text, tone in runs], cells)

    def readable(self, text: str) -> str:
        """Return `text` in the signs of this alphabet, in as many cells."""
        if text.isascii() or not self.glyphs.unreadable.isascii():
            return text
        cut, unreadable = self.glyphs.cut, self.glyphs.unreadable
        return "".join(_in_ascii(each, cut, unreadable) for each in text)


def _runs(pieces: Iterable[tuple[str, Tone]]) -> list[tuple[str, Tone]]:
    """Join pieces of one tone; a blank takes the tone beside it, which looks the same."""
    runs: list[tuple[str, Tone]] = []
    run, of = "", Tone.TEXT
    for text, tone in pieces:
        loud = tone in REVERSED or of in REVERSED
        if tone is of or (text.isspace() and not loud):
            run += text
        elif not run or (run.isspace() and not loud):
            run, of = run + text, tone
        elif text:
            runs.append((run, of))
            run, of = text, tone
    if run:
        runs.append((run, of))
    return runs


@lru_cache(4096)
def _in_ascii(letter: str, cut: str, unreadable: str) -> str:
    """Return a letter without its marks, else a stand-in for each of its cells."""
    if letter.isascii():
        return letter
    if letter == _CUT:
        return cut
    bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    cells = cell_len(letter)
    return bare if bare and len(bare) == cells else unreadable * cells


def mix(colors: Mapping[str, str], glyphs: Glyphs) -> Ink:
    """Build the ink from a theme's colours: one per tone, ground and cursor."""
    ground = colors["background"]
    styles = {
        tone: Style(
            color=colors[_color_of(tone)],
            bgcolor=ground,
            bold=tone in _BOLD or tone in REVERSED,
            reverse=tone in REVERSED,
        )
        for tone in Tone
    }
    return Ink(
        styles=styles,
        selected=Style(
            color=colors["cursor_text"], bgcolor=colors["cursor"], bold=True
        ),
        glyphs=glyphs,
    )


def _color_of(tone: Tone) -> str:
    match tone:
        case Tone.TEXT | Tone.STRONG | Tone.NOTICE:
            return "foreground"
        case Tone.KEY:
            return "accent"
        case Tone.ALERT:
            return "crit"
        case _:
            return tone.value
