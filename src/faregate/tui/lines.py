"""Lines of text with meaning, cut and joined by cells; no terminal, no colour.

Every text that came from outside passes `span`, which makes it harmless.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size

from faregate.control.sanitise import sanitise
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Iterable


class Span(NamedTuple):
    """Harmless text of one tone; build it with `span`."""

    text: str
    tone: Tone


Line = tuple[Span, ...]

EMPTY: Line = ()


# The same signs and names are painted four times a second.
_harmless = lru_cache(2048)(sanitise)


def span(text: str, tone: Tone = Tone.TEXT) -> Span:
    """Return a span of sanitised text."""
    return Span(_harmless(text), tone)


def line(*parts: Span | str) -> Line:
    """Return a line of spans; plain strings are text of ours in the plain tone."""
    return tuple(span(part) if isinstance(part, str) else part for part in parts)


def text_width(text: str) -> int:
    """Return the cells that a harmless text takes."""
    # Nearly every text is plain, and a letter of it takes one cell.
    return len(text) if text.isascii() else cell_len(text)


def width(spans: Iterable[Span]) -> int:
    """Return the cells that these spans take."""
    return sum([text_width(text) for text, _ in spans])


def fit(text: str, cells: int, *, cut: str = "…") -> str:
    """Return `text` cut to at most `cells`, ending in `cut` where something is lost."""
    if text_width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    return set_cell_size(text, cells - 1).rstrip() + cut


def fit_middle(text: str, cells: int, *, cut: str = "…") -> str:
    """Return `text` cut in its middle, for names that differ at their ends."""
    # What is shown must be measured: a control takes no cell, and its stand-in one.
    text = _harmless(text)
    if text_width(text) <= cells or cells < 3:
        return fit(text, cells, cut=cut)
    tail = text[-(cells // 2) :]
    while cell_len(tail) > cells // 2:
        tail = tail[1:]
    return set_cell_size(text, cells - 1 - cell_len(tail)).rstrip() + cut + tail


def cell(text: str, cells: int, *, right: bool = False, cut: str = "…") -> str:
    """Return `text` in exactly `cells` cells."""
    if len(text) <= cells and text.isascii() and text.isprintable():
        return text.rjust(cells) if right else text.ljust(cells)
    text = fit(_harmless(text), cells, cut=cut)
    gap = " " * (cells - text_width(text))
    return gap + text if right else text + gap


def spread(left: Line, right: Line, cells: int) -> Line:
    """Return `left` and `right` at the two ends of a line; `right` yields."""
    gap = cells - width(left) - width(right)
    if not right or gap < 1:
        return left
    return (*left, Span(" " * gap, Tone.TEXT), *right)


def first_that_fits(candidates: Iterable[Line], cells: int) -> Line:
    """Return the first line that needs no cutting, else the last one."""
    chosen: Line = EMPTY
    for chosen in candidates:
        if width(chosen) <= cells:
            break
    return chosen


def wrap(text: str, cells: int) -> list[str]:
    """Break `text` at spaces into pieces of at most `cells`; long words are cut."""
    pieces: list[str] = []
    current = ""
    for word in text.split(" "):
        longer = f"{current} {word}" if current else word
        if cell_len(longer) <= cells or not current:
            current = longer
        else:
            pieces.append(current)
            current = word
    pieces.append(current)
    return [fit(piece, cells) for piece in pieces]
