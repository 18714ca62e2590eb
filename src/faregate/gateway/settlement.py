"""How one attempt's hold ends: settled, voided or unknown, exactly once.

Owns the judgement of what an answer proves about money. Never raises: a ledger
that fails keeps the hold and says so itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.core.estimate import Bounds, observed_output
from faregate.core.holds import Booked, LedgerError, Release, Settlement
from faregate.core.money import ZERO, Money
from faregate.core.pricing import CostSource, cost_of
from faregate.core.usage import Usage, UsageSource
from faregate.gateway import messages
from faregate.providers.spec import OnAbort

if TYPE_CHECKING:
    from faregate.gateway.admission import Admission
    from faregate.gateway.events import EventLog
    from faregate.gateway.planning import Plan
    from faregate.gateway.ports import Clock, LedgerPort
    from faregate.protocols.codec import Answer

UNBILLED = frozenset({400, 401, 403, 404, 413, 422, 429})
"""Statuses that no provider bills when no output came with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What a settlement needs, shared by all of them."""

    ledger: LedgerPort
    admission: Admission
    events: EventLog
    clock: Clock


class OpenHold:
    """The hold of one running attempt; its first resolution is its only one."""

    __slots__ = (
        "_attempt",
        "_books",
        "_bounds",
        "_held",
        "_plan",
        "_session",
        "_started",
        "_started_ms",
        "done",
        "first_byte",
        "usage",
    )

    def __init__(
        self,
        *,
        books: Books,
        plan: Plan,
        bounds: Bounds,
        attempt: str,
        held: Money,
        session: str,
        started_ms: int,
    ) -> None:
        self._books = books
        self._plan = plan
        self._bounds = bounds
        self._attempt = attempt
        self._held = held
        self._session = session
        self._started_ms = started_ms
        self._started = books.clock.monotonic()
        self.first_byte: float | None = None
        self.done = False
        self.usage: Usage | None = None
        """What the attempt was settled with; None when it was not."""

    def answered(self, answer: Answer, status: int) -> None:
        """Book a whole answer, or a stream that came to its end."""
        if self.done:
            return
        if answer.usage is not None:
            self._settle(answer.usage, answer, status)
        elif status in UNBILLED or status in self._plan.spec.unbilled_statuses:
            self.void(f"the provider answered {status}", status)
        elif status >= 300:
            self.unknown(f"the provider answered {status}", status)
        else:
            self.cut(answer, "the answer carried no usage", status)

    def cut(self, answer: Answer, why: str, status: int | None = None) -> None:
        """Book an answer that ended without final usage."""
        if self.done:
            return
        if answer.usage is not None:
            self._settle(answer.usage, answer, status or 200)
            return
        spec = self._plan.spec
        if spec.on_abort is OnAbort.OBSERVED or not self._held:
            self._settle_observed(answer, why, status)
        else:
            self.unknown(why, status)

    def void(self, why: str, status: int | None = None) -> None:
        """Give the hold back: it is proven that nothing was billed."""
        if not self.done:
            self._release(why, status, void=True)

    def unknown(self, why: str, status: int | None = None) -> None:
        """Keep the hold in full."""
        if not self.done:
            self._release(why, status, void=False)

    def _settle_observed(self, answer: Answer, why: str, status: int | None) -> None:
        elapsed = self._books.clock.monotonic() - self._started
        output = observed_output(answer.output_bytes, elapsed)
        seen = answer.input_usage or Usage(uncached_input=self._bounds.input)
        usage = Usage(
            uncached_input=seen.uncached_input,
            cache_read=seen.cache_read,
            cache_write_5m=seen.cache_write_5m,
            cache_write_1h=seen.cache_write_1h,
            output=min(output, self._bounds.output * self._bounds.choices),
            source=UsageSource.ESTIMATED,
        )
        if answer.input_usage is None:
            bounds = Bounds(
                input=self._bounds.input,
                output=usage.output,
                server_tool_calls=self._bounds.server_tool_calls,
            )
            cost = min(self._held, self._plan.amount(bounds))
            self._book(usage, cost, "estimated", answer, status or 0, why)
        else:
            self._settle(usage, answer, status or 0, why)

    def _settle(
        self, usage: Usage, answer: Answer, status: int, why: str | None = None
    ) -> None:
        at = datetime.fromtimestamp(self._started_ms / 1000, UTC)
        cost = cost_of(usage, self._plan.row, at)
        if usage.source is UsageSource.ESTIMATED:
            source = str(CostSource.ESTIMATED if cost.amount else cost.source)
            amount = min(cost.amount, self._held)
        else:
            source, amount = str(cost.source), cost.amount
        self._book(usage, amount, source, answer, status, why)

    def _book(
        self,
        usage: Usage,
        cost: Money,
        source: str,
        answer: Answer,
        status: int,
        why: str | None,
    ) -> None:
        now = self._books.clock.monotonic()
        row = self._plan.row
        settlement = Settlement(
            attempt=self._attempt,
            usage=usage,
            cost=cost,
            cost_source=source,
            at_ms=self._books.clock.now_ms(),
            status=status,
            served_model=answer.model,
            price_source=None if row is None else row.source,
            tool_calls=answer.tool_calls,
            ttfb_ms=self._ms(self.first_byte),
            duration_ms=self._ms(now),
            note=why,
        )
        self.done = True
        self.usage = usage
        try:
            self._publish(self._books.ledger.settle(settlement), cost)
        except LedgerError as error:
            self._ledger_failed(error)
        self._books.admission.closed(self._attempt)

    def _release(self, why: str, status: int | None, *, void: bool) -> None:
        release = Release(
            attempt=self._attempt,
            at_ms=self._books.clock.now_ms(),
            why=why,
            status=status,
            duration_ms=self._ms(self._books.clock.monotonic()),
        )
        self.done = True
        ledger = self._books.ledger
        try:
            if void or not self._held:
                booked = ledger.void(release)
            else:
                booked = ledger.mark_unknown(release)
                self._event(
                    "unknown",
                    f"{self._held} stays held as unknown: {why} "
                    f"({self._plan.target}). See: faregate holds",
                )
            self._publish(booked, ZERO)
        except LedgerError as error:
            self._ledger_failed(error)
        self._books.admission.closed(self._attempt)

    def _publish(self, booked: Booked, cost: Money) -> None:
        if booked.overrun:
            self._event(
                "overrun",
                f"{self._plan.target} cost {cost}, {booked.overrun} more than was "
                "held; its budgets are closed until a person looks",
            )
        for crossing in booked.crossings:
            state = crossing.state
            self._books.events.publish(
                "alert",
                f"{crossing.percent} % of the {messages.budget_name(state)}: "
                f"{state.spent} of {state.budget.limit} spent",
                at_ms=self._books.clock.now_ms(),
                severity="alert" if crossing.percent >= 80 else "warn",
            )

    def _ledger_failed(self, error: LedgerError) -> None:
        self._event("ledger", f"The ledger failed, nothing is admitted: {error}")

    def _event(self, kind: str, text: str) -> None:
        self._books.events.publish(
            kind,
            text,
            at_ms=self._books.clock.now_ms(),
            severity="alert" if kind in {"overrun", "ledger"} else "warn",
            session=self._session,
        )

    def _ms(self, until: float | None) -> int | None:
        return None if until is None else int((until - self._started) * 1000)
