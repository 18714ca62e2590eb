"""What the control plane can do, apart from HTTP: sessions, budgets, holds, stop."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from faregate.control.models import NewSession, ResolveHold, SessionGrant, SetBudget
from faregate.core.identity import Grant, is_name
from faregate.core.labels import Labels
from faregate.core.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faregate.gateway.gate import Gate
    from faregate.server.auth import Tokens
    from faregate.server.live import Live
    from faregate.server.ports import AdminPort, ReportsPort

_LABELS = ("agent", "workspace", "task", "user", "customer", "feature")


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
        save_budget: Callable[[SetBudget], None],
        stop: Callable[[], None],
    ) -> None:
        self.version = version
        self.live = live
        self.reports = reports
        self.admin_secret = admin_secret
        self.runs: set[int] = set()
        """Process ids of running `faregate run` children."""
        self.watchers = 0
        self._url = url
        self._gate = gate
        self._admin = admin
        self._tokens = tokens
        self._save_budget = save_budget
        self._stop = stop
        self._pids: dict[str, int] = {}

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Count one watcher of the feed."""
        self.watchers += 1
        try:
            yield
        finally:
            self.watchers -= 1

    def new_session(self, asked: NewSession) -> SessionGrant:
        """Return a fresh session with a token of its own."""
        labels: dict[str, str] = {}
        for name in _LABELS:
            value = getattr(asked, name)
            if value is None:
                continue
            if not is_name(value):
                raise ControlRefusedError(
                    400,
                    "bad_request",
                    f"{name} {value[:80]!r} must be 1 to 128 of A-Z a-z 0-9 . _ @ : + "
                    "- and begin with a letter or digit",
                )
            labels[name] = value
        cost = None if asked.max_cost is None else _money(asked.max_cost)
        session = f"{asked.agent or 'run'}-{secrets.token_hex(4)}"
        grant = Grant(session=session, labels=Labels(**labels), max_cost=cost)
        if asked.pid is not None:
            self.runs.add(asked.pid)
            self._pids[session] = asked.pid
        return SessionGrant(
            session=session, token=self._tokens.issue(grant), url=self._url
        )

    def end_session(self, session: str) -> None:
        """End a session: its token stops working."""
        self._tokens.end(session)
        self._admin.end_session(session)
        pid = self._pids.pop(session, None)
        if pid is not None:
            self.runs.discard(pid)

    def raises(self, asked: SetBudget) -> bool:
        """Tell whether this change lets more be spent than before."""
        if asked.limit is None:
            return True
        before = self._limit_of(asked.scope, asked.window)
        return before is not None and _money(asked.limit) > before

    def set_budget(self, asked: SetBudget, *, who: str) -> None:
        """Set a budget's limit; the ledger knows of it before anything else does."""
        limit = None if asked.limit is None else _money(asked.limit)
        self._admin.set_limit(asked.scope, asked.window, limit, note="control", who=who)
        try:
            self._save_budget(asked)
        except ValueError as error:
            raise ControlRefusedError(400, "bad_request", str(error)) from error
        shown = "no limit" if limit is None else str(limit)
        self._gate.events.publish(
            "budget",
            f"{asked.scope} {asked.window} budget set to {shown}",
            at_ms=self._gate.clock.now_ms(),
        )

    def resolve(self, asked: ResolveHold, *, who: str) -> None:
        """Resolve an unknown hold by a person's word."""
        spent = None if asked.spent is None else _money(asked.spent)
        self._admin.resolve(asked.id, spent, note=asked.note or "", who=who)
        self._gate.admission.closed(asked.id)
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

    def _limit_of(self, scope: str, window: str) -> Money | None:
        kind, _, name = scope.partition(":")
        for rule in self._gate.matcher.rules:
            if (rule.scope_kind, rule.name or "", rule.window) == (kind, name, window):
                return rule.limit
        return None


def _money(text: str) -> Money:
    try:
        amount = Money.usd(text)
    except ValueError as error:
        raise ControlRefusedError(400, "bad_request", str(error)) from error
    if amount < Money(0):
        raise ControlRefusedError(400, "bad_request", "an amount below zero")
    return amount
