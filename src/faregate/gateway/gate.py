"""What every exchange shares: the collaborators behind the ports."""

from __future__ import annotations

from dataclasses import dataclass

from faregate.core.holds import BudgetWindow
from faregate.core.identity import Identity
from faregate.core.limits.budget import BudgetMatcher
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.routing import Target
from faregate.gateway.admission import Admission
from faregate.gateway.events import EventLog
from faregate.gateway.flights import Flights
from faregate.gateway.planning import Planner
from faregate.gateway.ports import Clock, LedgerPort, Upstream
from faregate.gateway.settings import GateSettings
from faregate.gateway.settlement import Books
from faregate.gateway.turns import Failures, Turns

_DOOR_CODES = frozenset(
    {
        RefusalCode.UPSTREAM_BROKEN,
        RefusalCode.UPSTREAM_TIMEOUT,
        RefusalCode.UPSTREAM_UNREACHABLE,
        RefusalCode.SHUTTING_DOWN,
        RefusalCode.INTERNAL,
    }
)


@dataclass(slots=True, kw_only=True)
class Gate:
    """The running gate; budgets may be replaced while it runs."""

    settings: GateSettings
    matcher: BudgetMatcher
    ledger: LedgerPort
    upstream: Upstream
    clock: Clock
    planner: Planner
    admission: Admission
    events: EventLog
    flights: Flights
    turns: Turns
    failures: Failures
    books: Books

    def budgets(
        self, identity: Identity, target: Target, at_ms: int
    ) -> tuple[BudgetWindow, ...]:
        """Return the budget windows that a request counts against."""
        return self.matcher.match(
            identity.labels,
            identity.root_session,
            target.provider,
            target.model,
            at_ms / 1000,
        )

    def refused(self, refusal: Refusal, identity: Identity) -> None:
        """Tell the ledger and the event log of a refusal."""
        now = self.clock.now_ms()
        fault = refusal.code in _DOOR_CODES
        if not fault:
            self.ledger.record_refusal(
                session=identity.session,
                root_session=identity.root_session,
                labels=identity.labels,
                code=str(refusal.code),
                at_ms=now,
            )
        capped = refusal.code is RefusalCode.BUDGET_EXCEEDED
        self.events.publish(
            "error" if fault else "capped" if capped else "refused",
            refusal.message,
            at_ms=now,
            severity="alert" if capped else "warn",
            session=identity.session,
        )
