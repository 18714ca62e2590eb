"""The event log: what happened, newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from faregate.control.calling import spelled
from faregate.tui.figures import instant
from faregate.tui.lines import Line, Span, cell, span, text_width, width, wrap
from faregate.tui.session_table import session_name, short_id
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.models import EventView
    from faregate.tui.glyphs import Glyphs
    from faregate.tui.view import View

TITLE = "events"

_KIND, _SESSION, _SESSION_FROM = 8, 20, 100
_UNDER = 11
"""Cells before a further line of an event: it begins under its kind."""


def events_lines(
    view: View, cells: int, height: int, session: str | None = None
) -> list[Line]:
    """Return the newest events, at most `height` of them."""
    newest = (
        event
        for event in reversed(view.shown.events)
        if session is None or event.session == session
    )
    found = [*islice(newest, max(height, 1))]
    if not found:
        return [(span("nothing yet", Tone.MUTED),)]
    with_session = session is None and cells >= _SESSION_FROM
    lines: list[Line] = []
    for event in found:
        # What a person should do stands at the end of it, and must not be cut.
        room = height - len(lines) if event.severity != "info" else 1
        lines += _lines(view, event, with_session, cells, max(room, 1))
        if len(lines) >= height:
            break
    return lines[: max(height, 1)]


def _lines(
    view: View, event: EventView, with_session: bool, cells: int, most: int
) -> list[Line]:
    """Return an event whole, where that takes at most so many lines; else cut."""
    # What is measured must be what is shown.
    told = span(spelled(event.text)).text
    head = _head(view, event, with_session)
    room = cells - width(head)
    if most == 1 or text_width(told) <= room:
        return [(*head, span(told))]
    first = wrap(told, max(room, 10))[0]
    if not told.startswith(first):
        # A word that is longer than the line is cut where it is.
        return [(*head, span(told))]
    rest = wrap(told[len(first) :].strip(), max(cells - _UNDER, 10))
    if len(rest) >= most:
        # What follows is cut at the end of the last line.
        rest = [*rest[: most - 2], " ".join(rest[most - 2 :])]
    under = Span(" " * _UNDER, Tone.TEXT)
    return [(*head, span(first)), *((under, span(each)) for each in rest)]


def _head(view: View, event: EventView, with_session: bool) -> Line:
    at = instant(event.at)
    time = f"{view.clock.local(at):%H:%M:%S}" if at else "--:--:--"
    sign, tone = _sign(event, view.ink.glyphs)
    parts = [
        span(f"{time} ", Tone.MUTED),
        span(f"{sign} ", tone),
        span(cell(event.kind, _KIND) + " ", tone),
    ]
    if with_session:
        parts.append(span(cell(_name(view, event), _SESSION) + " ", Tone.MUTED))
    return tuple(parts)


def _name(view: View, event: EventView) -> str:
    if event.session is None:
        return ""
    known = view.shown.sessions.get(event.session)
    return session_name(known) if known else short_id(event.session)


def _sign(event: EventView, glyphs: Glyphs) -> tuple[str, Tone]:
    match event.severity:
        case "alert":
            return glyphs.alert, Tone.CRIT
        case "warn":
            return glyphs.warning, Tone.WARN
        case "info":
            return glyphs.note, Tone.MUTED
