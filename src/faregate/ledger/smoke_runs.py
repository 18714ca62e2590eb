"""The history of smoke tests: one row a target of a run, never changed.

Owns the statements. What the JSON columns mean is for those who write and read them;
here it only has to be JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.core.money import Money
from faregate.core.records import SmokeRunRow
from faregate.ledger.connection import select

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

VERSION_2 = (
    """
    CREATE TABLE smoke_run (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        target TEXT NOT NULL,
        protocol TEXT NOT NULL,
        profile TEXT NOT NULL,
        readiness TEXT NOT NULL,
        verdicts TEXT NOT NULL CHECK (json_valid(verdicts)),
        metrics TEXT NOT NULL CHECK (json_valid(metrics)),
        learned TEXT NOT NULL CHECK (json_valid(learned)),
        cost INTEGER NOT NULL,
        UNIQUE (run, target, protocol)
    ) STRICT
    """,
    "CREATE INDEX smoke_run_target ON smoke_run (target, id)",
    """
    CREATE TRIGGER smoke_run_is_immutable BEFORE UPDATE ON smoke_run
    BEGIN SELECT RAISE(ABORT, 'a smoke test is never changed'); END
    """,
)
KEPT = 1000
"""Runs of one target that are kept; what is older goes."""
_INSERT = (
    "INSERT INTO smoke_run (run, at_ms, target, protocol, profile, "
    "readiness, verdicts, metrics, learned, cost) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
    "ON CONFLICT (run, target, protocol) DO NOTHING"
)
_TRIM = (
    "DELETE FROM smoke_run WHERE target = ?1 AND id <= "
    "(SELECT id FROM smoke_run WHERE target = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"
)
_COLUMNS = (
    "run, at_ms, target, protocol, profile, readiness, verdicts, metrics, learned, cost"
)
_OF_TARGET = (
    f"SELECT {_COLUMNS} FROM smoke_run "  # noqa: S608 - constants alone
    "WHERE target = ?1 AND at_ms < ?2 ORDER BY id DESC LIMIT ?3"
)
_LATEST = (
    f"SELECT {_COLUMNS} FROM smoke_run "  # noqa: S608 - constants alone
    "WHERE id IN (SELECT max(id) FROM smoke_run GROUP BY target) "
    "ORDER BY target LIMIT ?1"
)
_RECENT = (
    f"SELECT {_COLUMNS} FROM (SELECT *, row_number() OVER "  # noqa: S608 - constants
    "(PARTITION BY target, protocol ORDER BY id DESC) AS age FROM smoke_run) "
    "WHERE age <= ?1 ORDER BY id DESC LIMIT ?2"
)


def write(connection: apsw.Connection, rows: Iterable[SmokeRunRow]) -> None:
    """Add rows inside the caller's transaction; one that is there stays as it is."""
    for row in rows:
        connection.execute(
            _INSERT,
            (
                row.run,
                row.at_ms,
                row.target,
                row.protocol,
                row.profile,
                row.readiness,
                row.verdicts,
                row.metrics,
                row.learned,
                row.cost.pico,
            ),
        )
        connection.execute(_TRIM, (row.target, KEPT))


def of_target(
    connection: apsw.Connection, target: str, *, before_ms: int, limit: int
) -> tuple[SmokeRunRow, ...]:
    """Return a target's runs before an instant, the newest first."""
    rows = select(connection, _OF_TARGET, (target, before_ms, limit))
    return tuple(_row(row) for row in rows)


def latest(connection: apsw.Connection, limit: int) -> tuple[SmokeRunRow, ...]:
    """Return the newest run of each target, by name."""
    return tuple(_row(row) for row in select(connection, _LATEST, (limit,)))


def recent(
    connection: apsw.Connection, each: int, limit: int
) -> tuple[SmokeRunRow, ...]:
    """Return the newest runs of each target in each protocol, the newest first."""
    return tuple(_row(row) for row in select(connection, _RECENT, (each, limit)))


def _row(row: tuple[Any, ...]) -> SmokeRunRow:
    run, at_ms, target, protocol, profile, readiness = row[:6]
    verdicts, metrics, learned, cost = row[6:]
    return SmokeRunRow(
        run=run,
        at_ms=at_ms,
        target=target,
        protocol=protocol,
        profile=profile,
        readiness=readiness,
        verdicts=verdicts,
        metrics=metrics,
        learned=learned,
        cost=Money(cost),
    )
