"""One request: its timeline, its bill, and what changed since the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal, VerticalScroll

from faregate.control.calling import spelled
from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.lines import Line, span, wrap
from faregate.tui.panels import header, keys_bar, request_change, waiting_banner
from faregate.tui.panels.request_detail import cost_lines, head_line, timeline_lines
from faregate.tui.reading import Reading
from faregate.tui.request_table import answered_before
from faregate.tui.screens.request_parts import RequestParts
from faregate.tui.store import Kind
from faregate.tui.tones import Tone
from faregate.tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from textual.app import ComposeResult

    from faregate.control.cost_log import ExplainView, RequestView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.view import View

_NEIGHBOURS = 200
"""Requests of its session among which the ones before and after are found."""


class RequestScreen(RequestParts):
    """Read when it opens, and again while the request runs."""

    BINDINGS = bindings(Scope.REQUEST, Scope.BEYOND)
    SCOPES = (Scope.REQUEST, Scope.TEXT, Scope.BEYOND, Scope.EVERYWHERE)
    AUTO_FOCUS = "#request-scroll"

    def __init__(self, view: View, desk: ControlDesk, request: str) -> None:
        super().__init__(view)
        self.request = request
        self._desk = desk
        self._told: ExplainView | None = None
        self._earlier: ExplainView | None = None
        self._others: list[RequestView] = []
        self._trouble = ""
        self._reading = Reading(self, self._load, self._was_read)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]

    def compose(self) -> ComposeResult:
        """Make all parts."""
        yield LinesView(self._header, self.ink, id="header")
        yield LinesView(self._waits, self.ink, id="waits")
        yield LinesView(self._head, self.ink, id="request-head")
        parts, text = self.compose_parts()
        yield parts
        with VerticalScroll(id="request-scroll"):
            yield self._panel("timeline", timeline_lines)
            with Horizontal(id="bill"):
                yield self._panel("cost", lambda told, _cells: cost_lines(told))
                yield self._panel("change", self._change)
        yield text
        yield LinesView(self._keys, self.fresh_ink, id="keys")

    def on_mount(self) -> None:
        """Read the request."""
        for name in ("timeline", "cost"):
            self.query_one(f"#{name}", LinesView).set_title(name)
        self.repaint(frozenset(Kind))
        self._reading.want()

    def repaint(self, kinds: AbstractSet[Kind]) -> None:
        """Bring the parts up to date; a request that runs is read again."""
        if not self.is_alive:
            return
        self.query_one("#waits").display = bool(self._waits(10, 1))
        for name in ("#header", "#waits", "#keys"):
            self.query_one(name, LinesView).update()
        running = self._told is None or self._told.request.result in {None, "running"}
        if running and kinds & {Kind.SESSIONS, Kind.FLIGHTS} and self.view.store.live:
            self._reading.want()

    def tick(self) -> None:
        """Move clocks that a person watches."""
        if self.is_alive:
            self.query_one("#header", LinesView).update()
            self.query_one("#waits", LinesView).update()

    def request_shown(self) -> str | None:
        """Return the request that a copy would be about."""
        return self.request

    def action_back(self) -> None:
        """Go back to the screen below."""
        _ = self.dismiss(None)

    def action_neighbour(self, by: int) -> None:
        """Show the session's next request, or the one before."""
        names = [each.id for each in self._others]
        if self.request not in names:
            return
        place = names.index(self.request) - by
        if not 0 <= place < len(names):
            self.notify("no request beyond this one", timeout=2, markup=False)
            return
        self.request = names[place]
        self.forget_parts()
        self._reading.want()

    async def _load(self) -> None:
        told = await self._desk.explain(self.request)
        session = told.request.session
        self._others = await self._desk.requests(session, _NEIGHBOURS)
        before = answered_before(self._others, told.request)
        self._earlier = None if before is None else await self._desk.explain(before.id)
        self._told = told

    def _was_read(self, trouble: str) -> None:
        self._trouble = trouble
        if not self.is_alive:
            return
        before = None if self._earlier is None else self._earlier.request
        title = request_change.change_title(self.view, before)
        self.query_one("#change", LinesView).set_title(title)
        for part in self.query(LinesView):
            # A reading changes how many lines there are, and so the layout.
            part.refresh(layout=part.id in {"timeline", "cost", "change"})
            part.update()
        if self.lacks_capture:
            # It may have ended meanwhile.
            self.read_part()

    def _panel(
        self, name: str, produce: Callable[[ExplainView, int], list[Line]]
    ) -> LinesView:
        def made(cells: int, _height: int) -> list[Line]:
            if self._told is None:
                why = span(spelled(self._trouble or "reading")).text
                return [(span(each, Tone.MUTED),) for each in wrap(why, cells)]
            return produce(self._told, cells)

        return LinesView(made, self.ink, id=name, classes="panel tall")

    def _change(self, told: ExplainView, cells: int) -> list[Line]:
        return request_change.change_lines(told, self._earlier, cells)

    def _header(self, cells: int, height: int) -> list[Line]:
        return header.header_lines(self.view, cells, height)

    def _waits(self, cells: int, height: int) -> list[Line]:
        return waiting_banner.waiting_lines(self.view, cells, height)

    def _head(self, _cells: int, _height: int) -> list[Line]:
        if self._told is None:
            return [(span(f" requests > {self.request}", Tone.MUTED),)]
        return [head_line(self.view, self._told)]

    def _keys(self, cells: int, _height: int) -> list[Line]:
        return keys_bar.keys_line(self.view, cells, self.SCOPES)
