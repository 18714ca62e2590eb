"""What the control plane can do, apart from HTTP: sessions, budgets, holds, stop."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from faregate.config.problems import ConfigError
from faregate.control.models import NewSession, ResolveHold, SessionGrant, SetBudget
from faregate.core.identity import Grant, is_name
from faregate.core.labels import Labels
from faregate.core.limits.budget import SCOPE_KINDS
from faregate.core.limits.effective import NAMES, LimitRules
from faregate.core.limits.limit import NO_LIMITS, Limits
from faregate.core.money import ZERO, Money
from faregate.core.windows import WindowKind
from faregate.server.peer import INSIDE, NESTED, Runs
from faregate.server.processes import lineage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from faregate.control.governing import RunLimits
    from faregate.gateway.gate import Gate
    from faregate.server.auth import Tokens
    from faregate.server.budget_desk import BudgetDesk
    from faregate.server.live import Live
    from faregate.server.ports import AdminPort, ReportsPort

_LABELS = ("agent", "workspace", "task", "user", "customer", "feature")
_LONGEST_NAME = 200
_UNITS = ((1440, "day"), (60, "hour"), (1, "minute"))
"""Units of time by the minutes in them."""


class ControlRefusedError(Exception):
    """The control plane said no; `code` is stable, the message is for a person."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Control:
    """The verbs behind the control routes."""

    def __init__(
        self,
        *,
        version: str,
        url: str,
        gate: Gate,
        live: Live,
        reports: ReportsPort,
        admin: AdminPort,
        tokens: Tokens,
        admin_secret: str,
        budgets: BudgetDesk,
        stop: Callable[[], None],
    ) -> None:
        """Act on `gate`; `budgets` knows every limit, `stop` ends the proxy."""
        self.version = version
        self.live = live
        self.reports = reports
        self.write = gate.admission.commits.write
        """Has the ledger write what it decided, for whoever reads the file."""
        self.admin_secret = admin_secret
        self.runs = Runs(tokens.grant_of)
        self._url = url
        self._gate = gate
        self._admin = admin
        self._tokens = tokens
        limiter = gate.governor.limiter
        self._rules = LimitRules() if limiter is None else limiter.rules
        self._granted: dict[str, Limits | None] = {}
        self._budgets = budgets
        self._stop = stop

    def ask_again(self, providers: Iterable[str], *, peer: int) -> list[str]:
        """End the rest of these providers, of all for none; return whose did.

        Not for an agent, which would send failing requests without a pause.
        """
        if self.runs.holds(peer):
            raise ControlRefusedError(403, "forbidden", INSIDE)
        gate = self._gate
        ended = gate.health.end_rests(providers, gate.clock.monotonic())
        for name in ended:
            gate.events.publish(
                "rest",
                f"{name} rests no more: the next request asks it again",
                at_ms=gate.clock.now_ms(),
            )
        return ended

    def new_session(self, asked: NewSession, *, peer: int) -> SessionGrant:
        """Return a fresh session with a token of its own, for process `peer`.

        Not inside a run: what the fresh one used would count beside the run's limits,
        and neither a pause nor a stop of the run would reach it.
        """
        if self.runs.holds(peer):
            raise ControlRefusedError(403, "forbidden", NESTED)
        labels: dict[str, str] = {}
        for name in _LABELS:
            value = getattr(asked, name)
            if value is None:
                continue
            if not is_name(value):
                raise bad_request(
                    f"{name} {value[:80]!r} must be 1 to 128 of A-Z a-z 0-9 . _ @ : + "
                    "- and begin with a letter or digit"
                )
            labels[name] = value
        cost = None if asked.max_cost is None else money_in(asked.max_cost)
        limits = _limits(asked.limits)
        session = f"{asked.agent or 'run'}-{secrets.token_hex(4)}"
        if asked.pid is not None:
            limited = cost is not None or limits is not None
            self._begin_run(session, asked.pid, peer, limited=limited)
        grant = Grant(
            session=session, labels=Labels(**labels), max_cost=cost, limits=limits
        )
        self._granted[session] = limits
        self._admin.start_session(
            session, root_session=session, parent=None, labels=grant.labels
        )
        return SessionGrant(
            session=session,
            token=self._tokens.issue(grant),
            url=self._url,
            max_time_s=self._rules.effective(
                asked.agent, limits, workspace=asked.workspace, session=session
            ).limits.wall_clock,
        )

    def granted(self, session: str) -> Limits | None:
        """Return the limits that a run of this process was given."""
        return self._granted.get(session)

    def all_granted(self) -> list[Limits]:
        """Return what the runs of this process were given, where that limits them."""
        return [each for each in self._granted.values() if each is not None]

    def end_session(self, session: str, *, peer: int) -> None:
        """End a session for process `peer`: its token stops working.

        What runs inside a run may end that run's own session alone.
        """
        if self.runs.holds(peer) and not self.runs.works_in(peer, session):
            raise ControlRefusedError(403, "forbidden", INSIDE)
        self._tokens.end(session)
        self._admin.end_session(session)
        self.runs.end(session, by=peer)
        if self._gate.approvals is not None:
            self._gate.approvals.forget(session)

    def raises(self, asked: SetBudget) -> bool:
        """Tell whether this change lets more be spent than before."""
        if asked.limit is None or asked.for_s is not None:
            return True
        _check_slot(asked)
        before = self._budgets.limit_of(asked.scope, asked.window)
        if before is not None:
            return money_in(asked.limit) > before
        # A limit of its own would open what an overrun has closed.
        closed = {(w.scope, w.window) for w in self._admin.closed_windows()}
        return (asked.scope, asked.window) in closed

    def set_budget(self, asked: SetBudget, *, who: str) -> None:
        """Set a budget's limit; the ledger knows of it before anything else does."""
        limit = None if asked.limit is None else money_in(asked.limit)
        _check_slot(asked)
        try:
            self._budgets.check(asked)
        except ValueError as error:
            raise bad_request(str(error)) from error
        note = "" if asked.for_s is None else f"for {asked.for_s:g} s"
        self._admin.set_limit(asked.scope, asked.window, limit, note=note, who=who)
        try:
            self._budgets.set(asked)
        except (ConfigError, OSError) as error:
            raise ControlRefusedError(
                500, "not_saved", f"the limit holds until the next start only: {error}"
            ) from error
        shown = "no limit" if limit is None else str(limit)
        self._gate.events.publish(
            "budget",
            f"{asked.scope} {asked.window} budget set to {shown}"
            + ("" if asked.for_s is None else f" for {_span(asked.for_s)}"),
            at_ms=self._gate.clock.now_ms(),
        )

    def resolve(self, asked: ResolveHold, *, who: str) -> None:
        """Resolve an unknown hold by a person's word."""
        spent = None if asked.spent is None else money_in(asked.spent)
        booked = self._admin.resolve(asked.id, spent, note=asked.note or "", who=who)
        self._gate.admission.closed(asked.id, booked.states)
        self._gate.events.publish(
            "resolved",
            f"hold {asked.id}: "
            + ("void" if spent is None else f"{spent} spent")
            + ", by hand",
            at_ms=self._gate.clock.now_ms(),
        )

    def shutdown(self) -> None:
        """Drain and stop."""
        self._stop()

    def _begin_run(self, session: str, pid: int, peer: int, *, limited: bool) -> None:
        """Note a run's process, which has to be the peer's own or one it started.

        Otherwise an agent could name the person's own shell, and shut him out.
        """
        above = {process.pid for process in lineage(pid)}
        if above and peer not in above:
            raise bad_request(f"process {pid} was not started by the one that asks")
        self.runs.begin(session, pid, limited=limited)


def _limits(asked: RunLimits | None) -> Limits | None:
    """Read the limits of a run."""
    if asked is None:
        return None
    values: dict[str, Any] = {name: getattr(asked, name) for name in NAMES}
    spend = asked.spend_per_minute
    values["spend_per_minute"] = None if spend is None else money_in(spend)
    for name, value in values.items():
        if value is not None and not isinstance(value, Money) and value < 0:
            raise bad_request(f"{name} {value:g} is below zero")
    limits = Limits(**values)
    return None if limits == NO_LIMITS else limits


def _check_slot(asked: SetBudget) -> None:
    """Refuse a scope or window that no budget has, before anything is written."""
    kind, colon, name = asked.scope.partition(":")
    if kind not in SCOPE_KINDS or (colon and not name) or len(name) > _LONGEST_NAME:
        raise bad_request(f"{asked.scope[:80]!r} is no scope of a budget")
    if not name.isprintable():
        raise bad_request(f"{asked.scope[:80]!r} has characters that no name has")
    if kind == "global" and name:
        raise bad_request("a global budget has no name")
    windows = [str(window.value) for window in WindowKind]
    if asked.window not in windows:
        raise bad_request(f"{asked.window[:80]!r} is none of: {', '.join(windows)}")
    if asked.window == WindowKind.SESSION.value and kind != "session":
        raise bad_request(f"the window session goes with the scope session, not {kind}")


def _span(seconds: float) -> str:
    """Return "1 hour", "3 days", "90 minutes": the largest unit that is exact."""
    minutes = max(1, round(seconds / 60))
    size, unit = next(each for each in _UNITS if not minutes % each[0])
    number = minutes // size
    return f"{number} {unit}{'s' * (number != 1)}"


def money_in(text: str) -> Money:
    """Return an amount of USD that was asked with; a refusal where it is none."""
    try:
        amount = Money.usd(text)
    except ValueError as error:
        raise bad_request(str(error)) from error
    if amount < ZERO:
        raise bad_request("an amount below zero")
    return amount


def bad_request(message: str) -> ControlRefusedError:
    """Return the refusal of what nobody can ask for."""
    return ControlRefusedError(400, "bad_request", message)
