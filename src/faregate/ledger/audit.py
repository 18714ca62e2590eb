"""Who changed a limit, resolved a hold or opened a closed budget, and why.

Owns the audit rows; they are never changed, and a commit with one of them reaches
the disk before it returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import apsw

    from faregate.core.records import AuditRow

_INSERT = (
    "INSERT INTO audit (at_ms, who, what, subject, before, after, note) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
)


def write(connection: apsw.Connection, row: AuditRow) -> None:
    """Add one row inside the caller's transaction, which must run at full sync."""
    connection.execute(
        _INSERT,
        (row.at_ms, row.who, row.what, row.subject, row.before, row.after, row.note),
    )
