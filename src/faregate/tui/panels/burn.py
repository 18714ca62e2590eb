"""The burn: what an hour costs now, the last hour, and what was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.caps import gauges, hourly_rate, last_hour, share
from faregate.tui.figures import count, dollars, money
from faregate.tui.lines import Line, first_that_fits, line, span, spread
from faregate.tui.meter import sparkline
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.tui.view import View

TITLE = "burn, last 60 min"


def burn_lines(view: View, cells: int, _height: int) -> list[Line]:
    """Return five lines: rates, a sparkline of two, the hour, what was lost."""
    store = view.shown
    values = [money(minute) for minute in store.burn][-60:]
    rate = line(span(dollars(hourly_rate(store.burn)), Tone.SPEND), "/h")
    flow = (span(f"{count(store.tokens_per_minute)} tok/min", Tone.MUTED),)
    hour = line("last hour ", span(dollars(last_hour(store.burn)), Tone.SPEND))
    return [
        spread(rate, flow, cells),
        *sparkline(values, cells, 2, view.ink.glyphs),
        hour,
        _lost(view, cells),
    ]


def _lost(view: View, cells: int) -> Line:
    store = view.shown
    wasted = money(store.wasted_month)
    found = gauges(store.budgets.values())
    spent = found[0].spent if found else money("0")
    of_spent = f" ({share(wasted, spent)})" if wasted and spent else ""
    parts = [span(f"failed tries {dollars(wasted)}{of_spent}", Tone.MUTED)]
    if store.refused_month:
        parts.append(span(f"  {store.refused_month} refused", Tone.MUTED))
    return first_that_fits([tuple(parts), tuple(parts[:1])], cells)
