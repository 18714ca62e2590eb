"""The client of the cost log: what the reports ask the proxy.

Apart from the client that status bars use: these answers are long and may take long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from faregate.control.client import ControlClient
from faregate.control.cost_log import (
    AttemptPage,
    AuditView,
    CorrectCost,
    CorrectedView,
    ExplainView,
    Judge,
    Report,
    RequestView,
    SessionPage,
)
from faregate.control.wire import decoded

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 300.0
"""Seconds that sums over millions of rows may take."""


class CostClient(ControlClient):
    """Asks the proxy about its cost log; the errors are those of ControlClient."""

    def __init__(self, socket_path: Path, *, admin_secret: str | None = None) -> None:
        super().__init__(socket_path, timeout=PATIENCE_S, admin_secret=admin_secret)

    def requests(
        self, *, session: str | None, since_ms: int, limit: int
    ) -> list[RequestView]:
        """Return requests, the newest first."""
        query = _query(session=session, since_ms=since_ms, limit=limit)
        return self._get(f"/v1/requests?{query}", list[RequestView])

    def explain(self, request: str) -> ExplainView:
        """Return what is kept of a request; the code not_found for none."""
        return self._get(f"/v1/requests/{quote(request, safe='')}", ExplainView)

    def sessions(self, *, limit: int, before: int | None) -> SessionPage:
        """Return sessions, the newest first."""
        query = _query(limit=limit, before=before)
        return self._get(f"/v1/sessions?{query}", SessionPage)

    def report(self, by: str, *, since_ms: int) -> Report:
        """Return sums by a key."""
        return self._get(f"/v1/report?{_query(by=by, since_ms=since_ms)}", Report)

    def attempts(self, after: int, *, since_ms: int, limit: int) -> AttemptPage:
        """Return a page of attempts, the oldest first."""
        query = _query(after=after, since_ms=since_ms, limit=limit)
        return self._get(f"/v1/attempts?{query}", AttemptPage)

    def audit(self, *, since_ms: int, limit: int) -> list[AuditView]:
        """Return what persons decided, the newest first."""
        query = _query(since_ms=since_ms, limit=limit)
        return self._get(f"/v1/audit?{query}", list[AuditView])

    def judge(self, judged: Judge) -> None:
        """Say whether a session's task was accepted."""
        self._post("/v1/outcomes", judged)

    def correct(self, asked: CorrectCost, *, confirmed: bool = False) -> CorrectedView:
        """Correct what an attempt cost; a person's decision, as `resolve` is."""
        answer = self._post("/v1/holds/correct", asked, headers=self._proof(confirmed))
        return decoded(answer, CorrectedView)


def _query(**named: str | int | None) -> str:
    return urlencode({name: v for name, v in named.items() if v is not None})
