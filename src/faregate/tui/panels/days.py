"""The month's days as bars, with both projections under them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from faregate.core.money import Money
from faregate.tui.caps import gauges, pace
from faregate.tui.figures import dollars, money
from faregate.tui.lines import Line, Span, cell, line, span
from faregate.tui.meter import column_bars
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.cost_log import SumView
    from faregate.tui.view import View

_LABEL = 9


def day_lines(
    view: View, first: date, found: Sequence[SumView], cells: int, height: int
) -> list[Line]:
    """Return bars from the first day of the window to today, an axis, the pace."""
    spent = {each.key: money(each.cost) for each in found}
    today = view.clock.local(view.clock.now()).date()
    days = max((today - first).days + 1, 1)
    values = [
        spent.get((first + timedelta(days=n)).isoformat(), Money()) for n in range(days)
    ]
    rows = max(height - 3, 1)
    wide = max((cells - _LABEL) // max(days, 1), 1)
    highest = max(values, default=Money())
    lines: list[Line] = []
    bars = column_bars(values, wide, rows, view.ink.glyphs)
    for place, bar in enumerate(bars):
        label = dollars(highest) if place == 0 else ""
        lines.append(
            (span(cell(label, _LABEL - 1, right=True) + " ", Tone.MUTED), *bar)
        )
    lines.append(_axis(first, days, wide))
    return [*lines, *_pace(view)]


def _axis(first: date, days: int, wide: int) -> Line:
    text = " " * _LABEL
    for n in range(days):
        day = first + timedelta(days=n)
        if n % max(4 // wide + 1, 1) == 0 and len(text) <= _LABEL + n * wide:
            text += str(day.day).ljust(wide)
        elif len(text) < _LABEL + (n + 1) * wide:
            text = text.ljust(_LABEL + (n + 1) * wide)
    return (Span(text, Tone.MUTED),)


def _pace(view: View) -> list[Line]:
    found = gauges(view.shown.budgets.values())
    if not found:
        return [(span("no cap is set", Tone.WARN),)]
    store = view.shown
    up = store.proxy.uptime_s if store.proxy else 0.0
    first = found[0]
    return [
        line(
            span(f"{dollars(first.used)} of {dollars(first.limit)}  ", Tone.SPEND),
            span(f"{first.percent}  ", Tone.STRONG),
            span(pace(first, store.burn, up, view.clock), Tone.MUTED),
        )
    ]
