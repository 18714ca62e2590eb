"""Which parts of the overview a terminal of a given size has room for."""

from __future__ import annotations

from dataclasses import dataclass

_WIDE = 100
PROVIDERS_FROM = 112
"""Cells from which the providers have a panel; below, the top line names trouble."""

_PANELS = 7
_FRAME = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Heights in lines, borders included; 0 hides a part."""

    panels: int
    strip: int
    flights: int
    events: int
    providers: bool = True
    bordered: bool = True


def arrange(cells: int, lines: int) -> Arrangement:
    """Return what fits; the sessions get what is left, and there is always a screen."""
    if cells < 60 or lines < 12:
        strip = 2 if lines >= 8 else 1 if lines >= 5 else 0
        return Arrangement(panels=0, strip=strip, flights=0, events=0, bordered=False)
    wide = cells >= _WIDE and lines >= 28
    left = lines - _FRAME - (_PANELS if wide else 2)
    flights, events = _lower(left)
    return Arrangement(
        panels=_PANELS if wide else 0,
        strip=0 if wide else 2,
        flights=flights,
        events=events,
        providers=cells >= PROVIDERS_FROM,
    )


def _lower(left: int) -> tuple[int, int]:
    if left >= 40:
        return 11, 12
    if left >= 26:
        return 7, 7
    if left >= 18:
        return 5, 5
    if left >= 14:
        return 5, 0
    return 0, 0
