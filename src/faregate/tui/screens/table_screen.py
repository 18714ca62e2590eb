"""What screens of one table share: the top line, the table, a panel on its row, keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container

from faregate.tui.action import Scope
from faregate.tui.guard import Guard
from faregate.tui.lines import Line, span
from faregate.tui.panels import cap, header, keys_bar, waiting_banner
from faregate.tui.reading import Reading
from faregate.tui.screens.live_screen import LiveScreen
from faregate.tui.store import Kind
from faregate.tui.tones import Tone
from faregate.tui.widgets.line_table import LineTable
from faregate.tui.widgets.lines_view import LinesView
from faregate.tui.workers import attempt, start, tell_trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from textual.app import ComposeResult

    from faregate.tui.table_layout import Column, Row
    from faregate.tui.view import View
    from faregate.tui.workers import Work

_TABLE = "#table"
_TOP = {Kind.PROXY, Kind.LINK, Kind.BUDGETS, Kind.SESSIONS}


class TableScreen(LiveScreen):
    """Reads its rows from the proxy when it opens, and after news that change them."""

    AUTO_FOCUS = _TABLE
    COLUMNS: ClassVar[Sequence[Column]] = ()
    DETAIL: ClassVar[str] = ""
    """Title of the panel under the table."""
    NEWS: ClassVar[AbstractSet[Kind]] = frozenset()
    """Kinds of news after which the rows are read again."""
    EMPTY: ClassVar[str] = "nothing yet"

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.trouble = ""
        """Why the rows could not be read; empty when they could."""
        self.guard = Guard()
        self._reading = Reading(self, self.load, self._was_read)

    def compose(self) -> ComposeResult:
        """Make all parts."""
        yield LinesView(self._header, self.ink, id="header")
        yield LinesView(self._banner, self.ink, id="banner")
        yield LinesView(self._waits, self.ink, id="waits")
        with Container(id="body"):
            yield LineTable(self.COLUMNS, self.ink, id="table")
            if self.DETAIL:
                yield LinesView(self.detail, self.ink, id="detail", classes="panel")
        yield LinesView(self._keys, self.fresh_ink, id="keys")

    async def load(self) -> None:
        """Read what the rows are made of; may raise ControlError."""

    def rows(self) -> Sequence[Row]:
        """Return the rows, from what was read last."""
        raise NotImplementedError

    def heading(self) -> str:
        """Return the title of the table."""
        raise NotImplementedError

    def detail(self, cells: int, height: int) -> Sequence[Line]:  # noqa: ARG002 - none
        """Return what the panel under the table says of the chosen row."""
        return []

    @property
    def table(self) -> LineTable:
        """Return the table."""
        return self.query_one(_TABLE, LineTable)

    def on_mount(self) -> None:
        """Show what is known, and read the rest."""
        if self.DETAIL:
            self.query_one("#detail", LinesView).set_title(self.DETAIL)
        self.repaint(frozenset(Kind) - self.NEWS)
        self.read()

    def repaint(self, kinds: AbstractSet[Kind]) -> None:
        """Bring the parts up to date that show these kinds of news."""
        if not self.is_alive:
            return
        if kinds & _TOP:
            self._show_banner("#banner", self._banner)
        self._show_banner("#waits", self._waits)
        self.query_one("#header", LinesView).update()
        self.query_one("#keys", LinesView).update()
        if kinds & self.NEWS and self.view.store.live:
            self.read()
        if kinds & {Kind.LINK}:
            self.show()

    def tick(self) -> None:
        """Move clocks that a person watches."""
        if self.is_alive:
            self.query_one("#header", LinesView).update()
            self.query_one("#waits", LinesView).update()

    def read(self) -> None:
        """Read the rows again, away from the screen's own loop."""
        self._reading.want()

    def show(self) -> None:
        """Show the rows, from what was read last."""
        if not self.is_alive:
            return
        table = self.table
        parts = [self.heading(), *([self.trouble] if self.trouble else [])]
        table.set_title(f" {self.view.ink.glyphs.dot} ".join(parts))
        table.show(self.rows(), empty=(span(f"  {self.EMPTY}", Tone.MUTED),))
        self.guard.came(table.chosen, self.view.clock.monotonic())
        self._show_detail()

    def act(self, work: Work) -> None:
        """Do what the person asked for; trouble is told, and nothing breaks."""
        start(self, partial(self._act, work), "act")

    def guarded(self) -> str | None:
        """Return the row a key may act on; None when it has just come there."""
        chosen = self.table.chosen
        if chosen is None:
            return None
        if not self.guard.is_open(self.view.clock.monotonic()):
            self.notify("the row has just changed: look, then press again", timeout=3)
            return None
        return chosen

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        """Tell of the row under the cursor."""
        event.stop()
        self.guard.moved(event.key)
        self._show_detail()

    def action_back(self) -> None:
        """Go back to the screen below."""
        _ = self.dismiss(None)

    def _was_read(self, trouble: str) -> None:
        if trouble != self.trouble and len(trouble) > self.size.width // 2:
            # The title has no room for all of it.
            tell_trouble(self, trouble)
        self.trouble = trouble
        self.show()

    async def _act(self, work: Work) -> None:
        await attempt(self, work)
        if self.is_attached:
            self.read()

    def _show_detail(self) -> None:
        if self.DETAIL and self.is_alive:
            self.query_one("#detail", LinesView).update()

    def _header(self, cells: int, height: int) -> list[Line]:
        return header.header_lines(self.view, cells, height)

    def _banner(self, cells: int, height: int) -> list[Line]:
        return cap.banner_lines(self.view, cells, height)

    def _waits(self, cells: int, height: int) -> list[Line]:
        return waiting_banner.waiting_lines(self.view, cells, height)

    def _show_banner(self, name: str, lines: Callable[[int, int], list[Line]]) -> None:
        part = self.query_one(name, LinesView)
        part.display = bool(lines(10, 1))
        part.update()

    def _keys(self, cells: int, _height: int) -> list[Line]:
        return keys_bar.keys_line(self.view, cells, self.SCOPES)


EVERY_TABLE = (Scope.TABLE, Scope.BEYOND, Scope.EVERYWHERE)
