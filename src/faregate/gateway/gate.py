"""What every exchange shares: the collaborators behind the ports."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from faregate.core.labels import Labels
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.windows import HighWater
from faregate.gateway.callers import Callers
from faregate.gateway.governor import Governor
from faregate.gateway.health import WORDS, Health
from faregate.gateway.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.core.holds import BudgetState, BudgetWindow, Held
    from faregate.core.identity import Identity
    from faregate.core.limits.budget import BudgetMatcher
    from faregate.core.money import Money
    from faregate.core.retrying import Failure
    from faregate.core.routing import Target
    from faregate.gateway.admission import Admission
    from faregate.gateway.approvals import ApprovalDesk
    from faregate.gateway.capturing import Capture
    from faregate.gateway.counting import CountTokens
    from faregate.gateway.events import EventLog
    from faregate.gateway.flights import Flights
    from faregate.gateway.planning import Planner
    from faregate.gateway.ports import LedgerPort, Upstream
    from faregate.gateway.recording import Recording
    from faregate.gateway.settings import GateSettings
    from faregate.gateway.settlement import Books
    from faregate.gateway.steady_clock import SteadyClock
    from faregate.gateway.turns import Failures, Turns

_K = TypeVar("_K")
REMEMBERED = 1024
"""Sessions, and windows, of which it is kept that they met a full budget."""
_DOOR_CODES = frozenset(
    {
        RefusalCode.UPSTREAM_BROKEN,
        RefusalCode.UPSTREAM_TIMEOUT,
        RefusalCode.UPSTREAM_UNREACHABLE,
        RefusalCode.PROVIDER_RESTING,
        RefusalCode.SHUTTING_DOWN,
        RefusalCode.INTERNAL,
    }
)


@dataclass(slots=True)
class _Windows:
    """The budget windows of each caller and target until a window ends."""

    matcher: BudgetMatcher
    until: float
    by_caller: dict[
        tuple[int, int], tuple[tuple[BudgetWindow, ...], Identity, Target]
    ] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Gate:
    """The running gate; budgets may be replaced while it runs."""

    settings: GateSettings
    matcher: BudgetMatcher
    ledger: LedgerPort
    upstream: Upstream
    clock: SteadyClock
    planner: Planner
    admission: Admission
    events: EventLog
    flights: Flights
    turns: Turns
    failures: Failures
    books: Books
    governor: Governor = field(default_factory=Governor)
    approvals: ApprovalDesk | None = None
    """Where requests wait for a person; None where nothing is ever asked."""
    count_tokens: CountTokens | None = None
    capture: Capture | None = None
    """Keeps what requests and answers say; None while that is off."""
    recording: Recording | None = None
    """Keeps requests that have ended; None where nobody asks later."""
    health: Health = field(default_factory=Health)
    """How providers have been doing."""
    routes: Routes = field(init=False)
    """Which target of a route is asked first."""
    callers: Callers = field(default_factory=Callers)
    """Whose requests are."""
    high_water: HighWater = field(default_factory=HighWater)
    """The latest instant that chose a budget window."""
    capped: dict[str, None] = field(default_factory=dict)
    """Sessions whose latest request met a full budget."""
    refusing: dict[BudgetWindow, None] = field(default_factory=dict)
    """Budget windows that the latest request asked of them found full. Like the
    sessions, only the newest are kept: both are shown, and decide nothing."""

    _windows: _Windows | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Remember sessions on routes as long as the gate lives."""
        self.routes = Routes(self.planner, self.clock, self.events)
        self.ledger.in_force(self.matcher.covers)

    def is_capped(self, session: str) -> bool:
        """Tell whether the session's latest request met a full budget."""
        return session in self.capped

    def is_refusing(self, budget: BudgetWindow) -> bool:
        """Tell whether the latest hold asked of this budget did not fit."""
        return budget in self.refusing

    def admitted(self, session: str, held: Held) -> None:
        """Note that a hold fitted: nothing is capped for this session any more."""
        if self.capped:
            self.capped.pop(session, None)
        if self.refusing:
            for state in held.states:
                self.refusing.pop(state.budget, None)

    def _met_a_full(self, session: str, blocking: Iterable[BudgetState]) -> None:
        _remember(self.capped, session)
        for state in blocking:
            _remember(self.refusing, state.budget)

    def rebudget(self, matcher: BudgetMatcher) -> None:
        """Take new limits; LedgerError leaves the old ones.

        The ledger comes first: it has to know of a budget that counts no more.
        """
        self.ledger.in_force(matcher.covers)
        self.tighten(matcher)

    def tighten(self, matcher: BudgetMatcher) -> None:
        """Take limits that drop no budget, for whoever waits for room as well."""
        self.matcher = matcher
        self.admission.refresh()

    def budgets(
        self, identity: Identity, target: Target, at_ms: int
    ) -> tuple[BudgetWindow, ...]:
        """Return the budget windows that a request counts against at this instant.

        A clock that was set back does not lead into a window that has ended. The same
        tuple comes back for the same caller and target within a day.
        """
        now = self.high_water.advance(at_ms / 1000)
        known = self._windows
        if known is None or known.matcher is not self.matcher or now >= known.until:
            known = self._windows = _Windows(self.matcher, self.matcher.until(now))
        key = (id(identity), id(target))
        found = known.by_caller.get(key)
        if found is None:
            if len(known.by_caller) >= REMEMBERED:
                known.by_caller.clear()
            # What the key has the addresses of must live as long.
            windows = self._matched(identity, target, now)
            found = known.by_caller[key] = (windows, identity, target)
        return found[0]

    def _matched(
        self, identity: Identity, target: Target, now: float
    ) -> tuple[BudgetWindow, ...]:
        windows = self.matcher.match(
            identity.labels,
            identity.root_session,
            target.provider,
            target.model,
            now,
        )
        if identity.max_cost is None:
            return windows
        return tuple(
            _tightened(w, identity.max_cost) if w.window == "session" else w
            for w in windows
        )

    def shared_windows(self, now: float) -> tuple[BudgetWindow, ...]:
        """Return the current windows of every budget that is not one session's."""
        now = max(now, self.high_water.mark)
        found: dict[BudgetWindow, None] = {}
        for rule in (None, *self.matcher.rules):
            if rule is None or rule.scope_kind == "global":
                scope, labels, provider, model = "global", Labels(), "", ""
            elif rule.name is None:
                continue
            else:
                scope = f"{rule.scope_kind}:{rule.name}"
                named = rule.scope_kind in Labels.__dataclass_fields__
                labels = Labels(**{rule.scope_kind: rule.name}) if named else Labels()
                provider = rule.name if rule.scope_kind == "provider" else ""
                model = rule.name if rule.scope_kind == "model" else ""
            windows = self.matcher.match(labels, "", provider, model, now)
            found.update(dict.fromkeys(w for w in windows if w.scope == scope))
        return tuple(found)

    def refused(
        self,
        refusal: Refusal,
        identity: Identity,
        *,
        hung_up: bool = False,
        sent: bool = False,
    ) -> None:
        """Tell the ledger and the event log of a refusal.

        One that only ends a request whose client hung up is nobody's news. What was
        `sent` before is counted as a request already.
        """
        if hung_up:
            return
        now = self.clock.now_ms()
        fault = refusal.code in _DOOR_CODES
        resting = refusal.code is RefusalCode.PROVIDER_RESTING
        if not sent and (resting or not fault):
            self.ledger.record_refusal(
                session=identity.session,
                root_session=identity.root_session,
                labels=identity.labels,
                code=str(refusal.code),
                at_ms=now,
            )
        capped = refusal.code is RefusalCode.BUDGET_EXCEEDED
        alarming = capped or refusal.code is RefusalCode.LOOP_DETECTED
        if capped:
            self._met_a_full(identity.session, refusal.blocking)
        self.events.publish(
            "error" if fault else "capped" if capped else "refused",
            refusal.message,
            at_ms=now,
            severity="alert" if alarming else "warn",
            session=identity.session,
            about=_concern(refusal),
        )

    def answered_with_error(
        self, target: Target, status: int, message: str, session: str
    ) -> None:
        """Tell of an error that a provider answered and the agent was given."""
        self.events.publish(
            "error",
            f"{target.provider} answered {status}: {message}",
            at_ms=self.clock.now_ms(),
            severity="warn",
            session=session,
        )

    def went_on(
        self, failed: Target, target: Target, failure: Failure, session: str
    ) -> None:
        """Tell of a request that is tried once more, there or elsewhere."""
        why = WORDS[failure.trouble]
        again = failed == target
        kind = "retry" if again else "fallback"
        way = "asked again" if again else f"{target} is asked instead"
        self.events.publish(
            kind,
            f"{failed}: {why}; {way}",
            at_ms=self.clock.now_ms(),
            severity="info" if again else "warn",
            session=session,
        )

    def retried(self, target: Target, session: str) -> None:
        """Tell of an agent that sends a failed request again."""
        self.events.publish(
            "retry",
            f"the agent sent its failed request to {target} again",
            at_ms=self.clock.now_ms(),
            session=session,
        )


def _remember(newest: dict[_K, None], key: _K) -> None:
    """Keep a key as the newest; what is oldest goes."""
    newest.pop(key, None)
    newest[key] = None
    if len(newest) > REMEMBERED:
        del newest[next(iter(newest))]


def _concern(refusal: Refusal) -> str | None:
    """Return what is the same for all refusals that need telling once."""
    if refusal.blocking:
        return _window_of(refusal.blocking[0])
    if refusal.code is RefusalCode.PROVIDER_RESTING:
        # Only for how long it still rests differs from one to the next.
        return refusal.message.partition(" rests ")[0]
    return None


def _window_of(state: BudgetState) -> str:
    budget = state.budget
    return f"{budget.scope} {budget.window} {budget.starts_at}"


def _tightened(window: BudgetWindow, limit: Money) -> BudgetWindow:
    if window.limit is not None and window.limit <= limit:
        return window
    return replace(window, limit=limit, of_run=True)
