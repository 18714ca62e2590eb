"""One session: its figures, what it has in flight, what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal

from faregate.control.work import only_counted
from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.lines import Line, span
from faregate.tui.messages import OpenRequest
from faregate.tui.panels import cap, header, keys_bar, waiting_banner
from faregate.tui.panels import events as event_log
from faregate.tui.panels.session_detail import (
    label_lines,
    session_head,
    spend_lines,
    token_lines,
    traffic_lines,
)
from faregate.tui.reading import Reading
from faregate.tui.request_table import OF_ONE_SESSION, request_rows
from faregate.tui.screens.session_actions import SessionActions
from faregate.tui.store import Kind
from faregate.tui.tones import Tone
from faregate.tui.widgets.line_table import LineTable
from faregate.tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from textual.app import ComposeResult

    from faregate.control.cost_log import RequestView
    from faregate.control.models import SessionView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.view import View

_FIGURES = (
    ("spend", spend_lines),
    ("tokens", token_lines),
    ("traffic", traffic_lines),
)

_MOST = 200
"""Requests that are read."""
_NEWS = {Kind.SESSIONS, Kind.FLIGHTS}


class SessionScreen(SessionActions):
    """Opened from the overview; it follows its session while it is open."""

    BINDINGS = bindings(Scope.OF_SESSION, Scope.SESSION, Scope.BEYOND)
    SCOPES = (
        Scope.TABLE,
        Scope.OF_SESSION,
        Scope.SESSION,
        Scope.BEYOND,
        Scope.EVERYWHERE,
    )
    AUTO_FOCUS = "#requests"

    def __init__(
        self,
        view: View,
        desk: ControlDesk,
        session: str,
        known: SessionView | None = None,
    ) -> None:
        super().__init__(view)
        self._known = known
        self.session = session
        self.following = True
        self._desk = desk
        self._requests: list[RequestView] = []
        self._reading = Reading(self, self._load, self._was_read)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (72, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-short"), (32, "-tall")]

    def compose(self) -> ComposeResult:
        """Make all parts."""
        yield LinesView(self._header, self.ink, id="header")
        yield LinesView(self._banner, self.ink, id="banner")
        yield LinesView(self._waits, self.ink, id="waits")
        yield LinesView(self._head, self.ink, id="session-head")
        with Horizontal(id="figures"):
            for name, produce in _FIGURES:
                yield self._figure(name, produce)
        yield LineTable(OF_ONE_SESSION, self.ink, id="requests")
        yield self._figure("labels", label_lines)
        yield LinesView(self._events, self.ink, id="events", classes="panel")
        yield LinesView(self._keys, self.fresh_ink, id="keys")

    def on_mount(self) -> None:
        """Give the panels their titles."""
        for name, _ in _FIGURES:
            self.query_one(f"#{name}", LinesView).set_title(name)
        self.query_one("#labels", LinesView).set_title("session")
        self.query_one("#events", LinesView).set_title(event_log.TITLE)
        self.repaint(frozenset(Kind))
        self._reading.want()

    def request_shown(self) -> str | None:
        """Return the request that a copy would be about."""
        return self.query_one("#requests", LineTable).chosen

    def action_follow(self) -> None:
        """Keep the cursor on the newest request, or leave it where it is."""
        self.following = not self.following
        self._was_read("")

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        """A person who moves the cursor follows no more."""
        event.stop()
        if self.following:
            self.following = False
            self._was_read("")

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Open a request."""
        event.stop()
        self.post_message(OpenRequest(event.key))

    def acting_on(self) -> SessionView | None:
        """Return the session that the screen shows."""
        return self._found()

    def repaint(self, kinds: AbstractSet[Kind]) -> None:
        """Bring all parts up to date; each repaints only lines that changed."""
        if not self.is_alive or not kinds:
            return
        banner = self.query_one("#banner", LinesView)
        banner.display = bool(self._banner(10, 1))
        self.query_one("#waits").display = bool(self._waits(10, 1))
        for part in self.query(LinesView):
            part.update()
        if kinds & _NEWS and self.view.store.live:
            self._reading.want()

    def tick(self) -> None:
        """Move clocks that a person watches."""
        self.query_one("#header", LinesView).update()
        self.query_one("#waits", LinesView).update()

    def action_back(self) -> None:
        """Go back to the overview."""
        _ = self.dismiss(None)

    def _found(self) -> SessionView | None:
        return self.view.shown.sessions.get(self.session, self._known)

    def _figure(
        self, name: str, produce: Callable[[SessionView, int], list[Line]]
    ) -> LinesView:
        def made(cells: int, _height: int) -> list[Line]:
            found = self._found()
            return produce(found, cells) if found is not None else []

        return LinesView(made, self.ink, id=name, classes="panel")

    def _header(self, cells: int, height: int) -> list[Line]:
        return header.header_lines(self.view, cells, height)

    def _banner(self, cells: int, height: int) -> list[Line]:
        return cap.banner_lines(self.view, cells, height)

    def _waits(self, cells: int, height: int) -> list[Line]:
        return waiting_banner.waiting_lines(self.view, cells, height)

    def _head(self, _cells: int, _height: int) -> list[Line]:
        return session_head(self.view, self._found())

    def _events(self, cells: int, height: int) -> list[Line]:
        return event_log.events_lines(self.view, cells, height, self.session)

    def _keys(self, cells: int, _height: int) -> list[Line]:
        return keys_bar.keys_line(self.view, cells, self.SCOPES)

    async def _load(self) -> None:
        self._requests = await self._desk.requests(self.session, _MOST)

    def _was_read(self, trouble: str) -> None:
        if not self.is_alive:
            return
        table = self.query_one("#requests", LineTable)
        counted = sum(map(only_counted, self._requests))
        parts = [f"requests {len(self._requests) - counted}"]
        parts += [f"{counted} counted"] if counted else []
        parts += [trouble] if trouble else []
        if self.following:
            parts.append("following")
        table.set_title(f" {self.view.ink.glyphs.dot} ".join(parts))
        rows = request_rows(self.view, self._requests, with_session=False)
        table.show(rows, empty=(span("  no request yet", Tone.MUTED),))
        if self.following:
            table.lead_to_top()
