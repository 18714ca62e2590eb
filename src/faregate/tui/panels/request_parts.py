"""The line of a request's parts, and what stands in place of what was not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.capture import HOW_TO_TURN_ON
from faregate.tui.captured_text import Part
from faregate.tui.lines import Line, Span, span
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.tui.captured_text import Source

KEYS = dict(zip("01234", Part, strict=True))
_LONG = {Part.HEADERS: "headers (secrets hidden)"}


def parts_line(part: Part, cells: int) -> Line:
    """Return the parts with their keys, the shown one marked."""
    told: list[Span] = []
    for key, each in KEYS.items():
        name = _LONG.get(each, str(each)) if cells >= 100 else str(each)
        shown = each is part
        told += [
            span(f" {key} ", Tone.NOTICE if shown else Tone.KEY),
            span(f" {name} ", Tone.STRONG if shown else Tone.MUTED),
        ]
    return tuple(told)


def source_title(source: Source | None, place: int, of: int) -> str:
    """Return which body is shown, the `place`th of `of`."""
    if source is None:
        return ""
    return f"{source.label} ({place} of {of}: a)" if of > 1 else source.label


def not_captured(why: str) -> list[str]:
    """Return what is said where nothing of a request was kept."""
    return [
        why or "nothing was captured of this request",
        "",
        f"To keep what comes from now on, {HOW_TO_TURN_ON}",
        "or press C. Prompts, code and answers go to disk then; keys never do.",
    ]
