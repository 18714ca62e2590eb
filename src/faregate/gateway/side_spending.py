"""Holds for requests that a helper process sends itself, under the same budgets.

Owns that only what was held here can be ended here, once, and that a helper which
dies leaves an unknown behind instead of a hold for ever.
"""

from __future__ import annotations

import itertools
import secrets
from typing import TYPE_CHECKING

from faregate.core.holds import (
    BudgetState,
    HoldRequest,
    HoldState,
    LedgerError,
    NoRoom,
    Release,
    Settlement,
)
from faregate.core.identity import Identity
from faregate.core.labels import NO_LABELS
from faregate.core.money import ZERO, Money
from faregate.core.routing import Target
from faregate.core.side_spend import SMOKE_SESSION, SpendHeld, SpendRefused
from faregate.core.usage import Usage, UsageSource
from faregate.core.windows import HighWater
from faregate.gateway import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.core.holds import Booked, BudgetWindow
    from faregate.core.limits.budget import BudgetMatcher
    from faregate.core.side_spend import SpendAsk, SpendEnd
    from faregate.gateway.gate import Gate
    from faregate.gateway.ports import Clock, LedgerPort

LONGEST_S = 300.0
"""Seconds after which a hold that nobody ended is unknown."""
MOST_OPEN = 200


def without_a_gate(
    ledger: LedgerPort, clock: Clock, matcher: BudgetMatcher, *, mark_s: float
) -> SideSpending:
    """Return what spends while no gate runs, under the same budgets.

    `mark_s` is where the ledger's last window began, in Unix seconds.
    """
    high_water = HighWater(mark_s)

    def budgets(provider: str, model: str) -> tuple[BudgetWindow, ...]:
        now = high_water.advance(clock.now_ms() / 1000)
        return matcher.match(NO_LABELS, SMOKE_SESSION, provider, model, now)

    return SideSpending(ledger, clock, budgets)


def beside(gate: Gate) -> SideSpending:
    """Return what spends beside a running gate, under its budgets."""
    me = Identity(
        session=SMOKE_SESSION,
        root_session=SMOKE_SESSION,
        parent=None,
        labels=NO_LABELS,
        source="token",
    )
    return SideSpending(
        gate.ledger,
        gate.clock,
        lambda provider, model: gate.budgets(
            me, Target(provider=provider, model=model), gate.clock.now_ms()
        ),
        ended=gate.admission.closed,
    )


class NotHeldError(Exception):
    """No hold of this id is open here: it was ended before, or never made."""


class SideSpending:
    """Makes and ends holds for the session of the smoke test."""

    def __init__(
        self,
        ledger: LedgerPort,
        clock: Clock,
        budgets: Callable[[str, str], tuple[BudgetWindow, ...]],
        *,
        ended: Callable[[str, Sequence[BudgetState]], None] = lambda _id, _states: None,
    ) -> None:
        """Spend through `ledger`.

        `budgets` returns the windows for a provider and a model at this moment;
        `ended` hears of each hold that ends.
        """
        self._ledger = ledger
        self._clock = clock
        self._budgets = budgets
        self._prefix = f"smoke-{secrets.token_hex(6)}"
        self._ended = ended
        self._numbers = itertools.count(1)
        self._open: dict[str, tuple[Money, float]] = {}

    def hold(self, ask: SpendAsk) -> SpendHeld | SpendRefused:
        """Set money aside over all budgets at once; raises LedgerError."""
        self.expire()
        if len(self._open) >= MOST_OPEN or ask.amount < ZERO:
            return SpendRefused(why=f"{len(self._open)} holds of smoke tests are open")
        attempt = f"{self._prefix}-{next(self._numbers)}"
        made = self._ledger.hold(
            HoldRequest(
                attempt=attempt,
                request=attempt,
                session=SMOKE_SESSION,
                root_session=SMOKE_SESSION,
                budgets=self._budgets(ask.provider, ask.model),
                amount=ask.amount,
                provider=ask.provider,
                model=ask.model,
                protocol=ask.protocol,
                at_ms=self._clock.now_ms(),
                input_bound=ask.input_bound,
                output_bound=ask.output_bound,
            )
        )
        if isinstance(made, NoRoom):
            return SpendRefused(why=messages.no_room(made).message)
        self._open[attempt] = ask.amount, self._clock.elapsed()
        return SpendHeld(attempt=attempt, amount=ask.amount)

    def end(self, end: SpendEnd) -> None:
        """End a hold, once; raises NotHeldError and LedgerError."""
        if self._open.pop(end.attempt, None) is None:
            raise NotHeldError(end.attempt)
        booked = self._book(end)
        self._ended(end.attempt, booked.states)

    def expire(self) -> None:
        """Turn holds that nobody has ended for too long into unknown ones."""
        now = self._clock.elapsed()
        for attempt, (_, since) in list(self._open.items()):
            if now - since > LONGEST_S:
                self._give_up(attempt, "the smoke test never said how it ended")

    def close(self) -> None:
        """Turn everything that is still open into unknowns; never raises."""
        for attempt in list(self._open):
            self._give_up(attempt, "the smoke test ended without saying how")

    def _give_up(self, attempt: str, why: str) -> None:
        amount, _ = self._open.pop(attempt)
        release = Release(attempt=attempt, at_ms=self._clock.now_ms(), why=why)
        try:
            if amount:
                booked = self._ledger.mark_unknown(release)
            else:
                booked = self._ledger.void(release)
        except LedgerError:
            # The ledger itself counts a hold that nobody ends, at its next start.
            return
        self._ended(attempt, booked.states)

    def _book(self, end: SpendEnd) -> Booked:
        now = self._clock.now_ms()
        if end.state is HoldState.SETTLED:
            return self._ledger.settle(
                Settlement(
                    attempt=end.attempt,
                    usage=end.usage or Usage(source=UsageSource.MISSING),
                    cost=end.cost,
                    cost_source=end.cost_source,
                    at_ms=now,
                    status=end.status or 0,
                    served_model=end.served_model,
                    price_source=end.price_source,
                    tool_calls=end.tool_calls,
                    ttfb_ms=end.ttfb_ms,
                    duration_ms=end.duration_ms,
                    note=end.why or None,
                )
            )
        release = Release(
            attempt=end.attempt,
            at_ms=now,
            why=end.why or "a smoke test",
            status=end.status,
            usage=end.usage,
            duration_ms=end.duration_ms,
        )
        if end.state is HoldState.VOIDED:
            return self._ledger.void(release)
        return self._ledger.mark_unknown(release)
