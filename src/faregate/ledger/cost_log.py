"""The cost log, version 3 of the tables: what each request was, and each attempt's why.

Owns the rows of requests and their explanations. There is no money in them: the
attempts have that. A batch of them is one transaction on the ledger's own connection,
for a second writer would make holds wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.ledger.connection import Transaction, select
from faregate.ledger.counting_back import IDS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from faregate.core.cost_log import RequestEntry
    from faregate.ledger.sessions import Sessions

VERSION_3 = (
    *(
        f"ALTER TABLE attempt ADD COLUMN {column}"
        for column in (
            "route TEXT",
            "cause TEXT",
            "fault TEXT",
            "waste TEXT",
            "verdict TEXT",
            "first_token_ms INTEGER",
        )
    ),
    "DROP TRIGGER attempt_row_is_immutable",
    """
    CREATE TRIGGER attempt_row_is_immutable
    BEFORE UPDATE OF id, attempt, request, session, labels, windows, provider, model,
        protocol, at_ms, amount, input_bound, output_bound, first_attempt,
        client_retry, tokenless, placed, oldest, route, cause ON attempt
    BEGIN SELECT RAISE(ABORT, 'a hold is never changed'); END
    """,
    # Amounts of an attempt in all, before and after; rows are few.
    """
    CREATE TABLE correction (
        id INTEGER PRIMARY KEY,
        attempt INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        who TEXT NOT NULL,
        before INTEGER NOT NULL,
        after INTEGER NOT NULL CHECK (after >= 0),
        note TEXT
    ) STRICT
    """,
    "CREATE INDEX correction_attempt ON correction (attempt)",
    """
    CREATE TRIGGER correction_is_immutable BEFORE UPDATE ON correction
    BEGIN SELECT RAISE(ABORT, 'a correction is never changed'); END
    """,
    """
    CREATE TRIGGER correction_is_kept BEFORE DELETE ON correction
    BEGIN SELECT RAISE(ABORT, 'a correction is never deleted'); END
    """,
    # `id` begins with the instant of the request, as an attempt's does; request ids
    # sort by time, so that the index is appended to as well.
    """
    CREATE TABLE request (
        id INTEGER PRIMARY KEY,
        request TEXT NOT NULL UNIQUE,
        session TEXT NOT NULL,
        root TEXT NOT NULL,
        parent TEXT,
        identified_by TEXT NOT NULL,
        labels INTEGER NOT NULL,
        protocol TEXT NOT NULL,
        asked TEXT NOT NULL,
        route TEXT,
        provider TEXT,
        model TEXT,
        stream INTEGER NOT NULL,
        body_bytes INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        client_retry INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        waited_ms INTEGER,
        ttfb_ms INTEGER,
        first_token_ms INTEGER,
        duration_ms INTEGER,
        result TEXT NOT NULL,
        status INTEGER,
        code TEXT,
        message TEXT,
        verdict TEXT,
        escalation TEXT
    ) STRICT
    """,
    """
    CREATE TABLE explanation (
        id INTEGER PRIMARY KEY,
        request TEXT NOT NULL UNIQUE,
        notes TEXT NOT NULL
    ) STRICT
    """,
)
EXPLAINED = 100_000
"""Requests whose explanation is kept; older ones keep their row."""
_INSERT = (
    "INSERT INTO request (id, request, session, root, parent, identified_by, labels, "
    "protocol, asked, route, provider, model, stream, body_bytes, attempts, "
    "client_retry, at_ms, waited_ms, ttfb_ms, first_token_ms, duration_ms, result, "
    "status, code, message, verdict, escalation) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
    "?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27) "
    "ON CONFLICT (request) DO NOTHING"
)
_EXPLAIN = (
    "INSERT INTO explanation (request, notes) VALUES (?1, ?2) "
    "ON CONFLICT (request) DO NOTHING"
)
_TRIM = "DELETE FROM explanation WHERE id <= (SELECT max(id) FROM explanation) - ?1"
_LAST = "SELECT max(id) FROM request"


class CostLog:
    """Writes requests, many at a time."""

    def __init__(self, connection: apsw.Connection, sessions: Sessions) -> None:
        """Write through the ledger's own connection."""
        self._connection = connection
        self._sessions = sessions
        self._writing = Transaction(connection, "Writing requests", sessions.forget)
        self._last_id: int | None = None

    def write(self, entries: Sequence[RequestEntry]) -> None:
        """Add requests that have ended; raise LedgerError, and add none then.

        One that is there stays as it is.
        """
        cursor = self._connection.cursor()
        with self._writing:
            last_id = self._newest() if self._last_id is None else self._last_id
            rows = []
            for entry in entries:
                # Never behind the last id: ids keep the order of their ends.
                last_id = max(last_id + 1, entry.at_ms * IDS_PER_MS)
                rows.append(self._values(last_id, entry))
            cursor.executemany(_INSERT, rows)
            cursor.executemany(
                _EXPLAIN, [(each.request, each.notes) for each in entries]
            )
            cursor.execute(_TRIM, (EXPLAINED,))
        self._last_id = last_id

    def _newest(self) -> int:
        return int(select(self._connection, _LAST)[0][0] or 0)

    def _values(self, row_id: int, entry: RequestEntry) -> tuple[object, ...]:
        return (
            row_id,
            entry.request,
            entry.session,
            entry.root_session,
            entry.parent,
            entry.identified_by,
            self._sessions.labels_of(entry.session, entry.labels),
            entry.protocol,
            entry.asked,
            entry.route,
            entry.provider,
            entry.model,
            entry.stream,
            entry.body_bytes,
            entry.attempts,
            entry.client_retry,
            entry.at_ms,
            entry.waited_ms,
            entry.ttfb_ms,
            entry.first_token_ms,
            entry.duration_ms,
            entry.result,
            entry.status,
            entry.code,
            entry.message,
            entry.verdict,
            entry.escalation,
        )
