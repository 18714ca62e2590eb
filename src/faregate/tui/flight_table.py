"""The table of requests in flight: money set aside, who, where, how long."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from faregate.tui.figures import (
    NOT_KNOWN,
    bare,
    duration,
    elapsed,
    fine_column,
    money,
    size,
)
from faregate.tui.lines import Span, span
from faregate.tui.session_table import session_name, short_id
from faregate.tui.table_layout import Cells, Column, Row
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.models import FlightView
    from faregate.tui.glyphs import Glyphs
    from faregate.tui.view import View

COLUMNS = (
    Column(id="held", title="HELD", about="USD set aside for this request", right=True),
    Column(id="session", title="SESSION", about="whose request it is", least=16),
    Column(id="model", title="MODEL", about="what was asked for", drop=4, least=16),
    Column(id="provider", title="PROVIDER", about="who answers", drop=2, least=10),
    Column(id="state", title="STATE", about="what the request does now"),
    Column(id="time", title="TIME", about="since it came", right=True),
    Column(
        id="ttfb",
        title="TTFB",
        about="time to the first byte of the answer",
        right=True,
        drop=1,
    ),
    Column(id="output", title="OUT", about="bytes of the answer", right=True, drop=3),
    Column(id="why", title="WHY", about="what it waits for", least=16, optional=True),
)


def flights_title(view: View) -> str:
    """Return the title of the panel."""
    return f"in flight {len(view.shown.flights)}"


def flight_rows(view: View, session: str | None = None) -> list[Row]:
    """Return a row for each request, waiting ones first, then the longest running."""
    flights = [
        flight
        for flight in view.shown.flights
        if session is None or flight.session == session
    ]
    flights.sort(key=lambda flight: (flight.state != "waiting", -flight.elapsed_s))
    fine = fine_column(flight.held for flight in flights)
    return [_row(view, flight, fine) for flight in flights]


def _row(view: View, flight: FlightView, fine: bool) -> Row:
    return Row(flight.id, partial(_cells, view, flight, fine))


def _cells(view: View, flight: FlightView, fine: bool) -> Cells:
    session = view.shown.sessions.get(flight.session)
    name = session_name(session) if session else short_id(flight.session)
    ttfb = NOT_KNOWN if flight.ttfb_s is None else duration(flight.ttfb_s)
    held = money(flight.held)
    return (
        span(bare(held, fine=fine), Tone.HELD if held else Tone.MUTED),
        span(name),
        span(flight.model.rpartition("/")[2] or NOT_KNOWN, Tone.MUTED),
        span(flight.provider or NOT_KNOWN, Tone.MUTED),
        _state(flight, view.ink.glyphs),
        span(elapsed(flight.elapsed_s + view.age())),
        span(ttfb),
        span(size(flight.output_bytes) if flight.output_bytes else NOT_KNOWN),
        span(flight.why or "", Tone.WAITING),
    )


def _state(flight: FlightView, glyphs: Glyphs) -> Span:
    if flight.state == "waiting":
        return span(f"{glyphs.waiting} waiting", Tone.WAITING)
    if flight.state == "streaming":
        return span(f"{glyphs.running} streaming", Tone.ACTIVE)
    return span(f"{glyphs.dot} {flight.state}", Tone.MUTED)
