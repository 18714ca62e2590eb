"""Who changed a limit, resolved a hold or opened a closed budget, and why.

Owns the audit rows; they are never changed, and a commit with one of them reaches
the disk before it returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    import apsw

_INSERT = (
    "INSERT INTO audit (at_ms, who, what, subject, before, after, note) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One decision of a person; amounts are decimal USD text."""

    at_ms: int
    who: str
    what: str
    """"limit", "resolve", "reopen", "outcome", "reset", "approval",
    "session limit", "price"."""
    subject: str
    before: str | None = None
    after: str | None = None
    note: str | None = None


def write(connection: apsw.Connection, row: AuditRow) -> None:
    """Add one row inside the caller's transaction, which must run at full sync."""
    connection.execute(
        _INSERT,
        (row.at_ms, row.who, row.what, row.subject, row.before, row.after, row.note),
    )
