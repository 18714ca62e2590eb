"""Audit rows are kept and cannot be changed."""

from __future__ import annotations

import apsw
import pytest

from faregate.core.records import AuditRow
from faregate.ledger import audit
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import audited, hold, truth

ROWS = [
    AuditRow(at_ms=n, who="ann", what="limit", subject=f"x{n}", after="1", note="n")
    for n in range(5)
]


@pytest.fixture
def connection(ledger: Ledger) -> apsw.Connection:
    for row in ROWS:
        audit.write(ledger._parts.connection, row)
    return ledger._parts.connection


def test_rows_are_kept_in_their_order(connection: apsw.Connection) -> None:
    assert list(audited(connection)) == ROWS[::-1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'bob'",
        "DELETE FROM audit",
        "UPDATE attempt SET amount = 1",
        "UPDATE attempt SET windows = '[]', placed = 0",
        "DELETE FROM attempt",
        "UPDATE attempt SET state = 'held' WHERE state = 'settled'",
        "UPDATE attempt SET state = 'voided' WHERE state = 'settled'",
        "UPDATE attempt SET state = 'lost' WHERE state = 'held'",
    ],
)
def test_history_cannot_be_changed(
    ledger: Ledger, connection: apsw.Connection, statement: str
) -> None:
    hold(ledger, "a1")
    ledger.settle(truth("a1"))
    hold(ledger, "a2")
    with pytest.raises(apsw.ConstraintError):
        connection.execute(statement)


def test_the_newest_are_read_first(ledger: Ledger, connection: apsw.Connection) -> None:
    reports = Reports(connection)
    assert reports.decisions() == tuple(ROWS[::-1])
    assert reports.decisions(since_ms=3) == (ROWS[4], ROWS[3])
    assert reports.decisions(limit=1) == (ROWS[4],)
