"""Who changed a limit, resolved a hold or opened a closed budget, and why.

Owns the audit rows; they are never changed, and a commit with one of them reaches
the disk before it returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.records import AuditRow
from faregate.ledger.connection import select

if TYPE_CHECKING:
    import apsw

_INSERT = (
    "INSERT INTO audit (at_ms, who, what, subject, before, after, note) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
)
_LATEST = (
    "SELECT at_ms, who, what, subject, before, after, note FROM audit "
    "WHERE at_ms >= ?1 ORDER BY id DESC LIMIT ?2"
)


def write(connection: apsw.Connection, row: AuditRow) -> None:
    """Add one row inside the caller's transaction, which must run at full sync."""
    connection.execute(
        _INSERT,
        (row.at_ms, row.who, row.what, row.subject, row.before, row.after, row.note),
    )


def latest(
    connection: apsw.Connection, *, since_ms: int, limit: int
) -> tuple[AuditRow, ...]:
    """Return what was decided since then, the newest first."""
    return tuple(
        AuditRow(
            at_ms=at_ms,
            who=who,
            what=what,
            subject=subject,
            before=before,
            after=after,
            note=note,
        )
        for at_ms, who, what, subject, before, after, note in select(
            connection, _LATEST, (since_ms, limit)
        )
    )
