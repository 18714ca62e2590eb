"""The providers: what the last smoke tests found, and running another one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from faregate.control.errors import ControlError
from faregate.control.sanitise import sanitise
from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.figures import dollars, instant, money
from faregate.tui.panels import rest, smoke_cause
from faregate.tui.provider_table import COLUMNS, provider_rows
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.table_screen import TableScreen
from faregate.tui.smoke_desk import DeskError
from faregate.tui.store import Kind
from faregate.tui.workers import start, tell_trouble

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from faregate.control.smoke_runs import SmokeRunView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.lines import Line
    from faregate.tui.smoke_desk import SmokeDesk
    from faregate.tui.table_layout import Row
    from faregate.tui.view import View

_SHOWN = {Kind.PROVIDERS, Kind.SETUP}
_NO_HISTORY = "this proxy keeps no smoke tests"


class ProvidersScreen(TableScreen):
    """Opened from anywhere; the history is read when it opens and after each test."""

    BINDINGS = bindings(Scope.PROVIDERS, Scope.BEYOND)
    SCOPES = (Scope.PROVIDERS, Scope.BEYOND, Scope.EVERYWHERE)
    COLUMNS = COLUMNS
    DETAIL = "cause and fix"
    EMPTY: ClassVar[str] = "no provider yet"

    def __init__(self, view: View, desk: SmokeDesk, control: ControlDesk) -> None:
        super().__init__(view)
        self._desk = desk
        self._control = control
        self._runs: list[SmokeRunView] = []
        self._testing: frozenset[str] = frozenset()
        self._led = False
        """Whether the cursor was led to the first tested target."""

    async def load(self) -> None:
        """Read the newest run of each target."""
        try:
            self._runs = await self._desk.history()
        except ControlError as error:
            if error.code in {"not_found", "unknown_ask"}:
                raise ControlError(error.code, _NO_HISTORY) from error
            raise

    def rows(self) -> list[Row]:
        """Return a row for each target that was tested, and each provider."""
        return provider_rows(self.view.shown, self._runs, self._testing)

    def heading(self) -> str:
        """Return how many were tested, and when the last one was."""
        parts = [f"providers {len(self._runs)} tested"]
        times = [when for run in self._runs if (when := instant(run.at)) is not None]
        if times:
            clock = self.view.clock
            last, now = clock.local(max(times)), clock.local(clock.now())
            same_day = last.date() == now.date()
            parts.append(f"last {last:%H:%M}" if same_day else f"last {last:%Y-%m-%d}")
        if self._testing:
            parts.append("a test is running")
        if names := rest.resting(self.view):
            told = sanitise(", ".join(names), limit=60)
            parts.append(f"resting: {self.view.ink.readable(told)}")
        return f" {self.view.ink.glyphs.dot} ".join(parts)

    def detail(self, cells: int, height: int) -> list[Line]:
        """Tell what is wrong with the target under the cursor."""
        chosen = self.table.chosen
        provider = self.view.shown.providers.get(self._provider())
        rests = rest.rest_lines(self.view, provider, cells)
        found = {run.target: run for run in self._runs}
        setup = self.view.shown.setup
        keys = () if setup is None else setup.keys_found
        tell = partial(smoke_cause.cause_lines, chosen, found.get(chosen or ""))
        left = height - len(rests)
        return [*rests, *tell(self._provider() in keys, cells, left)][:height]

    def repaint(self, kinds: AbstractSet[Kind]) -> None:
        """Bring the parts up to date that show these kinds of news."""
        super().repaint(kinds)
        if self.is_alive and kinds & _SHOWN:
            self.show()

    def show(self) -> None:
        """Show the rows; the cursor goes to what was tested, once that is known."""
        super().show()
        if self.is_alive and not self._led and self._runs:
            # What was tested stands first, and came after the cursor did.
            self._led = True
            self.table.action_top()

    def action_ask_again(self) -> None:
        """End the rest of the provider under the cursor."""
        name = self._provider()
        if name:
            self.act(partial(self._ask_again, name))

    async def _ask_again(self, name: str) -> None:
        rested = await self._control.ask_again(name)
        told = "is asked by the next request" if rested else "does not rest"
        self.notify(f"{name} {told}", markup=False)

    def _provider(self) -> str:
        """Return the provider of the row under the cursor; "" for none."""
        return (self.table.chosen or "").partition("/")[0]

    def action_smoke(self) -> None:
        """Test the target under the cursor, after a question."""
        chosen = self.table.chosen
        if chosen is not None:
            self._ask([chosen])

    def action_smoke_all(self) -> None:
        """Test every target that was tested before, after a question."""
        targets = [run.target for run in self._runs]
        if not targets:
            self.notify("no target was tested yet: r tests one", markup=False)
            return
        self._ask(targets)

    def _ask(self, targets: Sequence[str]) -> None:
        if self.view.read_only:
            self.notify("this view only watches", markup=False)
            return
        if self._testing:
            self.notify("a smoke test is running", markup=False)
            return
        start(self, partial(self._test, list(targets)), "smoke")

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
            self.show()
            for target, readiness in await self._desk.run(offer.targets):
                self.notify(f"{target}: {readiness}", markup=False)
        except DeskError as error:
            tell_trouble(self, str(error))
        finally:
            self._testing = frozenset()
            if self.is_attached:
                self.read()
