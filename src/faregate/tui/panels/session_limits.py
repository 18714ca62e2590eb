"""The limits of a session as a table: used, of what, set where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.figures import NOT_KNOWN, count, dollars, duration, money
from faregate.tui.lines import EMPTY, Line, cell, line, span, wrap
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.governing import LimitsView, LimitView
    from faregate.tui.view import View

_HOW = (
    "Set under [limits] or [limits.agent.NAME] in config.toml, or for one run: "
    "faregate run --max-requests 100 --max-time 30m --max-cost 2 -- AGENT"
)
_NAME, _FIGURE = 22, 8


def limit_lines(view: View, name: str, told: LimitsView, cells: int) -> list[Line]:
    """Return the table, and how a limit is changed."""
    lines: list[Line] = [(span(f"limits of {name}", Tone.STRONG),), EMPTY]
    lines += [_row(view, each) for each in told.limits]
    if not told.limits:
        lines.append((span("nothing limits it but the caps", Tone.MUTED),))
    return [*lines, EMPTY, *[(span(each, Tone.MUTED),) for each in wrap(_HOW, cells)]]


def _row(view: View, each: LimitView) -> Line:
    used = NOT_KNOWN if each.used is None else _figure(each.name, each.used)
    limit = "none" if each.limit is None else _figure(each.name, each.limit)
    hit = f"  {view.ink.glyphs.alert} refused {each.hit}" if each.hit else ""
    return line(
        cell(each.name.replace("_", " "), _NAME),
        span(cell(used, _FIGURE, right=True), Tone.STRONG),
        span(" of ", Tone.MUTED),
        cell(limit, _FIGURE),
        span(f" {each.source}", Tone.MUTED),
        span(hit, Tone.CRIT),
    )


def _figure(name: str, text: str) -> str:
    """Return a figure as a person reads it: money, seconds or a count."""
    if name == "wall_clock":
        return duration(_number(text))
    if name in {"spend_per_minute", "max_cost"}:
        return dollars(money(text))
    return count(round(_number(text)))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
