"""The keys that a person has made for workspaces: which there are, which are over.

Keeps no key itself: each is signed, and known here by its id alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.records import AuditRow, WorkspaceKey
from faregate.ledger import audit
from faregate.ledger.connection import full_sync, select
from faregate.ledger.errors import translated

if TYPE_CHECKING:
    import apsw

    from faregate.ledger.connection import Transaction

VERSION_5 = (
    """
    CREATE TABLE workspace_key (
        id TEXT PRIMARY KEY,
        workspace TEXT NOT NULL,
        made_at_ms INTEGER NOT NULL,
        revoked_at_ms INTEGER
    ) STRICT, WITHOUT ROWID
    """,
)
_ALL = (
    "SELECT id, workspace, made_at_ms, revoked_at_ms FROM workspace_key "
    "ORDER BY made_at_ms, id"
)
_ADD = "INSERT INTO workspace_key (id, workspace, made_at_ms) VALUES (?1, ?2, ?3)"
_REVOKE = (
    "UPDATE workspace_key SET revoked_at_ms = ?2 "
    "WHERE id = ?1 AND revoked_at_ms IS NULL"
)


class WorkspaceKeys:
    """Reads and writes the list; each change is on the disk when it returns."""

    def __init__(self, connection: apsw.Connection, writing: Transaction) -> None:
        """Write through the ledger's own connection."""
        self._connection = connection
        self._writing = writing

    def all(self) -> tuple[WorkspaceKey, ...]:
        """Return every key, the oldest first."""
        with translated("Reading the keys"):
            rows = select(self._connection, _ALL)
        return tuple(
            WorkspaceKey(
                id=key, workspace=workspace, made_at_ms=made, revoked_at_ms=revoked
            )
            for key, workspace, made, revoked in rows
        )

    def add(self, key: WorkspaceKey, *, who: str) -> None:
        """Note a new key."""
        row = AuditRow(
            at_ms=key.made_at_ms,
            who=who,
            what="key",
            subject=key.id,
            after=f"workspace {key.workspace}",
        )
        with full_sync(self._connection), self._writing:
            self._connection.execute(_ADD, (key.id, key.workspace, key.made_at_ms))
            audit.write(self._connection, row)

    def revoke(self, key_id: str, *, at_ms: int, who: str) -> None:
        """Note that a key is over; the first time counts."""
        row = AuditRow(at_ms=at_ms, who=who, what="revoke", subject=key_id)
        with full_sync(self._connection), self._writing:
            self._connection.execute(_REVOKE, (key_id, at_ms))
            audit.write(self._connection, row)
