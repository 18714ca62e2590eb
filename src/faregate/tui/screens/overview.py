"""The overview: the cap, the burn, the sessions, what is in flight, what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import TYPE_CHECKING

from textual.containers import Horizontal

from faregate.control.sanitise import sanitise
from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.arrangement import Arrangement, arrange
from faregate.tui.filtering import parse_filter
from faregate.tui.flight_table import COLUMNS as FLIGHT_COLUMNS
from faregate.tui.flight_table import flight_rows, flights_title
from faregate.tui.lines import EMPTY, Line, span
from faregate.tui.messages import OpenSession
from faregate.tui.panels import (
    burn,
    cap,
    header,
    keys_bar,
    notice,
    providers,
    waiting_banner,
)
from faregate.tui.panels import events as event_log
from faregate.tui.screens.session_actions import SessionActions
from faregate.tui.session_table import COLUMNS as SESSION_COLUMNS
from faregate.tui.store import Kind
from faregate.tui.tones import Tone
from faregate.tui.view import View
from faregate.tui.widgets.filter_bar import FilterBar
from faregate.tui.widgets.line_table import LineTable
from faregate.tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from faregate.control.models import SessionView

_Produce = Callable[[View, int, int], Sequence[Line]]

_HEADER = {Kind.PROXY, Kind.LINK, Kind.BUDGETS, Kind.SESSIONS}
_MONEY = {Kind.BUDGETS, Kind.BURN, Kind.PROXY}


class OverviewScreen(SessionActions):
    """The first screen; everything on it is also told without colour."""

    BINDINGS = bindings(Scope.FIRST_RUN, Scope.OVERVIEW, Scope.OF_SESSION)
    SCOPES = (Scope.TABLE, Scope.OVERVIEW, Scope.OF_SESSION, Scope.EVERYWHERE)
    AUTO_FOCUS = "#sessions"

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._arranged: Arrangement | None = None

    def compose(self) -> ComposeResult:
        """Make all parts; the size decides which of them are shown."""
        yield self._lines("header", header.header_lines)
        yield self._lines("banner", cap.banner_lines)
        yield self._lines("waits", waiting_banner.waiting_lines)
        yield self._lines("notice", notice.notice_lines, "panel")
        yield self._lines("strip", cap.strip_lines)
        with Horizontal(id="panels"):
            yield self._lines("cap", cap.cap_lines, "panel")
            yield self._lines("burn", burn.burn_lines, "panel")
            yield self._lines("providers", providers.providers_lines, "panel")
        yield LineTable(SESSION_COLUMNS, self.ink, id="sessions")
        yield LineTable(FLIGHT_COLUMNS, self.ink, cursor=False, id="flights")
        yield self._lines("events", event_log.events_lines, "panel")
        yield FilterBar()
        yield self._lines("keys", self._keys)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key of the test request to others once there was a request."""
        first = self.view.shown.told and notice.is_needed(self.view)
        if action == "trial" and not first:
            return False
        return super().check_action(action, parameters)

    def action_trial(self) -> None:
        """Send one small request through the gate, after a question."""
        from faregate.tui.screens.trial import try_it

        desk = self._acting.control
        self._acting.act(partial(try_it, self.app, self.view, desk))

    def acting_on(self) -> SessionView | None:
        """Return the session under the cursor."""
        chosen = self.query_one("#sessions", LineTable).chosen
        return None if chosen is None else self.view.shown.sessions.get(chosen)

    def repaint(self, kinds: AbstractSet[Kind]) -> None:
        """Bring the parts up to date that show these kinds of news."""
        if not self.is_alive:
            return
        if self._show_parts() or Kind.LINK in kinds:
            kinds = frozenset(Kind)
        if kinds & _HEADER:
            self._update("header", "banner")
        if kinds & {Kind.APPROVALS, Kind.LINK}:
            self._update("waits")
        if kinds & _MONEY:
            self._update("cap", "burn", "strip")
            self._view("cap").set_title(cap.cap_title(self.view))
        if kinds & {Kind.PROVIDERS}:
            self._update("providers")
            self._view("providers").set_title(providers.providers_title(self.view))
        if kinds & {Kind.SESSIONS, Kind.FLIGHTS}:
            self._show_sessions()
            self._show_flights()
        if kinds & {Kind.EVENTS, Kind.SESSIONS}:
            self._update("events")
        self._update("notice", "keys")

    def tick(self) -> None:
        """Move clocks that a person watches."""
        self._update("header", "waits", "notice")
        self._show_flights()

    def on_mount(self) -> None:
        """Give the panels their fixed titles."""
        self._view("burn").set_title(burn.TITLE)
        self._view("events").set_title(event_log.TITLE)
        self.query_one(FilterBar).display = False
        self.repaint(frozenset(Kind))

    def on_resize(self, event: events.Resize) -> None:
        """Choose the parts that this size has room for."""
        self._arrange(arrange(event.size.width, event.size.height))

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Open a session."""
        event.stop()
        self.post_message(OpenSession(event.key))

    def on_filter_bar_typed(self, event: FilterBar.Typed) -> None:
        """Apply the filter while it is typed."""
        event.stop()
        self.view.wanted = parse_filter(event.text)
        self.view.filtering = True
        self._show_sessions()

    def on_filter_bar_closed(self, event: FilterBar.Closed) -> None:
        """Give the keys back to the table."""
        event.stop()
        self.query_one("#sessions", LineTable).focus()

    def action_edit_filter(self) -> None:
        """Open the filter with its text."""
        self.query_one(FilterBar).open(self.view.wanted.text)

    def action_toggle_filter(self) -> None:
        """Turn the filter off, and on again."""
        self.view.filtering = not self.view.filtering
        self._show_sessions()

    def action_sort(self) -> None:
        """Sort by the next column that is shown."""
        shown = self.query_one("#sessions", LineTable).shown_columns
        self.view.order = self.view.order.next(shown)
        self._show_sessions()

    def action_reverse_sort(self) -> None:
        """Turn the order around."""
        self.view.order = self.view.order.reversed()
        self._show_sessions()

    def _lines(self, name: str, produce: _Produce, classes: str = "") -> LinesView:
        def made(cells: int, height: int) -> Sequence[Line]:
            return produce(self.view, cells, height)

        ink = self.fresh_ink if name == "keys" else self.ink
        return LinesView(made, ink, id=name, classes=classes)

    def _keys(self, view: View, cells: int, _height: int) -> list[Line]:
        scopes = self.SCOPES
        if notice.is_needed(view):
            first = (Scope.FIRST_RUN,) if view.shown.told else ()
            scopes = (*first, Scope.EVERYWHERE)
        return keys_bar.keys_line(view, cells, scopes)

    def _view(self, name: str) -> LinesView:
        return self.query_one(f"#{name}", LinesView)

    def _update(self, *names: str) -> None:
        for name in names:
            part = self._view(name)
            if part.display:
                part.update()

    def _show_parts(self) -> bool:
        """Show notice or figures, and the banner; return whether that changed."""
        needed = notice.is_needed(self.view)
        capped = bool(cap.banner_lines(self.view, 10, 1)) and not needed
        waits = bool(waiting_banner.waiting_lines(self.view, 10, 1))
        part, banner = self._view("notice"), self._view("banner")
        waiting = self._view("waits")
        before = (part.display, banner.display, waiting.display)
        changed = before != (needed, capped, waits)
        part.set_title(notice.notice_title(self.view))
        if changed:
            part.display, banner.display, waiting.display = needed, capped, waits
            self._arrange(arrange(*self.size), again=True)
        return changed

    def _arrange(self, wanted: Arrangement, *, again: bool = False) -> None:
        if wanted == self._arranged and not again:
            return
        self._arranged = wanted
        figures = not self._view("notice").display
        self.set_class(not wanted.bordered, "-bare")
        for name, height in (
            ("panels", wanted.panels),
            ("strip", wanted.strip),
            ("flights", wanted.flights),
            ("events", wanted.events),
        ):
            part = self.query_one(f"#{name}")
            part.display = figures and height > 0
            part.styles.height = max(height, 1)
        self._view("providers").display = wanted.providers
        table = self.query_one("#sessions")
        table.display = figures
        if figures and self.focused is None:
            # While it was hidden it could not have the keys.
            table.focus()

    def _show_sessions(self) -> None:
        view, table = self.view, self.query_one("#sessions", LineTable)
        if not table.display:
            return
        order, fine = view.order, view.table.fine
        rows = view.table.rows(view.shown, view.active_filter, order, view.ink.glyphs)
        empty: Line = EMPTY
        if not rows:
            told = (
                "no session passes the filter" if view.active_filter else "no sessions"
            )
            empty = (span(f"  {told}", Tone.MUTED),)
        if view.table.fine != fine:
            table.refit()
        table.set_title(self._sessions_title(len(rows)))
        table.show(rows, sorted_by=(order.column, order.descending), empty=empty)

    def _sessions_title(self, shown: int) -> str:
        view, glyphs = self.view, self.view.ink.glyphs
        total = len(view.shown.sessions)
        sign = glyphs.descending if view.order.descending else glyphs.ascending
        column = next(c.title for c in SESSION_COLUMNS if c.id == view.order.column)
        parts = [f"sessions {total}", f"by {column.strip().lower()} {sign}"]
        if view.wanted and view.filtering:
            parts.append(f"filter {sanitise(view.wanted.text, limit=40)}: {shown}")
        elif view.wanted:
            parts.append("filter off")
        if view.ink.stale:
            parts.append("stale")
        return f" {glyphs.dot} ".join(parts)

    def _show_flights(self) -> None:
        table = self.query_one("#flights", LineTable)
        if table.display:
            table.set_title(flights_title(self.view))
            none = (span("  nothing in flight", Tone.MUTED),)
            table.show(flight_rows(self.view), empty=none)
