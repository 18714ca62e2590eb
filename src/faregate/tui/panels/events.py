"""The event log: what happened, newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from faregate.tui.figures import instant
from faregate.tui.lines import Line, cell, span
from faregate.tui.session_table import session_name, short_id
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.models import EventView
    from faregate.tui.glyphs import Glyphs
    from faregate.tui.view import View

TITLE = "events"

_KIND, _SESSION, _SESSION_FROM = 8, 20, 100


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
    return [_line(view, event, with_session) for event in found]


def _line(view: View, event: EventView, with_session: bool) -> Line:
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
    parts.append(span(event.text))
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
