"""The burn: what an hour costs now, the last hour, and what was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.caps import gauges, hourly_rate, last_hour, share
from faregate.tui.figures import count, dollars, money
from faregate.tui.lines import Line, line, span, spread
from faregate.tui.meter import sparkline
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.tui.view import View

TITLE = "burn, last 60 min"


def burn_lines(view: View, cells: int, _height: int) -> list[Line]:
    """Return five lines: rates, a sparkline of two, the hour, what was lost."""
    store = view.shown
    values = [money(minute) for minute in store.burn[-60:]]
    rate = line(span(dollars(hourly_rate(store.burn)), Tone.SPEND), "/h")
    flow = (span(f"{count(store.tokens_per_minute)} tok/min", Tone.MUTED),)
    hour = line(
        span("last hour ", Tone.MUTED),
        span(dollars(last_hour(store.burn)), Tone.SPEND),
    )
    refused = (span(f"{store.refused_month} refused", Tone.MUTED),)
    return [
        spread(rate, flow, cells),
        *sparkline(values, cells, 2, view.ink.glyphs),
        spread(hour, refused if store.refused_month else (), cells),
        _lost(view, cells),
    ]


def _lost(view: View, cells: int) -> Line:
    """Tell what attempts cost that brought no answer, this month."""
    store = view.shown
    wasted = money(store.wasted_month)
    found = gauges(store.budgets.values())
    spent = found[0].spent if found else money("0")
    told = line(span("wasted ", Tone.MUTED), span(dollars(wasted)))
    of_spent = (span(f"{share(wasted, spent)} of spend", Tone.MUTED),)
    return spread(told, of_spent if wasted and spent else (), cells)
