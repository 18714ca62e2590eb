"""Room in the budgets: hold now, wait for room, or refuse.

A hold that does not fit waits only while open holds could make room once they are
released. First come, first served; a smaller hold may pass a waiting one a few
times. Nothing is ever shrunk to what is left without the caller's bound following.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faregate.core.estimate import OUTPUT_FLOOR, Bounds
from faregate.core.holds import (
    BudgetState,
    BudgetWindow,
    Held,
    HoldRequest,
    LedgerError,
    NoRoom,
)
from faregate.core.money import ZERO, Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway import messages
from faregate.gateway.settings import GateSettings, OnTight

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.gateway.ports import LedgerPort

MOST_OVERTAKES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What one attempt wants to hold.

    `price` turns bounds into money; `request` makes the hold for an amount and its
    bounds.
    """

    bounds: Bounds
    price: Callable[[Bounds], Money]
    request: Callable[[Money, Bounds], HoldRequest]
    elastic: bool
    """The output bound is the gate's own and may be lowered to fit."""
    tokenless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The hold is committed; `bounds` are what it covers."""

    bounds: Bounds
    held: Held


@dataclass(slots=True, eq=False)
class _Waiter:
    ask: Ask
    least: Money
    future: asyncio.Future[Admitted | Refusal]
    scopes: frozenset[tuple[str, str, int]]
    overtaken: int = 0
    blocked_by: tuple[BudgetState, ...] = field(default=())


class Admission:
    """The queue in front of the ledger."""

    def __init__(self, ledger: LedgerPort, settings: GateSettings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._queue: list[_Waiter] = []
        self._tokenless: dict[str, Money] = {}
        self.closing = False

    def try_now(self, ask: Ask) -> Admitted | Refusal | NoRoom:
        """Hold at once, without a queue in front; NoRoom means it may wait."""
        outcome = self._attempt(ask)
        if not isinstance(outcome, NoRoom):
            return outcome
        if self._settings.on_tight is OnTight.REFUSE or self.closing:
            return messages.no_room(outcome)
        if not _can_make_room(outcome.blocking, outcome.amount):
            return messages.no_room(outcome)
        if len(self._queue) >= self._settings.queue_size:
            return Refusal(
                code=RefusalCode.QUEUE_FULL,
                message=f"{len(self._queue)} requests already wait for room in a "
                "budget; stop some agents, or raise the budget",
            )
        return outcome

    async def admit(
        self, ask: Ask, on_wait: Callable[[str], None]
    ) -> Admitted | Refusal:
        """Hold, waiting for room where waiting can help; cancel to give up."""
        if not self._must_queue(ask):
            outcome = self.try_now(ask)
            if not isinstance(outcome, NoRoom):
                if isinstance(outcome, Admitted):
                    self._count_overtaking(outcome, self._queue)
                return outcome
            blocking = outcome.blocking
            amount = outcome.amount
        else:
            blocking, amount = (), self._least(ask)
        waiter = _Waiter(
            ask=ask,
            least=amount,
            future=asyncio.get_running_loop().create_future(),
            scopes=_scopes(ask),
            blocked_by=blocking,
        )
        self._queue.append(waiter)
        on_wait(messages.waiting_for(blocking, amount))
        try:
            async with asyncio.timeout(self._settings.patience.room):
                return await waiter.future
        except TimeoutError:
            return messages.waited(
                waiter.blocked_by, amount, self._settings.patience.room
            )
        finally:
            if waiter in self._queue:
                self._queue.remove(waiter)

    def closed(self, attempt: str) -> None:
        """Note that a hold ended, and serve whoever waits for room."""
        self._tokenless.pop(attempt, None)
        if self._queue:
            self._serve()

    def close(self, refusal: Refusal) -> None:
        """Refuse everyone who waits, and let nobody wait from now on."""
        self.closing = True
        for waiter in self._queue:
            if not waiter.future.done():
                waiter.future.set_result(refusal)

    def _serve(self) -> None:
        blocked: list[_Waiter] = []
        seen: dict[tuple[str, str, int], BudgetState] = {}
        for waiter in list(self._queue):
            if waiter.future.done():
                continue
            if any(w.overtaken >= MOST_OVERTAKES for w in blocked if _share(w, waiter)):
                blocked.append(waiter)
                continue
            outcome = self._serve_one(waiter, seen)
            if outcome is None:
                blocked.append(waiter)
            else:
                waiter.future.set_result(outcome)
                if isinstance(outcome, Admitted):
                    seen.clear()
                    self._count_overtaking(outcome, blocked)

    def _serve_one(
        self, waiter: _Waiter, seen: dict[tuple[str, str, int], BudgetState]
    ) -> Admitted | Refusal | None:
        """Return the waiter's outcome, or None while it has to wait on.

        `seen` holds budgets that lacked room in this round, so that a long queue
        does not ask the ledger the same question again and again.
        """
        known = [
            state
            for key in waiter.scopes
            if (state := seen.get(key)) is not None
            and state.room is not None
            and state.room < waiter.least
        ]
        if known:
            waiter.blocked_by = tuple(known)
            if _can_make_room(known, waiter.least):
                return None
            return messages.no_room(
                NoRoom(amount=waiter.least, blocking=waiter.blocked_by)
            )
        outcome = self._attempt(waiter.ask)
        if not isinstance(outcome, NoRoom):
            return outcome
        waiter.blocked_by = outcome.blocking
        for state in outcome.blocking:
            seen[_key(state.budget)] = state
        if _can_make_room(outcome.blocking, outcome.amount):
            return None
        return messages.no_room(outcome)

    def _attempt(self, ask: Ask) -> Admitted | Refusal | NoRoom:
        amount = ask.price(ask.bounds)
        if ask.tokenless and not self._tokenless_room(amount, ask):
            budgets = ask.request(amount, ask.bounds).budgets
            return NoRoom(amount=amount, blocking=self._ledger.states(budgets)[:1])
        try:
            outcome = self._hold(ask, ask.bounds, amount)
            if isinstance(outcome, NoRoom) and self._may_shrink(ask):
                outcome = self._shrunk(ask, outcome)
        except LedgerError as error:
            return Refusal(
                code=RefusalCode.LEDGER_UNAVAILABLE,
                message=f"The ledger cannot set money aside, so nothing is sent: "
                f"{error}",
            )
        return outcome

    def _hold(self, ask: Ask, bounds: Bounds, amount: Money) -> Admitted | NoRoom:
        request = ask.request(amount, bounds)
        outcome = self._ledger.hold(request)
        if isinstance(outcome, NoRoom):
            return outcome
        if ask.tokenless:
            self._tokenless[request.attempt] = amount
        return Admitted(bounds=bounds, held=outcome)

    def _may_shrink(self, ask: Ask) -> bool:
        return ask.elastic or self._settings.on_tight is OnTight.CLAMP

    def _shrunk(self, ask: Ask, full: NoRoom) -> Admitted | NoRoom:
        """Hold for the largest output bound that fits, above the floor."""
        rooms = [s.room for s in full.blocking if s.room is not None]
        room = min(rooms, default=ZERO)
        low = _with_output(ask.bounds, min(OUTPUT_FLOOR, ask.bounds.output))
        floor = ask.price(low)
        if room < floor:
            return NoRoom(amount=floor, blocking=full.blocking)
        bounds = _largest(ask, low, room)
        return self._hold(ask, bounds, ask.price(bounds))

    def _least(self, ask: Ask) -> Money:
        if not self._may_shrink(ask):
            return ask.price(ask.bounds)
        return ask.price(_with_output(ask.bounds, min(OUTPUT_FLOOR, ask.bounds.output)))

    def _tokenless_room(self, amount: Money, ask: Ask) -> bool:
        """Bound what callers without a local token can hold to half of a budget.

        A junk key is voided only once the provider has refused it; until then its
        holds must not fill the cap.
        """
        held = sum(self._tokenless.values(), ZERO)
        if not held:
            return True
        limits = [
            b.limit.pico
            for b in ask.request(amount, ask.bounds).budgets
            if b.limit is not None and b.scope == "global"
        ]
        return not limits or 2 * (held + amount).pico <= min(limits)

    def _must_queue(self, ask: Ask) -> bool:
        if not self._queue:
            return False
        scopes = _scopes(ask)
        return any(
            w.overtaken >= MOST_OVERTAKES and w.scopes & scopes for w in self._queue
        )

    @staticmethod
    def _count_overtaking(passed: Admitted, waiting: list[_Waiter]) -> None:
        if not passed.held.amount:
            return
        scopes = {_key(state.budget) for state in passed.held.states}
        for waiter in waiting:
            if waiter.scopes & scopes:
                waiter.overtaken += 1


def _largest(ask: Ask, low: Bounds, room: Money) -> Bounds:
    """Return the largest output bound whose price fits `room`, by bisection."""
    least, most = low.output, ask.bounds.output
    while least < most:
        middle = (least + most + 1) // 2
        if ask.price(_with_output(ask.bounds, middle)) <= room:
            least = middle
        else:
            most = middle - 1
    return _with_output(ask.bounds, least)


def _with_output(bounds: Bounds, output: int) -> Bounds:
    return Bounds(
        input=bounds.input,
        output=output,
        choices=bounds.choices,
        server_tool_calls=bounds.server_tool_calls,
        output_injected=bounds.output_injected,
    )


def _can_make_room(
    blocking: tuple[BudgetState, ...] | list[BudgetState], amount: Money
) -> bool:
    """Tell whether every blocking budget would fit `amount` with no open hold."""
    return all(
        s.budget.limit is not None and s.budget.limit - s.spent - s.unknown >= amount
        for s in blocking
    )


def _key(budget: BudgetWindow) -> tuple[str, str, int]:
    return (budget.scope, budget.window, budget.starts_at)


def _scopes(ask: Ask) -> frozenset[tuple[str, str, int]]:
    request = ask.request(ZERO, ask.bounds)
    return frozenset(_key(b) for b in request.budgets if b.limit is not None)


def _share(one: _Waiter, other: _Waiter) -> bool:
    return bool(one.scopes & other.scopes)
