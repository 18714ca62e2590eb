"""The table of limits: what is used of each, and who set it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from faregate.config.limit_values import allowed
from faregate.tui.figures import NOT_KNOWN, count, dollars, duration, instant, money
from faregate.tui.lines import EMPTY, Line, line, span, wrap
from faregate.tui.table_layout import Column, Row
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.governing import LimitView
    from faregate.tui.lines import Span
    from faregate.tui.view import View

COLUMNS = (
    Column(id="limit", title="LIMIT", about="what it counts", least=14),
    Column(
        id="used",
        title="USED",
        about="what counts against it, of how much; - where nothing is counted yet",
        right=True,
    ),
    Column(
        id="hit",
        title="HIT",
        about="requests that it refused since the proxy started",
        optional=True,
    ),
    Column(
        id="source",
        title="FROM",
        about="where it is set: config.toml, faregate run, or faregate limits and s",
        least=10,
    ),
    Column(
        id="ends",
        title="ENDS",
        about="when it ends, where it was set for a while",
        optional=True,
        drop=1,
    ),
)
_ABOUT = {
    "requests": "Requests that a session may make, its sub-agents' included.",
    "wall_clock": "How long a session may last, from its first request on.",
    "input_tokens": "Input tokens of a session, those from a cache included.",
    "output_tokens": "Output tokens of a session.",
    "retries": "Requests sent again, by the gate or by the agent.",
    "tool_calls": "Tools that the answers of a session called.",
    "concurrency": "Requests of a session at once; more of them wait.",
    "request_input_tokens": "Input tokens of one request.",
    "request_output_tokens": "Output tokens of one request.",
    "tokens_per_minute": "Tokens of a session within any 60 seconds; more wait.",
    "spend_per_minute": "USD of a session within any 60 seconds; more waits.",
}


def limit_rows(view: View, limits: Sequence[LimitView]) -> list[Row]:
    """Return a row for each limit, in the order in which they are documented."""
    return [Row(each.name, partial(_cells, view, each)) for each in limits]


def limit_lines(view: View, each: LimitView | None, cells: int) -> list[Line]:
    """Return what a limit is, where it is from, and what may be typed for it."""
    if each is None:
        return [(span("nothing limits it but the caps", Tone.MUTED),)]
    lines: list[Line] = [
        line(
            span(each.name, Tone.STRONG),
            span(f"  {_ABOUT.get(each.name, '')}", Tone.MUTED),
        ),
        line(span("from ", Tone.MUTED), span(_whence(view, each))),
        EMPTY,
    ]
    told = f"s sets it: {allowed(each.name)}. To loosen it asks first."
    if is_set(each):
        told += " r takes back what was set."
    return [*lines, *[(span(piece, Tone.MUTED),) for piece in wrap(told, cells)]]


def is_set(each: LimitView) -> bool:
    """Tell whether a limit was set while the proxy runs, so that it can be taken back."""
    return each.scope is not None


def limit_figure(name: str, text: str | None) -> str:
    """Return a value of a limit as a person reads it: money, a time or a count."""
    if text is None:
        return "none"
    if name == "wall_clock":
        return duration(_number(text))
    if name == "spend_per_minute":
        return dollars(money(text))
    return count(round(_number(text)))


def exact_figure(name: str, text: str | None) -> str:
    """Return the same to the last digit: what is confirmed must not be rounded."""
    if text is None or name in {"wall_clock", "spend_per_minute"}:
        return limit_figure(name, text)
    return f"{round(_number(text)):,}"


def _whence(view: View, each: LimitView) -> str:
    parts = [each.source]
    if each.without is not None:
        hidden = None if each.without == "none" else each.without
        parts.append(f"hides {exact_figure(each.name, hidden)}")
    if each.until is not None:
        parts.append(f"ends {_instant(view, each.until)}")
    return ", ".join(parts)


def _cells(view: View, each: LimitView) -> tuple[Span, ...]:
    used = NOT_KNOWN if each.used is None else limit_figure(each.name, each.used)
    limit = limit_figure(each.name, each.limit)
    refused = f"{view.ink.glyphs.alert} refused {each.hit}" if each.hit else ""
    return (
        span(each.name.replace("_", " ")),
        span(f"{used} of {limit}", Tone.STRONG),
        span(refused, Tone.CRIT),
        span(each.source, Tone.ACCENT if is_set(each) else Tone.MUTED),
        span("" if each.until is None else _instant(view, each.until), Tone.MUTED),
    )


def _instant(view: View, text: str) -> str:
    at = instant(text)
    return text if at is None else f"{view.clock.local(at):%d %b %H:%M}"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
