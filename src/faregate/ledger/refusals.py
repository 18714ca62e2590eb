"""Refused requests, counted by session, code and quarter hour.

Counts only: a client that hammers a closed gate must not fill the disk. A count that
cannot be written is dropped and itself counted.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from faregate.core.holds import LedgerError
from faregate.ledger.connection import Transaction

if TYPE_CHECKING:
    import apsw

    from faregate.core.labels import Labels
    from faregate.ledger.sessions import Sessions

QUARTER_MS = 900_000
_COUNT = (
    "INSERT INTO refusal (quarter, session, code, count) VALUES (?1, ?2, ?3, 1) "
    "ON CONFLICT DO UPDATE SET count = count + 1"
)
_COUNT_SESSION = (
    "UPDATE session SET refusals = refusals + 1, last_at_ms = max(last_at_ms, ?2) "
    "WHERE id = ?1"
)
_log = logging.getLogger("faregate.ledger")


class Refusals:
    """Counts refusals; `dropped` is how many could not be counted."""

    def __init__(self, connection: apsw.Connection, sessions: Sessions) -> None:
        """Write through the ledger's own connection."""
        self._execute = connection.cursor().execute
        self._sessions = sessions
        self._writing = Transaction(connection, "Counting a refusal", sessions.forget)
        self.dropped = 0

    def record(
        self, session: str, root_session: str, labels: Labels, code: str, at_ms: int
    ) -> None:
        """Count one refusal; raises nothing."""
        try:
            with self._writing:
                entry = self._sessions.enter(session, root_session, None, labels, at_ms)
                self._execute(_COUNT, (at_ms // QUARTER_MS, entry.id, code))
                self._execute(_COUNT_SESSION, (entry.id, at_ms))
        except LedgerError as error:
            if not self.dropped:
                _log.warning("refusals are not counted: %s", error)
            self.dropped += 1
