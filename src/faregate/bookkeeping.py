"""Where the cost log is read: with the proxy that runs, else in the ledger itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.cost_client import CostClient
from faregate.control.cost_log import AttemptPage, Report, SessionPage, SumView
from faregate.control.errors import ControlError, ProxyNotRunning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.control.cost_log import (
        AttemptView,
        AuditView,
        ExplainView,
        Judge,
        RequestView,
    )
    from faregate.server.cost_answers import CostAnswers

PAGE = 2000
"""Attempts that are in memory at once while all are read."""


class Bookkeeping:
    """Reads the cost log; every method raises ControlError or LedgerError."""

    def __init__(self, settings: Settings, paths: Paths) -> None:
        """Ask the proxy of `paths`, or read the ledger of `settings`."""
        self._settings = settings
        self._client = CostClient(paths.socket)

    def requests(
        self, *, session: str | None, since_ms: int, limit: int
    ) -> list[RequestView]:
        """Return requests, the newest first."""
        try:
            return self._client.requests(
                session=session, since_ms=since_ms, limit=limit
            )
        except ProxyNotRunning:
            answers = self._answers()
        if answers is None:
            return []
        return answers.requests(session=session, since_ms=since_ms, limit=limit)

    def explain(self, request: str) -> ExplainView | None:
        """Return what is kept of one request; None where nothing is."""
        try:
            return self._client.explain(request)
        except ProxyNotRunning:
            answers = self._answers()
        except ControlError as error:
            if error.code == "not_found":
                return None
            raise
        return None if answers is None else answers.explain(request)

    def sessions(self, *, limit: int, before: int | None = None) -> SessionPage:
        """Return sessions, the newest first."""
        try:
            return self._client.sessions(limit=limit, before=before)
        except ProxyNotRunning:
            answers = self._answers()
        if answers is None:
            return SessionPage(sessions=[], next=None)
        return answers.sessions(limit=limit, before=before)

    def report(self, by: str, *, since_ms: int) -> Report:
        """Return sums by a key."""
        try:
            return self._client.report(by, since_ms=since_ms)
        except ProxyNotRunning:
            answers = self._answers()
        if answers is None:
            return _empty(by)
        return answers.report(by, since_ms=since_ms)

    def audit(self, *, since_ms: int, limit: int) -> list[AuditView]:
        """Return what persons decided, the newest first."""
        try:
            return self._client.audit(since_ms=since_ms, limit=limit)
        except ProxyNotRunning:
            answers = self._answers()
        if answers is None:
            return []
        return answers.audit(since_ms=since_ms, limit=limit)

    def attempts(self, *, since_ms: int) -> Iterator[AttemptView]:
        """Yield attempts, the oldest first, a page in memory at a time."""
        after: int | None = 0
        while after is not None:
            page = self._page(after, since_ms)
            yield from page.attempts
            after = page.next

    def judge(self, judged: Judge) -> None:
        """Say whether a session's task was accepted."""
        try:
            self._client.judge(judged)
        except ProxyNotRunning:
            from faregate.offline import judge
            from faregate.server.clock import SystemClock

            judge(self._settings, SystemClock(), judged, who="a command, no proxy ran")

    def _page(self, after: int, since_ms: int) -> AttemptPage:
        try:
            return self._client.attempts(after, since_ms=since_ms, limit=PAGE)
        except ProxyNotRunning:
            answers = self._answers()
        if answers is None:
            return AttemptPage(attempts=[], next=None)
        return answers.attempts(after, since_ms=since_ms, limit=PAGE)

    def _answers(self) -> CostAnswers | None:
        # Loaded here: whoever can ask a proxy needs nothing of the engine.
        from faregate.offline import cost_answers
        from faregate.server.clock import SystemClock

        return cost_answers(self._settings, SystemClock())


def _empty(by: str) -> Report:
    """Return the report of a ledger that is not there yet."""
    from faregate.core.records import SpendRow
    from faregate.server.clock import SystemClock
    from faregate.server.cost_views import exact_instant, sum_view

    now = exact_instant(SystemClock().now_ms())
    nothing: list[SumView] = []
    total = sum_view(SpendRow(key="all"), key=None)
    return Report(by=by, since=None, until=now, rows=nothing, total=total)
