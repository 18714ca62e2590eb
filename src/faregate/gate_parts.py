"""The gate and its collaborators, built from a checked configuration.

Wires what serves one request; the process around it is the daemon's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.latches import Latches
from faregate.core.limits.budget import BudgetMatcher
from faregate.core.limits.effective import LimitRules
from faregate.core.policy import OnTight
from faregate.core.windows import HighWater
from faregate.gateway.admission import Admission
from faregate.gateway.approvals import ApprovalDesk
from faregate.gateway.events import EventLog
from faregate.gateway.flights import Flights
from faregate.gateway.gate import Gate
from faregate.gateway.governor import Governor
from faregate.gateway.limiting import Limiter
from faregate.gateway.loop_watch import ConversationWatch
from faregate.gateway.messages import clock_jumped, clock_skewed
from faregate.gateway.planning import Planner
from faregate.gateway.session_state import SessionStates
from faregate.gateway.settings import GateSettings, Patience
from faregate.gateway.settlement import Books
from faregate.gateway.turns import Failures, Turns
from faregate.server.tables import routing_table
from faregate.tokens.counter import TokenCounter

if TYPE_CHECKING:
    from faregate.config.keys import Keys
    from faregate.config.settings import Settings
    from faregate.gateway.approvals import Audit
    from faregate.gateway.ports import GoverningPort, LedgerPort, Upstream
    from faregate.gateway.steady_clock import SteadyClock
    from faregate.providers.price_table import PriceTable


def build_gate(
    settings: Settings,
    keys: Keys,
    prices: PriceTable,
    ledger: LedgerPort,
    upstream: Upstream,
    clock: SteadyClock,
    patience: Patience,
    *,
    governing: GoverningPort,
    audit: Audit,
    high_water_s: int,
) -> Gate:
    """Return the gate over an open ledger and a way to the providers."""
    policy = GateSettings(
        default_output=settings.budget.output,
        on_tight=settings.budget.on_tight,
        unpriced=settings.budget.unpriced,
        patience=patience,
        retries=settings.retries,
    )
    events = EventLog()
    admission = Admission(ledger, policy, clock)
    turns = Turns()
    planner = Planner(
        specs={name: c.spec for name, c in settings.providers.items()},
        prices=prices,
        table=routing_table(settings),
        key_of=lambda name: (
            keys.found[name].secret.reveal() if name in keys.found else None
        ),
        settings=policy,
        turns=turns,
        regions={name: c.region for name, c in settings.providers.items() if c.region},
    )
    clock.on_skew = lambda ms: events.publish(
        "clock", clock_skewed(ms), at_ms=clock.now_ms(), severity="alert"
    )
    clock.on_jump = lambda ms: events.publish(
        "clock", clock_jumped(ms), at_ms=clock.now_ms(), severity="alert"
    )
    count_tokens = TokenCounter().count_if_able
    desk = ApprovalDesk(
        policy=settings.approvals, clock=clock, events=events, audit=audit
    )
    flights = Flights()
    watch = ConversationWatch(
        settings.loops, clock, events, is_running=flights.is_running, desk=desk
    )
    governor = Governor(
        loops=watch,
        approver=desk,
        limiter=Limiter(
            LimitRules(
                settings.limits.everyone,
                settings.limits.by_agent,
                settings.limits.by_workspace,
            ),
            SessionStates(governing, clock),
            policy,
            clock,
            count_tokens,
        ),
        latches=Latches(governing.latches()),
        patience_s=0.0 if policy.on_tight is OnTight.REFUSE else patience.room,
    )
    return Gate(
        settings=policy,
        matcher=BudgetMatcher(settings.budget_rules, settings.budget.timezone),
        ledger=ledger,
        upstream=upstream,
        clock=clock,
        planner=planner,
        admission=admission,
        events=events,
        flights=flights,
        turns=turns,
        failures=Failures(),
        governor=governor,
        approvals=desk,
        count_tokens=count_tokens,
        books=Books(ledger=ledger, admission=admission, events=events, clock=clock),
        high_water=HighWater(high_water_s),
    )
