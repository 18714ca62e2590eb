"""Reading the ledger: holds, sessions, spend and budgets, on a connection of its own.

Never writes, never waits for the loop, and leaves no statement open: an open one
would hold back checkpoints.
"""

from __future__ import annotations

import json
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from faregate.core.holds import BudgetState, BudgetWindow, HoldState, LedgerError
from faregate.core.labels import Labels
from faregate.core.money import Money
from faregate.core.records import (
    AttemptRow,
    AuditRow,
    HoldRow,
    SessionRow,
    SmokeRunRow,
    SpendRow,
)
from faregate.core.side_spend import SMOKE_SESSION
from faregate.ledger import audit, files, smoke_runs, verify
from faregate.ledger.connection import open_reader, select
from faregate.ledger.cost_reports import CostReports
from faregate.ledger.counting_back import IDS_PER_MS, held_by_window
from faregate.ledger.errors import translated
from faregate.ledger.refusals import QUARTER_MS
from faregate.ledger.spend import SpendBy, last_errors, spend

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import apsw

_OPEN = """
    SELECT attempt, request, session.session, provider, model, state, amount, at_ms,
        note
    FROM attempt LEFT JOIN session ON session.id = attempt.session
    WHERE attempt.id >= (SELECT oldest FROM attempt ORDER BY id DESC LIMIT 1)
        AND state = 'held'
    ORDER BY attempt.id LIMIT ?1
"""
_UNKNOWN = """
    SELECT attempt, request, session.session, provider, model, state, amount, at_ms,
        note
    FROM attempt LEFT JOIN session ON session.id = attempt.session
    WHERE state = 'unknown' ORDER BY attempt.id LIMIT ?1
"""
# A session's row sums what has ended; what still runs is added here.
_SESSION = """
    WITH running AS (
        SELECT session AS number, max(at_ms) AS at_ms, count(*) AS attempts,
            sum(first_attempt) AS requests, sum(NOT first_attempt) AS retries,
            sum(first_attempt AND client_retry) AS client_retries, sum(amount) AS held
        FROM attempt
        WHERE id >= (SELECT oldest FROM attempt ORDER BY id DESC LIMIT 1)
            AND state = 'held'
        GROUP BY session
    )
    SELECT id, session, root, parent, workspace, agent, user, task, customer, feature,
        started_at_ms, max(last_at_ms, coalesce(running.at_ms, 0)) AS seen_ms,
        session.requests + coalesce(running.requests, 0),
        session.attempts + coalesce(running.attempts, 0),
        session.retries + coalesce(running.retries, 0),
        session.client_retries + coalesce(running.client_retries, 0),
        input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, tool_calls,
        context_tokens, cost, coalesce(running.held, 0), unknown, wasted, settled,
        estimated, unpriced, refusals, last_status, last_error, ended_at_ms, outcome,
        (SELECT json_group_array(target) FROM
            (SELECT target FROM session_model WHERE session = id ORDER BY target))
    FROM session LEFT JOIN running ON running.number = id
"""
_SESSION_PAGE = _SESSION + " WHERE id < ?1 ORDER BY id DESC LIMIT ?2"
_SESSION_ONE = _SESSION + " WHERE session = ?1"
_SESSION_ACTIVE = "".join(
    (
        _SESSION,
        " WHERE id IN (SELECT session FROM attempt WHERE id >= ?1 UNION",
        " SELECT session FROM refusal WHERE quarter >= ?2) AND seen_ms >= ?3",
        " ORDER BY seen_ms DESC LIMIT ?4",
    )
)
_ATTEMPTS = """
    SELECT attempt.attempt, request, provider, model, served_model, state, at_ms,
        attempt.ended_at_ms, amount, attempt.cost + (
            SELECT coalesce(sum(after - before), 0) FROM correction
            WHERE correction.attempt = attempt.id
        ), cost_source, overrun,
        uncached_input + cache_read + cache_write_5m + cache_write_1h, output,
        cache_read, cache_write_5m + cache_write_1h, status, first_attempt,
        client_retry, attempt.wasted, ttfb_ms, duration_ms, note
    FROM session JOIN attempt ON attempt.session = session.id
    WHERE session.session = ?1 AND attempt.id >= session.started_at_ms * ?2
    ORDER BY attempt.id DESC LIMIT ?3
"""
_WINDOWS = """
    SELECT id, scope, window, starts_at, ends_at, "limit", spent, unknown, closed
    FROM budget_window
    WHERE (scope < 'session:' OR scope >= 'session;') AND starts_at <= ?1
        AND (ends_at IS NULL OR ends_at > ?1)
    ORDER BY scope, window
"""
_WASTED = """
    SELECT (
        SELECT coalesce(sum(cost), 0) FROM attempt WHERE wasted = 1 AND at_ms >= ?1
    ) + (
        SELECT coalesce(sum(after - before), 0)
        FROM correction JOIN attempt ON attempt.id = correction.attempt
        WHERE wasted = 1 AND attempt.at_ms >= ?1
    )
"""
_REFUSED = "SELECT coalesce(sum(count), 0) FROM refusal WHERE quarter >= ?1"
_ANY = (
    "SELECT EXISTS(SELECT 1 FROM attempt WHERE session IS NOT "
    "(SELECT id FROM session WHERE session = ?)) OR EXISTS(SELECT 1 FROM refusal)"
)
_NO_END = 2**62


class Reports:
    """Answers questions about a ledger; use from one thread at a time."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Read through `connection`; use `open`."""
        self._connection = connection

    @classmethod
    def open(cls, folder: Path, *, before: Callable[[], None] | None = None) -> Reports:
        """Open the ledger in `folder` for reading; it may be in use meanwhile.

        Whoever has it open may be a hundredth of a second ahead of the file; in the
        same thread `before` has it write that first, each time something is read.
        Raises LedgerError when there is none or others could read it.
        """
        real = files.check_folder(folder)
        if real is None or not files.check_database(real):
            raise LedgerError(f"there is no ledger in {folder} yet")
        connection = open_reader(real / files.DATABASE)
        connection.before = before
        return cls(connection)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def holds(self, limit: int = 1000) -> tuple[HoldRow, ...]:
        """Return unknown holds and open ones, the oldest first."""
        with translated("Reading the ledger"):
            rows = select(self._connection, _UNKNOWN, (limit,))
            rows += select(self._connection, _OPEN, (limit,))
        rows.sort(key=lambda row: int(row[7]))
        return tuple(
            HoldRow(
                attempt=attempt,
                request=request,
                session=session,
                provider=provider,
                model=model,
                state=HoldState(state),
                amount=Money(amount),
                at_ms=at_ms,
                why=why,
            )
            for attempt, request, session, provider, model, state, amount, at_ms, why
            in rows[:limit]
        )  # fmt: skip

    def sessions(
        self, *, limit: int = 100, before: int | None = None
    ) -> tuple[SessionRow, ...]:
        """Return a page of sessions, the newest first, below number `before`."""
        with translated("Reading the ledger"):
            end = _NO_END if before is None else before
            rows = select(self._connection, _SESSION_PAGE, (end, limit))
        return tuple(_session(row) for row in rows)

    def active_sessions(
        self, since_ms: int, *, limit: int = 1000
    ) -> tuple[SessionRow, ...]:
        """Return sessions with a hold or refusal since then, the latest first."""
        with translated("Reading the ledger"):
            rows = select(
                self._connection,
                _SESSION_ACTIVE,
                (since_ms * IDS_PER_MS, since_ms // QUARTER_MS, since_ms, limit),
            )
        return tuple(_session(row) for row in rows)

    def session(self, session: str) -> SessionRow | None:
        """Return one session by its id, or None."""
        with translated("Reading the ledger"):
            rows = select(self._connection, _SESSION_ONE, (session,))
        return _session(rows[0]) if rows else None

    def any_request(self) -> bool:
        """Tell whether an agent ever asked for anything, be it in vain."""
        with translated("Reading the ledger"):
            return bool(select(self._connection, _ANY, (SMOKE_SESSION,))[0][0])

    def attempts(self, session: str, *, limit: int = 200) -> tuple[AttemptRow, ...]:
        """Return a session's attempts, the newest first."""
        with translated("Reading the ledger"):
            rows = select(self._connection, _ATTEMPTS, (session, IDS_PER_MS, limit))
        return tuple(_attempt(row) for row in rows)

    def spend(
        self,
        by: SpendBy,
        *,
        since_ms: int,
        until_ms: int = _NO_END,
        zone: tzinfo = UTC,
    ) -> tuple[SpendRow, ...]:
        """Return sums by a key; local days of `zone` where that is "day"."""
        rows, _ = self.summed(by, since_ms=since_ms, until_ms=until_ms, zone=zone)
        return rows

    def summed(
        self,
        by: SpendBy,
        *,
        since_ms: int,
        until_ms: int = _NO_END,
        zone: tzinfo = UTC,
    ) -> tuple[tuple[SpendRow, ...], SpendRow]:
        """Return sums by a key, and the sum of them all."""
        with translated("Reading the ledger"):
            return spend(
                self._connection, by, since_ms=since_ms, until_ms=until_ms, zone=zone
            )

    def last_errors(self, since_ms: int) -> dict[str, str]:
        """Return the latest error of each provider that had one since then."""
        with translated("Reading the ledger"):
            return last_errors(self._connection, since_ms)

    @property
    def costs(self) -> CostReports:
        """Return the reader of requests and attempts, on the same connection."""
        return CostReports(self._connection)

    def budgets(self, now_s: int) -> tuple[BudgetState, ...]:
        """Return the windows that run at `now_s`, those of sessions left out."""
        with translated("Reading the ledger"):
            self._connection.execute("BEGIN")
            try:
                rows = select(self._connection, _WINDOWS, (now_s,))
                held = held_by_window(self._connection)
            finally:
                self._connection.execute("COMMIT")
        return tuple(_state(row, held[number]) for number, *row in rows)

    def wasted(self, since_ms: int) -> Money:
        """Return what attempts since then cost whose answer was thrown away."""
        with translated("Reading the ledger"):
            found = select(self._connection, _WASTED, (since_ms,))
        return Money(found[0][0])

    def refused(self, since_ms: int) -> int:
        """Return how many requests were refused, to the quarter hour."""
        with translated("Reading the ledger"):
            found = select(self._connection, _REFUSED, (since_ms // QUARTER_MS,))
        return int(found[0][0])

    def smoke_runs(
        self, target: str | None = None, *, before_ms: int = _NO_END, limit: int = 100
    ) -> tuple[SmokeRunRow, ...]:
        """Return a target's smoke tests, newest first; the latest of each for None."""
        with translated("Reading the ledger"):
            if target is None:
                return smoke_runs.latest(self._connection, limit)
            return smoke_runs.of_target(
                self._connection, target, before_ms=before_ms, limit=limit
            )

    def recent_smoke(
        self, *, each: int = 5, limit: int = 2000
    ) -> tuple[SmokeRunRow, ...]:
        """Return the newest runs of each target in each protocol, newest first."""
        with translated("Reading the ledger"):
            return smoke_runs.recent(self._connection, each, limit)

    def decisions(self, *, since_ms: int = 0, limit: int = 100) -> tuple[AuditRow, ...]:
        """Return what persons decided since then, the newest first."""
        with translated("Reading the audit"):
            return audit.latest(self._connection, since_ms=since_ms, limit=limit)

    def discrepancies(self) -> tuple[str, ...]:
        """Return every running sum that differs from its rows; reads everything."""
        with translated("Reading the ledger"):
            return verify.discrepancies(self._connection)


def _state(row: list[Any], held: int) -> BudgetState:
    scope, window, starts_at, ends_at, limit, spent, unknown, closed = row
    return BudgetState(
        budget=BudgetWindow(
            scope=scope,
            window=window,
            starts_at=starts_at,
            ends_at=ends_at,
            limit=None if limit is None else Money(limit),
        ),
        spent=Money(spent),
        held=Money(held),
        unknown=Money(unknown),
        closed=bool(closed),
    )


def _session(row: tuple[Any, ...]) -> SessionRow:
    number, session, root, parent = row[:4]
    workspace, agent, user, task, customer, feature = row[4:10]
    cost, held, unknown, wasted, settled, estimated, unpriced = row[22:29]
    refusals, last_status, last_error, ended_at_ms, outcome, models = row[29:]
    return SessionRow(
        number=number,
        session=session,
        root=root,
        parent=parent,
        labels=Labels(
            workspace=workspace,
            agent=agent,
            user=user,
            task=task,
            customer=customer,
            feature=feature,
        ),
        started_at_ms=row[10],
        last_at_ms=row[11],
        requests=row[12],
        attempts=row[13],
        retries=row[14],
        client_retries=row[15],
        input_tokens=row[16],
        output_tokens=row[17],
        cache_read_tokens=row[18],
        cache_write_tokens=row[19],
        tool_calls=row[20],
        context_tokens=row[21],
        cost=Money(cost),
        cost_source=_cost_source(settled, estimated, unpriced),
        held=Money(held),
        unknown=Money(unknown),
        wasted=Money(wasted),
        unpriced=unpriced,
        refusals=refusals,
        last_status=last_status,
        last_error=last_error,
        ended_at_ms=ended_at_ms,
        outcome=outcome,
        models=tuple(json.loads(models)),
    )


def _cost_source(settled: int, estimated: int, unpriced: int) -> str:
    if not estimated and not unpriced:
        return "reported"
    if estimated == settled:
        return "estimated"
    return "unpriced" if unpriced == settled else "mixed"


def _attempt(row: tuple[Any, ...]) -> AttemptRow:
    return AttemptRow(
        attempt=row[0],
        request=row[1],
        provider=row[2],
        model=row[3],
        served_model=row[4],
        state=HoldState(row[5]),
        at_ms=row[6],
        ended_at_ms=row[7],
        amount=Money(row[8]),
        cost=Money(row[9]),
        cost_source=row[10],
        overrun=Money(row[11]),
        input_tokens=row[12],
        output_tokens=row[13],
        cache_read_tokens=row[14],
        cache_write_tokens=row[15],
        status=row[16],
        first_attempt=bool(row[17]),
        client_retry=bool(row[18]),
        wasted=bool(row[19]),
        ttfb_ms=row[20],
        duration_ms=row[21],
        note=row[22],
    )
