"""One session: its money, its tokens, its context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.retries import retries_of
from faregate.control.work import asked_of, doing_of
from faregate.tui.figures import (
    NOT_KNOWN,
    count,
    dollars,
    duration,
    instant,
    money,
    percent,
)
from faregate.tui.lines import Line, cell, first_that_fits, line, span
from faregate.tui.session_table import cost_text, session_name, state_span
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from datetime import datetime

    from faregate.control.models import SessionView
    from faregate.core.money import Money
    from faregate.tui.view import View

_LABEL = 13


def session_head(view: View, session: SessionView | None) -> list[Line]:
    """Return the line that says which session this is."""
    if session is None:
        return [line(" ", span("this session is no longer listed", Tone.WARN))]
    agent = session.agent or "unknown agent"
    since = ""
    started = instant(session.started_at)
    if started is not None:
        ran = (_heard_of(view, session) - started).total_seconds()
        since = f"since {view.clock.local(started):%H:%M} ({duration(ran)})"
    return [
        line(
            " ",
            span("sessions", Tone.MUTED),
            span(" > ", Tone.TRACK),
            span(session_name(session), Tone.STRONG),
            span(f"   {agent}   {since}   ", Tone.MUTED),
            state_span(session, _doing(view, session), view.ink.glyphs),
            span(_waits_for(view, session), Tone.MUTED),
        )
    ]


def _heard_of(view: View, session: SessionView) -> datetime:
    """Return until when a session worked: for one at work, now."""
    at_work = session.state in {"active", "waiting"} or _doing(view, session)
    last = None if at_work else instant(session.last_at)
    return view.clock.now() if last is None else last


def _doing(view: View, session: SessionView) -> str | None:
    flights = view.shown.flights
    return doing_of(each.state for each in flights if each.session == session.id)


def _waits_for(view: View, session: SessionView) -> str:
    flights = (each for each in view.shown.flights if each.session == session.id)
    return next((f" {each.why}" for each in flights if each.why), "")


def spend_lines(session: SessionView, cells: int) -> list[Line]:
    """Return what the session cost, and what of it is not certain."""
    source: str = session.cost_source
    if session.unpriced:
        source = f"{session.unpriced} without a price"
    return [
        _row(
            cells,
            "spend",
            _cost(session),
            Tone.SPEND,
            source,
        ),
        _row(cells, "now", f"{dollars(money(session.usd_per_hour))}/h"),
        _row(
            cells,
            "held",
            dollars(money(session.held)),
            _tone(money(session.held), Tone.HELD),
        ),
        _row(
            cells,
            "unknown",
            dollars(money(session.unknown)),
            _tone(money(session.unknown), Tone.UNKNOWN),
        ),
        _row(cells, "wasted", dollars(money(session.wasted))),
    ]


def token_lines(session: SessionView, cells: int) -> list[Line]:
    """Return the tokens by kind, and the context of the latest request."""
    new = session.input_tokens - session.cache_read_tokens - session.cache_write_tokens
    return [
        _row(
            cells,
            "input",
            count(session.input_tokens),
            Tone.TEXT,
            f"new {count(max(new, 0))}",
        ),
        _row(
            cells,
            "cache read",
            count(session.cache_read_tokens),
            Tone.TEXT,
            _cached(session),
        ),
        _row(cells, "cache write", count(session.cache_write_tokens)),
        _row(cells, "output", count(session.output_tokens)),
        _row(cells, "context", *_context(session)),
    ]


def traffic_lines(session: SessionView, cells: int) -> list[Line]:
    """Return how many calls it took, and how many were in vain."""
    retries = retries_of(session)
    return [
        _row(
            cells,
            "requests",
            count(asked_of(session)),
            Tone.TEXT,
            f"{session.attempts} attempt{'' if session.attempts == 1 else 's'}",
        ),
        _row(
            cells,
            "retries",
            count(retries),
            Tone.RETRY if retries else Tone.TEXT,
            f"agent {session.client_retries}" if session.client_retries else "",
        ),
        _row(
            cells,
            "refused",
            count(session.refusals),
            Tone.CRIT if session.refusals else Tone.TEXT,
        ),
        _row(cells, "tool calls", count(session.tool_calls)),
        _row(cells, "outcome", session.outcome or "not judged"),
    ]


def label_lines(session: SessionView, cells: int) -> list[Line]:
    """Return names and labels: id, workspace, task, models, the last error."""
    parent = f"part of {session.parent}" if session.parent else ""
    rows = [
        _row(cells, "id", session.id, Tone.TEXT, parent),
        _row(cells, "workspace", session.workspace or NOT_KNOWN),
        _row(cells, "task", session.task or NOT_KNOWN),
        _row(cells, "models", ", ".join(session.models) or NOT_KNOWN),
    ]
    if session.last_error:
        rows.append(_row(cells, "last error", session.last_error, Tone.WARN))
    return rows


def _row(
    cells: int, label: str, value: str, tone: Tone = Tone.TEXT, note: str = ""
) -> Line:
    told = line(span(cell(label, _LABEL), Tone.MUTED), span(value, tone))
    noted = (*told, span(f"  {note}", Tone.MUTED))
    return first_that_fits([noted, told], cells) if note else told


def _cost(session: SessionView) -> str:
    """Return "~$4.77?": the same signs as in the table."""
    bare = cost_text(session).strip()
    return bare if bare == "?" else f"~${bare[1:]}" if bare[0] == "~" else f"${bare}"


def _tone(amount: Money, tone: Tone) -> Tone:
    return tone if amount else Tone.TEXT


def _cached(session: SessionView) -> str:
    return f"{percent(session.cache_read_tokens, session.input_tokens)} of input"


def _context(session: SessionView) -> tuple[str, Tone, str]:
    if session.context_tokens is None:
        return NOT_KNOWN, Tone.TEXT, ""
    used = count(session.context_tokens)
    if not session.context_window:
        return used, Tone.TEXT, "window not known"
    of = percent(session.context_tokens, session.context_window)
    return used, Tone.TEXT, f"{of} of {count(session.context_window)}"
