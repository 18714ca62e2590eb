"""Bars made of cells: the gauge of a budget and the sparkline of a rate."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from faregate.tui.lines import EMPTY, Line, Span
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.money import Money
    from faregate.tui.caps import Gauge
    from faregate.tui.glyphs import Glyphs

MARKS = (50, 80)
_STEPS = 8


def gauge_bar(found: Gauge, cells: int, glyphs: Glyphs) -> Line:
    """Return spent, unknown, held and free money as a bar with marks at 50 and 80 %.

    The bar is full only when the budget is; an amount above zero shows at least once.
    """
    if cells < 1:
        return EMPTY
    limit = max(found.limit.pico, 1)
    ends = [
        _end(amount, limit, cells)
        for amount in (found.spent, found.used, found.used + found.held)
    ]
    marks = {mark_cell(mark, cells) for mark in MARKS}
    edges = sorted({0, *ends, *marks, *[mark + 1 for mark in marks], cells})
    painted: list[tuple[str, Tone]] = []
    for start, end in pairwise(edges):
        sign, tone = _cell(start, ends, cells, glyphs)
        if start in marks:
            sign, tone = glyphs.mark, Tone.TEXT
        painted.append((sign * (end - start), tone))
    return _runs(painted)


def mark_cell(percent: int, cells: int) -> int:
    """Return the cell at which `percent` of a bar begins."""
    return min(cells * percent // 100, cells - 1)


def scale(cells: int) -> Line:
    """Return the figures under a gauge: 0 %, the marks, 100 %."""
    text = "0%".ljust(cells)
    for mark in MARKS:
        at = mark_cell(mark, cells)
        text = text[:at] + f"{mark}%" + text[at + 3 :]
    return (Span(text[: cells - 4] + "100%", Tone.MUTED),)


def sparkline(
    values: Sequence[Money], cells: int, rows: int, glyphs: Glyphs
) -> list[Line]:
    """Return `rows` lines, top first: the latest values at the right.

    Each cell is the mean of its share of the values; nothing is drawn where nothing
    was told.
    """
    groups = _group([value.pico for value in values], cells)
    highest = max(groups, default=0)
    levels = [_level(value, highest, rows) for value in groups]
    blank = " " * (cells - len(levels))
    lines: list[Line] = []
    for row in reversed(range(rows)):
        floor = row * _STEPS
        painted = [_spark(level - floor, row == 0, glyphs) for level in levels]
        lines.append((Span(blank, Tone.TEXT), *_runs(painted)))
    return lines


def column_bars(
    values: Sequence[Money], wide: int, rows: int, glyphs: Glyphs
) -> list[Line]:
    """Return `rows` lines, top first: a bar of `wide` cells for each value.

    The last cell of a bar is left free where there is room, so that bars stand apart.
    """
    highest = max((value.pico for value in values), default=0)
    levels = [_level(value.pico, highest, rows) for value in values]
    gap = " " if wide > 1 else ""
    lines: list[Line] = []
    for row in reversed(range(rows)):
        spans: list[Span] = []
        for level in levels:
            sign, tone = _spark(level - row * _STEPS, row == 0, glyphs)
            spans += [Span(sign * (wide - len(gap)), tone), Span(gap, Tone.TEXT)]
        lines.append(tuple(each for each in spans if each.text))
    return lines


def _end(amount: Money, limit: int, cells: int) -> int:
    if amount.pico <= 0:
        return 0
    if amount.pico >= limit:
        return cells
    return min(max(amount.pico * cells // limit, 1), cells - 1)


def _cell(
    place: int, ends: Sequence[int], cells: int, glyphs: Glyphs
) -> tuple[str, Tone]:
    spent, unknown, held = ends
    if place < spent:
        return glyphs.spent, _position_tone(place, cells)
    if place < unknown:
        return glyphs.unknown, Tone.UNKNOWN
    if place < held:
        return glyphs.held, Tone.HELD
    return glyphs.free, Tone.TRACK


def _position_tone(place: int, cells: int) -> Tone:
    if place >= mark_cell(MARKS[1], cells):
        return Tone.CRIT
    return Tone.WARN if place >= mark_cell(MARKS[0], cells) else Tone.OK


def _group(values: Sequence[int], cells: int) -> list[int]:
    """Return one mean for each cell, so that cells of unlike length compare."""
    number = min(len(values), cells)
    edges = [place * len(values) // max(number, 1) for place in range(number + 1)]
    return [sum(values[start:end]) // (end - start) for start, end in pairwise(edges)]


def _level(value: int, highest: int, rows: int) -> int:
    if value <= 0 or highest <= 0:
        return 0
    return max(value * rows * _STEPS // highest, 1)


def _spark(level: int, bottom: bool, glyphs: Glyphs) -> tuple[str, Tone]:
    if level > 0:
        return glyphs.spark[min(level, _STEPS)], Tone.ACCENT
    return (glyphs.spark[1], Tone.TRACK) if bottom else (" ", Tone.TEXT)


def _runs(painted: Sequence[tuple[str, Tone]]) -> Line:
    return tuple(
        Span("".join(sign for sign, _ in run), tone)
        for tone, run in groupby(painted, key=lambda each: each[1])
    )
