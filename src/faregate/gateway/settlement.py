"""How one attempt's hold ends: settled, voided or unknown, exactly once.

Owns the judgement of what an answer proves about money. Never raises: a ledger
that fails keeps the hold and says so itself.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from faregate.core.estimate import Bounds, observed_output
from faregate.core.holds import (
    AlreadyResolvedError,
    Booked,
    HoldState,
    LedgerError,
    Release,
    Settlement,
)
from faregate.core.money import ZERO, Money
from faregate.core.pricing import CostSource
from faregate.core.usage import Usage, UsageSource
from faregate.core.values import dataclass
from faregate.gateway import messages
from faregate.protocols.lean_struct import LeanRecord
from faregate.providers.spec import ErrorClass, OnAbort

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.gateway.admission import Admission
    from faregate.gateway.events import EventLog
    from faregate.gateway.explaining import Explanation
    from faregate.gateway.plan import Plan
    from faregate.gateway.ports import Clock, LedgerPort
    from faregate.protocols.codec import Answer

_log = logging.getLogger("faregate.gateway")
_Ended = TypeVar("_Ended", Settlement, Release)
UNBILLED = frozenset({400, 401, 403, 404, 413, 422, 429})
"""Statuses that no provider bills when no output came with them."""

_TURNED_AWAY = frozenset(
    {
        ErrorClass.AUTH,
        ErrorClass.PERMISSION,
        ErrorClass.QUOTA_EXHAUSTED,
        ErrorClass.RATE_LIMITED,
    }
)
"""Errors of a request that was not let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What a settlement needs, shared by all of them."""

    ledger: LedgerPort
    admission: Admission
    events: EventLog
    clock: Clock


class OpenHold(LeanRecord):
    """The hold of one running attempt; its first resolution is its only one."""

    _books: Books
    _plan: Plan
    bounds: Bounds
    """What the hold covers."""
    _attempt: str
    _held: Money
    cost: Money
    """What it cost, once that is known; what it may cost until then."""
    _session: str
    _started: float
    """When the attempt began, in monotonic seconds."""
    _story: Explanation | None = None
    client_retry: bool = False
    first_byte: float | None = None
    first_output: float | None = None
    """When model output was first seen."""
    fault: str | None = None
    """What the provider did wrong, in a word; set before the end is booked."""
    waste: str | None = None
    """Why the answer is thrown away, where that is known before its end."""
    verdict: str | None = None
    """What a check of the answer found, where there was one."""
    done: bool = False
    usage: Usage | None = None
    """What the attempt was settled with; None when it was not."""
    tool_calls: int = 0
    failed: bool = False
    """The provider answered with an error, be it inside a stream."""

    def answered(self, answer: Answer, status: int) -> None:
        """Book a whole answer, or a stream that came to its end."""
        if self.done:
            return
        if answer.usage is not None:
            self._settle(answer.usage, answer, status)
        elif self._is_unbilled(answer, status):
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
        elif not self._held or self._stops_billing(answer):
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
            # What held nothing cannot stay held.
            self._release(why, status, void=not self._held)

    def throw_away(self, why: str) -> None:
        """Note why nothing comes of the answer, before its end is booked or after."""
        self.waste = why
        if not self.done:
            return
        try:
            self._books.ledger.waste(self._attempt, why)
        except LedgerError as error:
            self._event("ledger", f"The ledger cannot note what was wasted: {error}")

    def _is_unbilled(self, answer: Answer, status: int) -> bool:
        """Tell whether an error answer proves that nothing was billed."""
        if answer.started or answer.output_bytes or answer.input_usage is not None:
            return False
        spec = self._plan.spec
        if status in UNBILLED or status in spec.unbilled_statuses:
            return True
        # Some say with status 200 that a key or a wallet is not good.
        return answer.error_code is not None and any(
            rule.error_class in _TURNED_AWAY
            and rule.code == answer.error_code
            and rule.status in {None, status}
            for rule in spec.error_rules
        )

    def _stops_billing(self, answer: Answer) -> bool:
        """Tell whether what was seen of a broken-off answer bounds its bill.

        Only a stream stops when its reader leaves: anything else is made, and
        billed, to its end.
        """
        seen = self._plan.facts.stream or answer.complete
        return seen and self._plan.spec.on_abort is OnAbort.OBSERVED

    def _settle_observed(self, answer: Answer, why: str, status: int | None) -> None:
        elapsed = self._books.clock.monotonic() - self._started
        bounds = self.bounds
        made = observed_output(answer.output_bytes, elapsed, bounds.choices)
        # What was predicted wrongly is billed, and never seen.
        made += self._plan.facts.predicted * bounds.choices
        output = min(made, bounds.billable_output)
        # What was stated of the input holds for the first round of sampling only.
        told = None if bounds.server_tool_calls else answer.input_usage
        seen = told or Usage(uncached_input=bounds.input)
        usage = Usage(
            uncached_input=seen.uncached_input,
            cache_read=seen.cache_read,
            cache_write_5m=seen.cache_write_5m,
            cache_write_1h=seen.cache_write_1h,
            output=output,
            source=UsageSource.ESTIMATED,
        )
        if told is None:
            cost = self._plan.amount(
                Bounds(
                    input=bounds.input,
                    output=output,
                    server_tool_calls=bounds.server_tool_calls,
                )
            )
        else:
            cost = self._plan.at_most(usage)
        source = str(CostSource.ESTIMATED)
        if not self._plan.metered:
            source = str(self._plan.cost(usage, None).source)
        self._book(usage, min(self._held, cost), source, answer, status or 0, why)

    def _settle(self, usage: Usage, answer: Answer, status: int) -> None:
        self.failed = answer.error is not None or status >= 400
        if self.failed and status < 400 and self.fault is None:
            self.fault = "error"
        cost = self._plan.cost(usage, answer.service_tier)
        if self._story is not None:
            self._story.cost(self._attempt, cost, answer.service_tier)
        self._book(usage, cost.amount, str(cost.source), answer, status, None)

    def _book(
        self,
        usage: Usage,
        cost: Money,
        source: str,
        answer: Answer,
        status: int,
        why: str | None,
    ) -> None:
        clock, row = self._books.clock, self._plan.row
        first_byte, first_output = self.first_byte, self.first_output
        settlement = Settlement(
            self._attempt,
            usage,
            cost,
            source,
            clock.now_ms(),
            status,
            answer.model,
            None if row is None else row.source,
            answer.tool_calls,
            False,
            None if first_byte is None else self._ms(first_byte),
            self._ms(clock.monotonic()),
            why,
            None if first_output is None else self._ms(first_output),
            self.fault,
            self.waste,
            self.verdict,
        )
        self.usage = usage
        self.cost = cost
        self.tool_calls = answer.tool_calls
        self._end(self._books.admission.commits.settle, settlement, cost)

    def _release(self, why: str, status: int | None, *, void: bool) -> None:
        release = Release(
            attempt=self._attempt,
            at_ms=self._books.clock.now_ms(),
            why=why,
            status=status,
            duration_ms=self._ms(self._books.clock.monotonic()),
            ttfb_ms=self._ms(self.first_byte),
            first_token_ms=self._ms(self.first_output),
            fault=self.fault,
            waste=self.waste,
            verdict=self.verdict,
        )
        ledger = self._books.ledger
        if void:
            self.cost = ZERO
            self._end(ledger.void, release, ZERO)
            return
        self._event(
            "unknown",
            f"{self._held} stays held as unknown: {why} ({self._plan.target}). "
            "See: faregate holds",
        )
        self._end(ledger.mark_unknown, release, ZERO)

    def _end(
        self, book: Callable[[_Ended], Booked], ended: _Ended, cost: Money
    ) -> None:
        """Book the end, once, and let whoever waits for room know."""
        self.done = True
        # It knows its hold: together they would stay in memory for long.
        self._story = None
        booked: Booked | None = None
        try:
            booked = book(ended)
        except AlreadyResolvedError as error:
            self._event("resolved", f"Somebody else resolved a hold: {error}")
        except Exception as error:  # noqa: BLE001 - whatever failed, the hold must end
            if not isinstance(error, LedgerError):
                _log.exception("attempt %s cannot be booked", self._attempt)
            booked = self._kept(str(error))
            what = "failed, nothing is admitted" if booked is None else "keeps a hold"
            self._event("ledger", f"The ledger {what}: {error}")
        if booked is not None:
            self._publish(booked, cost)
        admission = self._books.admission
        # Sums become values when they are read, so only if somebody waits for them.
        looked_at = booked is not None and admission.waiting
        admission.closed(self._attempt, booked.states if looked_at and booked else ())

    def _kept(self, why: str) -> Booked | None:
        """Keep a hold as unknown whose end cannot be booked, so that a person can.

        What a provider reports may be more than any ledger can count.
        """
        release = Release(
            attempt=self._attempt, at_ms=self._books.clock.now_ms(), why=why
        )
        try:
            return self._books.ledger.mark_unknown(release)
        except LedgerError:
            # The ledger is down as a whole: it says so, and the hold stays as it is.
            return None

    def _publish(self, booked: Booked, cost: Money) -> None:
        if booked.state is HoldState.HELD:
            self._event(
                "ledger",
                "The ledger cannot be written: what a request cost waits in its "
                "spill file, and nothing is admitted",
            )
        if booked.overrun.pico:
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
