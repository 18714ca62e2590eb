"""What waits for a person: the queue, the card, and yes or no."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.approval_table import (
    COLUMNS,
    approval_rows,
    by_urgency,
    left_s,
    next_waiting,
    whose,
)
from faregate.tui.cheaper import bundled_prices, cheaper
from faregate.tui.figures import dollars, money
from faregate.tui.lines import span
from faregate.tui.panels import approval_card
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.table_screen import EVERY_TABLE, TableScreen
from faregate.tui.store import Kind
from faregate.tui.tones import Tone
from faregate.tui.workers import in_thread

if TYPE_CHECKING:
    from faregate.control.approvals import ApprovalView
    from faregate.providers.price_table import PriceTable
    from faregate.tui.cheaper import Cheaper
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.lines import Line
    from faregate.tui.table_layout import Row
    from faregate.tui.view import View


class WaitingScreen(TableScreen):
    """Ordered by the time left; a key never acts on a row that has just come."""

    BINDINGS = bindings(Scope.WAITING, Scope.BEYOND)
    SCOPES = (Scope.WAITING, *EVERY_TABLE[1:])
    COLUMNS = COLUMNS
    DETAIL = "decide"
    NEWS: ClassVar[frozenset[Kind]] = frozenset()
    EMPTY = "nothing waits for you"

    def __init__(self, view: View, desk: ControlDesk) -> None:
        super().__init__(view)
        self._desk = desk
        self._prices: PriceTable | None = None
        self._queue: list[str] = []
        """What waited when it was shown last, in that order."""
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]

    async def load(self) -> None:
        """Read the prices, once; the queue itself comes with the feed."""
        if self._prices is None:
            self._prices = await in_thread(bundled_prices)

    def repaint(self, kinds: frozenset[Kind] | set[Kind]) -> None:  # type: ignore[override]
        """Bring the parts up to date that show these kinds of news."""
        super().repaint(kinds)
        if Kind.APPROVALS in kinds:
            self.show()

    def tick(self) -> None:
        """Move the clocks: the time left is what matters here."""
        super().tick()
        self.show()

    def show(self) -> None:
        """Show the queue; from what was decided the cursor goes to what still waits."""
        if not self.is_alive:
            return
        queue = [each.id for each in by_urgency(self.view, self.view.shown.approvals)]
        after = next_waiting(self._queue, queue, self.table.chosen)
        self._queue = queue
        super().show()
        if after is not None:
            self.table.lead_to(after)
            # It came by itself: a second press must not decide it too.
            self.guard.came(after, self.view.clock.monotonic())
            self._show_detail()

    def rows(self) -> list[Row]:
        """Return a row for each that waits, then what was decided."""
        return approval_rows(self.view)

    def heading(self) -> str:
        """Return how many wait."""
        return f"waiting {len(self.view.shown.approvals)}"

    def detail(self, cells: int, height: int) -> list[Line]:
        """Tell what a decision needs."""
        chosen = self.table.chosen
        waits = self._found(chosen)
        if waits is not None:
            left = left_s(self.view, waits)
            told = approval_card.card_lines(
                self.view, waits, left, self._cheaper(waits), cells
            )
            return told[:height]
        over = [done for done in self.view.shown.decided if done.id == chosen]
        if over:
            return approval_card.over_lines(over[0], cells)[:height]
        return [(span("nothing waits for you", Tone.MUTED),)]

    def action_approve(self) -> None:
        """Let the request under the cursor pass, once."""
        waits = self._meant()
        if waits is not None:
            self.act(partial(self._approve, waits))

    def action_approve_session(self) -> None:
        """Let what is alike pass for the rest of the session, after a question."""
        waits = self._meant()
        if waits is not None:
            self.act(partial(self._approve_session, waits))

    def action_deny(self) -> None:
        """Refuse the request under the cursor."""
        waits = self._meant()
        if waits is not None:
            self.act(partial(self._deny, waits))

    def action_deny_stop(self) -> None:
        """Refuse it and stop its session, after a question."""
        waits = self._meant()
        if waits is not None:
            self.act(partial(self._deny_stop, waits))

    def _found(self, chosen: str | None) -> ApprovalView | None:
        waiting = self.view.shown.approvals
        return next((each for each in waiting if each.id == chosen), None)

    def _meant(self) -> ApprovalView | None:
        chosen = self.guarded()
        waits = self._found(chosen)
        if chosen is not None and waits is None:
            self.notify("that was decided already", markup=False)
        return waits

    def _cheaper(self, waits: ApprovalView) -> Cheaper | None:
        if self._prices is None or not waits.input_tokens:
            return None
        used = {
            name for each in self.view.shown.sessions.values() for name in each.models
        }
        target = f"{waits.provider}/{waits.model}"
        return cheaper(
            self._prices,
            target,
            money(waits.estimate),
            sorted(used - {target}),
            input_tokens=waits.input_tokens,
            at=self.view.clock.now().date(),
        )

    async def _approve(self, waits: ApprovalView) -> None:
        await self._desk.approve(waits.id, waits.hash)
        self.notify(f"approved: {whose(self.view, waits.session)}", markup=False)

    async def _approve_session(self, waits: ApprovalView) -> None:
        name = whose(self.view, waits.session)
        question = (
            f"Let {waits.for_session} pass for the rest of {name}, without asking "
            f"again? This one is about {dollars(money(waits.estimate))}, at most "
            f"{dollars(money(waits.at_most))}; the caps hold all the same."
        )
        if await self.app.push_screen_wait(ConfirmScreen(self.view, question)):
            await self._desk.approve(waits.id, waits.hash, session=True)
            self.notify(f"approved for {name}", markup=False)

    async def _deny(self, waits: ApprovalView) -> None:
        await self._desk.deny(waits.id, waits.hash)
        self.notify(f"denied: {whose(self.view, waits.session)}", markup=False)

    async def _deny_stop(self, waits: ApprovalView) -> None:
        name = whose(self.view, waits.session)
        session = self.view.shown.sessions.get(waits.session)
        spent = f", {dollars(money(session.cost))} so far" if session else ""
        question = f"Deny this and stop {name}{spent}? Its next requests are refused."
        if await self.app.push_screen_wait(ConfirmScreen(self.view, question)):
            await self._desk.deny(waits.id, waits.hash)
            await self._desk.stop(f"session:{waits.session}")
            self.notify(f"denied, and {name} is stopped", markup=False)
