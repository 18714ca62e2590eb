"""What the cost log answers: requests, sessions, sums, pages, what explains one.

The same for a proxy that is asked and for a command that reads by itself. Calls may
take long: they belong in a thread, each with a connection of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from faregate.control.cost_log import (
    AttemptPage,
    AuditView,
    ExplainView,
    Report,
    RequestView,
    SessionPage,
)
from faregate.server import cost_views, views

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import tzinfo

    from faregate.core.cost_log import AttemptEntry, Explained, RequestRow
    from faregate.core.records import AuditRow, SessionRow, SpendRow

SpendBy = Literal[
    "day", "provider", "model", "target", "route", "root", "workspace", "agent",
    "user", "task", "customer", "feature",
]  # fmt: skip
_SPEND_BY: dict[str, SpendBy] = {
    "model": "model",
    "target": "target",
    "provider": "provider",
    "route": "route",
    "workspace": "workspace",
    "agent": "agent",
    # A run and its sub-agents are one session for whoever pays.
    "session": "root",
    "task": "task",
    "customer": "customer",
    "user": "user",
    "feature": "feature",
    "day": "day",
}


class CostsPort(Protocol):
    """Reads requests and attempts."""

    def requests(
        self, *, session: str | None, since_ms: int, limit: int
    ) -> Sequence[RequestRow]:
        """Return requests, the newest first."""
        ...

    def explained(self, name: str) -> Explained | None:
        """Return what is kept of one request."""
        ...

    def attempts_after(
        self, after: int, *, since_ms: int, limit: int
    ) -> tuple[Sequence[AttemptEntry], int | None]:
        """Return a page of attempts, and where the next one begins."""
        ...


class CostReader(Protocol):
    """Reads the ledger for reports."""

    @property
    def costs(self) -> CostsPort:
        """Return the reader of requests and attempts."""
        ...

    def sessions(self, *, limit: int, before: int | None) -> Sequence[SessionRow]:
        """Return sessions, the newest first."""
        ...

    def summed(
        self, by: SpendBy, *, since_ms: int, until_ms: int, zone: tzinfo
    ) -> tuple[Sequence[SpendRow], SpendRow]:
        """Return sums by a key, and the sum of them all."""
        ...

    def decisions(self, *, since_ms: int, limit: int) -> Sequence[AuditRow]:
        """Return what persons decided, the newest first."""
        ...


class CostAnswers:
    """Answers questions about the cost log; raises LedgerError."""

    def __init__(
        self,
        opened: Callable[[], AbstractContextManager[CostReader]],
        now_ms: Callable[[], int],
        zone: tzinfo,
    ) -> None:
        """Read through what `opened` opens, anew for each question."""
        self._opened = opened
        self._now_ms = now_ms
        self._zone = zone

    def requests(
        self, *, session: str | None, since_ms: int, limit: int
    ) -> list[RequestView]:
        """Return requests, the newest first."""
        with self._opened() as reader:
            rows = reader.costs.requests(
                session=session, since_ms=since_ms, limit=limit
            )
        return [cost_views.request_view(row) for row in rows]

    def audit(self, *, since_ms: int, limit: int) -> list[AuditView]:
        """Return what persons decided, the newest first."""
        with self._opened() as reader:
            rows = reader.decisions(since_ms=since_ms, limit=limit)
        return [cost_views.audit_view(row) for row in rows]

    def explain(self, request: str) -> ExplainView | None:
        """Return what is kept of one request; None where nothing is."""
        with self._opened() as reader:
            told = reader.costs.explained(request)
        return None if told is None else cost_views.explain_view(told)

    def attempts(self, after: int, *, since_ms: int, limit: int) -> AttemptPage:
        """Return a page of attempts, the oldest first."""
        with self._opened() as reader:
            rows, more = reader.costs.attempts_after(
                after, since_ms=since_ms, limit=limit
            )
        return AttemptPage(
            attempts=[cost_views.attempt_view(row) for row in rows], next=more
        )

    def sessions(self, *, limit: int, before: int | None) -> SessionPage:
        """Return sessions where no gate runs, the newest first."""
        rows, more = self.session_rows(limit=limit, before=before)
        now_ms = self._now_ms()
        return SessionPage(
            sessions=[views.past_session(row, now_ms=now_ms) for row in rows], next=more
        )

    def session_rows(
        self, *, limit: int, before: int | None
    ) -> tuple[Sequence[SessionRow], int | None]:
        """Return rows of sessions, the newest first, and where more begin."""
        with self._opened() as reader:
            rows = reader.sessions(limit=limit, before=before)
        return rows, rows[-1].number if len(rows) == limit else None

    def report(self, by: str, *, since_ms: int) -> Report:
        """Return sums by a key; raises ValueError for one that there is not."""
        if by not in _SPEND_BY:
            raise ValueError(f"nothing is summed by {by[:40]!r}")
        until_ms = self._now_ms() + 1
        with self._opened() as reader:
            rows, total = reader.summed(
                _SPEND_BY[by], since_ms=since_ms, until_ms=until_ms, zone=self._zone
            )
        return Report(
            by=by,
            since=cost_views.exact_instant(since_ms) if since_ms else None,
            until=cost_views.exact_instant(until_ms),
            rows=[cost_views.sum_view(row, key=row.key or None) for row in rows],
            total=cost_views.sum_view(total, key=None),
        )
