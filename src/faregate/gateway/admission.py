"""Room in the budgets: hold now, wait for room, or refuse.

A hold that does not fit waits only while open holds could make room once they are
released. Nothing is ever shrunk to what is left without the caller's bound following.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.core.holds import Held, LedgerError, NoRoom, Release
from faregate.core.money import MAX_PICO, ZERO, Money
from faregate.core.policy import OnTight
from faregate.core.refusal import Refusal
from faregate.core.values import dataclass
from faregate.gateway import messages
from faregate.gateway.asks import floor_of, largest, scopes_of
from faregate.gateway.commits import Commits
from faregate.gateway.waiting import (
    Line,
    Round,
    Scope,
    Waiter,
    can_make_room,
    overtake,
)
from faregate.protocols.lean_struct import LeanValue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from faregate.core.estimate import Bounds
    from faregate.core.holds import BudgetState
    from faregate.gateway.asks import Ask
    from faregate.gateway.ports import Clock, LedgerPort
    from faregate.gateway.settings import GateSettings

MOST_CALLS = 50
"""Calls to the ledger in one go while serving the line; the rest waits for the next
turn of the loop."""


class Admitted(LeanValue, frozen=True):
    """The hold is made; `bounds` are what it covers."""

    bounds: Bounds
    held: Held


Outcome = Admitted | Refusal
OUTCOMES = (Admitted, Refusal)


class Admission:
    """The line in front of the ledger."""

    def __init__(
        self, ledger: LedgerPort, settings: GateSettings, clock: Clock
    ) -> None:
        self._ledger = ledger
        self.commits = Commits(ledger)
        """When the ledger commits."""
        self._settings = settings
        self._clock = clock
        self._line: Line[Outcome] = Line()
        self._asks: dict[Waiter[Outcome], Ask] = {}
        self._tokenless: dict[str, Money] = {}
        self._closing: Refusal | None = None
        self._round: Round[Outcome] | None = None
        self._again = False

    @property
    def waiting(self) -> int:
        """Return how many stand in line."""
        return len(self._line.waiters)

    async def admit(self, ask: Ask, on_wait: Callable[[str], None]) -> Outcome:
        """Hold, waiting for room where waiting can help; cancel to give up."""
        entered = self.enter(ask, on_wait)
        return entered if isinstance(entered, OUTCOMES) else await entered

    def enter(
        self, ask: Ask, on_wait: Callable[[str], None]
    ) -> Outcome | Awaitable[Outcome]:
        """Hold as `admit` does; what takes a while is to be awaited at once."""
        entered = self._enter(ask)
        if isinstance(entered, Waiter):
            on_wait(messages.waiting_for(entered.blocked_by, entered.least))
            return self._waited(entered)
        if self.commits.pending:
            return self._confirmed(entered)
        return entered

    def closed(self, attempt: str, states: Sequence[BudgetState] = ()) -> None:
        """Note that a hold ended, and serve whoever waits for room.

        `states` are its budgets afterwards, where they are known.
        """
        self._tokenless.pop(attempt, None)
        if self._line.waiters and self._may_serve(states):
            self._serve()

    def give_back(self, outcome: Outcome) -> None:
        """Void a hold whose request went away, or failed, before anything was sent."""
        if not isinstance(outcome, Admitted):
            return
        release = Release(
            attempt=outcome.held.attempt,
            at_ms=self._clock.now_ms(),
            why="its request was given up before anything was sent",
        )
        try:
            states = self._ledger.void(release).states
        except LedgerError:
            # The ledger says so itself, and keeps the hold.
            states = ()
        self.closed(outcome.held.attempt, states)

    def refresh(self) -> None:
        """Serve the line anew: limits have changed."""
        self._serve()

    def close(self, refusal: Refusal) -> None:
        """Refuse everyone who waits, and everyone who asks from now on."""
        self._closing = refusal
        for waiter in self._line:
            waiter.future.set_result(refusal)

    def look(self, now: float) -> None:
        """Refuse those who have waited too long at this monotonic instant."""
        patience = self._settings.patience.room
        for waiter in self._line:
            if now - waiter.since > patience:
                waiter.future.set_result(
                    messages.waited(waiter.blocked_by, waiter.least, patience)
                )

    def excuse(self, pause: float) -> None:
        """Do not count a pause in which nothing could happen."""
        for waiter in self._line:
            waiter.since += pause

    async def _served(self, waiter: Waiter[Outcome]) -> Outcome:
        """Stand in line until there is an outcome."""
        future = waiter.future
        try:
            return await future
        except asyncio.CancelledError:
            # It may have come in the same moment.
            if future.done() and not future.cancelled() and not future.exception():
                self.give_back(future.result())
            raise
        finally:
            self._leave(waiter)

    async def _waited(self, waiter: Waiter[Outcome]) -> Outcome:
        return await self._confirmed(await self._served(waiter))

    async def _confirmed(self, outcome: Outcome) -> Outcome:
        """Return an outcome once it is certain: a hold once it is committed."""
        if not isinstance(outcome, Admitted):
            return outcome
        try:
            await self.commits.confirmed(outcome.held)
        except LedgerError as error:
            self.closed(outcome.held.attempt)
            return messages.ledger_failed(error)
        except BaseException:
            self.give_back(outcome)
            raise
        return outcome

    def _enter(self, ask: Ask) -> Outcome | Waiter[Outcome]:
        """Hold, refuse, or stand in line."""
        if self._closing is not None:
            return self._closing
        alone = not self._line.waiters
        outcome = self._attempt(ask) if alone else self._past_the_line(ask)
        if not isinstance(outcome, NoRoom):
            return outcome
        may_wait = self._settings.on_tight is not OnTight.REFUSE
        if not may_wait or not can_make_room(outcome.blocking, outcome.amount):
            return messages.no_room(outcome)
        if len(self._line) >= self._settings.queue_size:
            return messages.queue_full(len(self._line))
        return self._join(ask, outcome)

    def _past_the_line(self, ask: Ask) -> Outcome | NoRoom:
        """Hold although others wait, unless one of them must not be passed."""
        scopes = scopes_of(ask)
        least = self._least(ask)
        if least and self._must_queue(scopes):
            return self._behind(ask, least)
        outcome = self._attempt(ask)
        if isinstance(outcome, Admitted) and outcome.held.amount:
            overtake(self._line, scopes)
        return outcome

    def _join(self, ask: Ask, full: NoRoom) -> Waiter[Outcome]:
        waiter: Waiter[Outcome] = Waiter(
            asyncio.get_running_loop().create_future(),
            least=full.amount,
            scopes=scopes_of(ask),
            since=self._clock.monotonic(),
            blocked_by=full.blocking,
        )
        self._line.join(waiter)
        self._asks[waiter] = ask
        return waiter

    def _behind(self, ask: Ask, least: Money) -> Refusal | NoRoom:
        """Return what blocks a newcomer that must not pass the line."""
        try:
            states = self._ledger.states(ask.request(least, ask.bounds).budgets)
        except LedgerError as error:
            return messages.ledger_failed(error)
        tight = tuple(s for s in states if s.room is not None and s.room < least)
        return NoRoom(amount=least, blocking=tight)

    def _leave(self, waiter: Waiter[Outcome]) -> None:
        self._line.leave(waiter)
        del self._asks[waiter]
        if waiter.starving:
            # Whoever had to stay behind it may fit.
            self._serve()

    def _must_queue(self, scopes: frozenset[Scope]) -> bool:
        return self._round is not None or self._line.holds_up(scopes)

    def _may_serve(self, states: Sequence[BudgetState]) -> bool:
        """Tell whether a booking that led to these states can decide anything.

        With hundreds in line most bookings leave less room than the smallest needs.
        """
        if not states:
            return True
        waiting = [w.least for w in self._line]
        if not waiting:
            return False
        least, most = min(waiting), max(waiting)
        limited = [s for s in states if s.room is not None]
        return not can_make_room(limited, most) or all(
            s.room is not None and s.room >= least for s in limited
        )

    def _serve(self) -> None:
        """Give each waiting request its outcome, where there is one now."""
        if self._round is not None:
            self._again = True
            return
        if self._line:
            self._round = Round(self._line)
            self._go_on()

    def _go_on(self) -> None:
        """Go on with a round; after some calls the loop gets its turn first."""
        round_ = self._round
        if round_ is None:
            return
        calls = 0
        for waiter in round_:
            known = round_.known(waiter)
            if known is None:
                calls += 1
            self._serve_one(waiter, known, round_)
            if calls >= MOST_CALLS:
                asyncio.get_running_loop().call_soon(self._go_on)
                return
        self._round = None
        if self._again:
            self._again = False
            asyncio.get_running_loop().call_soon(self._serve)

    def _serve_one(
        self,
        waiter: Waiter[Outcome],
        known: tuple[BudgetState, ...] | None,
        round_: Round[Outcome],
    ) -> None:
        """Settle one waiter's turn; `known` are budgets without room for it."""
        outcome: Outcome | NoRoom
        if known is not None:
            outcome = NoRoom(amount=waiter.least, blocking=known)
        else:
            try:
                outcome = self._attempt(self._asks[waiter])
            except Exception as error:  # noqa: BLE001 - raised where it waits
                waiter.future.set_exception(error)
                return
        if isinstance(outcome, NoRoom):
            if can_make_room(outcome.blocking, outcome.amount):
                round_.stays(waiter, outcome)
                return
            outcome = messages.no_room(outcome)
        elif isinstance(outcome, Admitted) and outcome.held.amount:
            overtake(round_.blocked, waiter.scopes)
        waiter.future.set_result(outcome)

    def _attempt(self, ask: Ask) -> Outcome | NoRoom:
        bounds, amount = ask.bounds, ask.price(ask.bounds)
        if amount.pico > MAX_PICO:
            return messages.beyond_measure(amount)
        try:
            part = self._tokenless_part(ask) if ask.tokenless else None
            if part is not None and amount > part.room:
                least = self._least(ask)
                if least > part.room:
                    return NoRoom(amount=least, blocking=part.states)
                bounds = largest(ask, part.room)
                amount = ask.price(bounds)
            outcome = self._hold(ask, bounds, amount)
            if isinstance(outcome, NoRoom) and self._may_shrink(ask):
                outcome = self._shrunk(ask, outcome)
        except LedgerError as error:
            return messages.ledger_failed(error)
        return outcome

    def _hold(self, ask: Ask, bounds: Bounds, amount: Money) -> Admitted | NoRoom:
        request = ask.request(amount, bounds)
        outcome = self.commits.hold(request)
        if isinstance(outcome, NoRoom):
            return outcome
        if ask.tokenless:
            self._tokenless[request.attempt] = amount
        return Admitted(bounds, outcome)

    def _may_shrink(self, ask: Ask) -> bool:
        """Tell whether a lower output bound may be tried: it must reach the body."""
        if not ask.boundable:
            return False
        return ask.bounds.output_injected or self._settings.on_tight is OnTight.CLAMP

    def _shrunk(self, ask: Ask, full: NoRoom) -> Admitted | NoRoom:
        """Hold for the largest output bound that fits, above the floor."""
        rooms = [s.room for s in full.blocking if s.room is not None]
        room = min(rooms, default=ZERO)
        least = self._least(ask)
        if room < least or any(s.closed for s in full.blocking):
            return NoRoom(amount=least, blocking=full.blocking)
        bounds = largest(ask, room)
        return self._hold(ask, bounds, ask.price(bounds))

    def _least(self, ask: Ask) -> Money:
        if not self._may_shrink(ask):
            return ask.price(ask.bounds)
        return ask.price(floor_of(ask.bounds))

    def _tokenless_part(self, ask: Ask) -> _Part | None:
        """Return what a caller without a token may hold; None for no limit.

        A junk key is voided only once the provider has refused it; until then the
        holds of such callers must not fill a cap: half of it at most, or one hold.
        """
        held = sum(self._tokenless.values(), ZERO)
        if not held:
            return None
        budgets = ask.request(ZERO, ask.bounds).budgets
        states = self._ledger.states(
            [b for b in budgets if b.limit is not None and b.scope == "global"]
        )
        halves = [s.budget.limit.pico // 2 for s in states if s.budget.limit]
        if not halves:
            return None
        return _Part(room=Money(min(halves)) - held, states=states)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The part of the global budgets that is left to callers without a token."""

    room: Money
    states: tuple[BudgetState, ...]
