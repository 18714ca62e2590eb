"""The providers: what the last smoke tests found, and running another one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from faregate.control.errors import ControlError
from faregate.control.sanitise import sanitise
from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.figures import dollars, instant, money
from faregate.tui.lines import Line, span
from faregate.tui.panels import header, keys_bar, smoke_cause
from faregate.tui.provider_table import COLUMNS, provider_rows
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.live_screen import LiveScreen
from faregate.tui.smoke_desk import DeskError
from faregate.tui.store import Kind
from faregate.tui.tones import Tone
from faregate.tui.widgets.line_table import LineTable
from faregate.tui.widgets.lines_view import LinesView
from faregate.tui.workers import start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from textual.app import ComposeResult

    from faregate.control.smoke_runs import SmokeRunView
    from faregate.tui.smoke_desk import SmokeDesk
    from faregate.tui.view import View

_SHOWN = {Kind.PROVIDERS, Kind.SETUP, Kind.LINK}
_NO_HISTORY = "this proxy keeps no smoke tests"


class ProvidersScreen(LiveScreen):
    """Opened from anywhere; the history is read when it opens and after each test."""

    BINDINGS = bindings(Scope.PROVIDERS, Scope.BEYOND)
    SCOPES = (Scope.PROVIDERS, Scope.BEYOND, Scope.EVERYWHERE)
    AUTO_FOCUS = "#smoke"

    def __init__(self, view: View, desk: SmokeDesk) -> None:
        super().__init__(view)
        self._desk = desk
        self._runs: list[SmokeRunView] = []
        self._testing: frozenset[str] = frozenset()
        self._trouble = ""
        self._led = False
        """Whether the cursor was led to the first tested target."""

    def compose(self) -> ComposeResult:
        """Make all parts."""
        yield LinesView(self._header, self.ink, id="header")
        yield LineTable(COLUMNS, self.ink, id="smoke")
        yield LinesView(self._cause, self.ink, id="cause", classes="panel")
        yield LinesView(self._keys, self.fresh_ink, id="keys")

    def on_mount(self) -> None:
        """Show what is known, and read the history."""
        self.query_one("#cause", LinesView).set_title("cause and fix")
        self.repaint(frozenset(Kind))
        self._read()

    def repaint(self, kinds: AbstractSet[Kind]) -> None:
        """Bring the parts up to date that show these kinds of news."""
        if not self.is_mounted:
            return
        if kinds & _SHOWN:
            self._show()
        self.query_one("#header", LinesView).update()
        self.query_one("#keys", LinesView).update()

    def tick(self) -> None:
        """Move clocks that a person watches."""
        if self.is_mounted:
            self.query_one("#header", LinesView).update()

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        """Tell of the row under the cursor."""
        event.stop()
        self.query_one("#cause", LinesView).update()

    def action_back(self) -> None:
        """Go back to the screen below."""
        _ = self.dismiss(None)

    def action_smoke(self) -> None:
        """Test the target under the cursor, after a question."""
        chosen = self._table.chosen
        if chosen is not None:
            self._ask([chosen])

    def action_smoke_all(self) -> None:
        """Test every target that was tested before, after a question."""
        targets = [run.target for run in self._runs]
        if not targets:
            self.notify("no target was tested yet: r tests one", markup=False)
            return
        self._ask(targets)

    @property
    def _table(self) -> LineTable:
        return self.query_one("#smoke", LineTable)

    def _read(self) -> None:
        start(self, self._load, "history")

    def _ask(self, targets: Sequence[str]) -> None:
        if self._testing:
            self.notify("a smoke test is running", markup=False)
            return
        start(self, partial(self._test, list(targets)), "smoke")

    async def _load(self) -> None:
        try:
            self._runs = await self._desk.history()
            self._trouble = ""
        except ControlError as error:
            gone = error.code in {"not_found", "http_error"}
            self._trouble = _NO_HISTORY if gone else sanitise(error.message)
        self._show()
        if not self._led and self._runs and self.is_mounted:
            # What was tested stands first, and came after the cursor did.
            self._led = True
            self._table.action_top()

    async def _test(self, targets: list[str]) -> None:
        """Say what it costs, ask, run, and show what was found."""
        try:
            offer = await self._desk.price(targets)
            question = (
                f"Smoke test of {', '.join(offer.targets)}: about "
                f"{dollars(money(offer.estimate))} at most, never more than "
                f"{dollars(money(offer.max_cost))}. It is booked to session smoke. Run it?"
            )
            sure = await self.app.push_screen_wait(
                ConfirmScreen(self.view, sanitise(question))
            )
            if not sure:
                return
            self._testing = frozenset({*targets, *offer.targets})
            self._show()
            for target, readiness in await self._desk.run(offer.targets):
                self.notify(sanitise(f"{target}: {readiness}"), markup=False)
        except DeskError as error:
            self.notify(
                sanitise(str(error)), severity="error", timeout=15, markup=False
            )
        finally:
            self._testing = frozenset()
            if self.is_attached:
                self._read()

    def _show(self) -> None:
        if not self.is_mounted:
            return
        rows = provider_rows(self.view.shown, self._runs, self._testing)
        table = self._table
        table.set_title(self._title())
        table.show(rows, empty=(span("  no provider yet", Tone.MUTED),))
        self.query_one("#cause", LinesView).update()

    def _title(self) -> str:
        dot = self.view.ink.glyphs.dot
        parts = [f"providers {len(self._runs)} tested"]
        times = [when for run in self._runs if (when := instant(run.at)) is not None]
        if times:
            clock = self.view.clock
            last, now = clock.local(max(times)), clock.local(clock.now())
            same_day = last.date() == now.date()
            parts.append(f"last {last:%H:%M}" if same_day else f"last {last:%Y-%m-%d}")
        if self._testing:
            parts.append("a test is running")
        if self._trouble:
            parts.append(self._trouble)
        return f" {dot} ".join(parts)

    def _header(self, cells: int, height: int) -> list[Line]:
        return header.header_lines(self.view, cells, height)

    def _keys(self, cells: int, _height: int) -> list[Line]:
        return keys_bar.keys_line(self.view, cells, self.SCOPES)

    def _cause(self, cells: int, height: int) -> list[Line]:
        chosen = self._table.chosen
        found = {run.target: run for run in self._runs}
        setup = self.view.shown.setup
        keys = () if setup is None else setup.keys_found
        tell = partial(smoke_cause.cause_lines, chosen, found.get(chosen or ""))
        return tell((chosen or "").partition("/")[0] in keys, cells, height)
