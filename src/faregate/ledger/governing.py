"""What the governor must not forget: latches, and since when limits count.

Owns two small tables and the sums over a session with its sub-agents. A latch is
on the disk before it holds: a person's stop does not end with the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.latches import Latch, LatchState
from faregate.core.limits.totals import SessionTotals
from faregate.core.records import AuditRow
from faregate.ledger import audit
from faregate.ledger.connection import full_sync, select
from faregate.ledger.errors import translated

if TYPE_CHECKING:
    import apsw

    from faregate.ledger.connection import Transaction

VERSION_4 = (
    """
    CREATE TABLE latch (
        scope TEXT PRIMARY KEY,
        state TEXT NOT NULL CHECK (state IN ('paused', 'stopped')),
        at_ms INTEGER NOT NULL,
        who TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # What a session had used when its limits began anew.
    """
    CREATE TABLE limits_anew (
        root TEXT PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        retries INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        tool_calls INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX session_root ON session (root)",
)
_LATCHES = "SELECT scope, state, at_ms, who FROM latch"
_PUT = (
    "INSERT INTO latch (scope, state, at_ms, who) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (scope) DO UPDATE SET state = ?2, at_ms = ?3, who = ?4 "
    "WHERE state <> 'stopped'"
)
_LIFT = "DELETE FROM latch WHERE scope = ?1"
_SUMS = (
    "sum(requests) AS requests, sum(retries + client_retries) AS retries, "
    "sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, "
    "sum(tool_calls) AS tool_calls"
)
_TOTALS = (
    "SELECT coalesce(anew.at_ms, started), last, "  # noqa: S608 - constants alone
    "so_far.requests - coalesce(anew.requests, 0), "
    "so_far.retries - coalesce(anew.retries, 0), "
    "so_far.input_tokens - coalesce(anew.input_tokens, 0), "
    "so_far.output_tokens - coalesce(anew.output_tokens, 0), "
    "so_far.tool_calls - coalesce(anew.tool_calls, 0) "
    "FROM (SELECT min(started_at_ms) AS started, max(last_at_ms) AS last, "
    f"{_SUMS} FROM session WHERE root = ?1) AS so_far "
    "LEFT JOIN limits_anew AS anew ON anew.root = ?1 WHERE started IS NOT NULL"
)
_ANEW = (
    "INSERT OR REPLACE INTO limits_anew "  # noqa: S608 - constants alone
    f"SELECT ?1, ?2, {_SUMS} FROM session WHERE root = ?1 HAVING count(*) > 0"
)


class Governing:
    """Reads and writes for the governor; each call commits before it returns."""

    def __init__(self, connection: apsw.Connection, writing: Transaction) -> None:
        """Write through the ledger's own connection."""
        self._connection = connection
        self._writing = writing

    def latches(self) -> tuple[Latch, ...]:
        """Return everything that is paused or stopped."""
        with translated("Reading what is paused"):
            rows = select(self._connection, _LATCHES)
        return tuple(
            Latch(scope=scope, state=LatchState(state), at_ms=at_ms, who=who)
            for scope, state, at_ms, who in rows
        )

    def latch(self, latch: Latch) -> None:
        """Pause or stop a scope, on the disk and in the audit."""
        row = AuditRow(
            at_ms=latch.at_ms,
            who=latch.who,
            what=str(latch.state),
            subject=latch.scope,
        )
        with full_sync(self._connection), self._writing:
            self._connection.execute(
                _PUT, (latch.scope, str(latch.state), latch.at_ms, latch.who)
            )
            audit.write(self._connection, row)

    def resume(self, scope: str, *, at_ms: int, who: str) -> None:
        """Take a latch off; a session's limits begin anew with that."""
        row = AuditRow(at_ms=at_ms, who=who, what="resume", subject=scope)
        kind, _, name = scope.partition(":")
        with full_sync(self._connection), self._writing:
            self._connection.execute(_LIFT, (scope,))
            if kind == "session":
                self._connection.execute(_ANEW, (name, at_ms))
            audit.write(self._connection, row)

    def note_limit(
        self,
        subject: str,
        *,
        what: str = "session limit",
        before: str,
        after: str,
        note: str | None,
        at_ms: int,
        who: str,
    ) -> None:
        """Write down in the audit that a person changed a limit, or a price."""
        row = AuditRow(
            at_ms=at_ms,
            who=who,
            what=what,
            subject=subject,
            before=before,
            after=after,
            note=note,
        )
        with full_sync(self._connection), self._writing:
            audit.write(self._connection, row)

    def begin_anew(self, root: str, at_ms: int) -> None:
        """Count a session's limits from now on: it was quiet for long."""
        with self._writing:
            self._connection.execute(_ANEW, (root, at_ms))

    def totals(self, root: str) -> SessionTotals | None:
        """Return what a session has used, or None for one that is not known."""
        with translated("Reading a session"):
            rows = select(self._connection, _TOTALS, (root,))
        if not rows:
            return None
        started, last, requests, retries, sent, answered, tools = rows[0]
        return SessionTotals(
            started_at_ms=started,
            last_at_ms=last,
            requests=requests,
            retries=retries,
            input_tokens=sent,
            output_tokens=answered,
            tool_calls=tools,
        )
