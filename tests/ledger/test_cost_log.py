"""Requests are kept in batches, apart from money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest

from faregate.core.holds import LedgerError
from faregate.ledger import cost_log
from faregate.ledger.ledger import Ledger
from tests.ledger.building import (
    NOW_MS,
    entry,
    faults,
    hold,
    month,
    open_ledger,
    sums,
    truth,
)


def rows(ledger: Ledger, columns: str = "request", table: str = "request") -> list[Any]:
    statement = f"SELECT {columns} FROM {table} ORDER BY id"
    found = ledger._parts.connection.execute(statement)
    return [row[0] if len(row) == 1 else row for row in found]


def test_a_batch_is_kept_whole(ledger: Ledger) -> None:
    ledger.log_requests([entry("r1"), entry("r2", at_ms=NOW_MS + 5)])
    assert rows(ledger) == ["r1", "r2"]
    assert rows(ledger, "request, notes", "explanation") == [
        ("r1", '[{"step":"identity"}]'),
        ("r2", '[{"step":"identity"}]'),
    ]


def test_ids_keep_the_order_of_writing_and_begin_with_the_instant(
    ledger: Ledger,
) -> None:
    ledger.log_requests([entry("late", at_ms=NOW_MS), entry("early", at_ms=NOW_MS - 9)])
    ids = [int(n) for n in rows(ledger, "id")]
    assert rows(ledger) == ["late", "early"]
    assert ids == [NOW_MS * 4096, NOW_MS * 4096 + 1]


def test_a_restart_goes_on_after_the_newest(folder: Path) -> None:
    ledger = open_ledger(folder)
    ledger.log_requests([entry("r1")])
    ledger.close()
    ledger = open_ledger(folder)
    ledger.log_requests([entry("r1", asked="other"), entry("r2", at_ms=1)])
    assert rows(ledger, "request, asked") == [
        ("r1", "claude-sonnet-4-5"),
        ("r2", "claude-sonnet-4-5"),
    ]
    ledger.close()


def test_only_so_many_explanations_are_kept(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_log, "EXPLAINED", 3)
    for number in range(7):
        ledger.log_requests([entry(f"r{number}")])
    assert rows(ledger, table="explanation") == ["r4", "r5", "r6"]
    assert len(rows(ledger)) == 7


def test_a_batch_that_fails_leaves_money_alone(
    folder: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(ledger, "a1")
    connection = ledger._parts.connection
    connection.execute(
        "CREATE TRIGGER no BEFORE INSERT ON explanation WHEN NEW.request = 'r2' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(LedgerError, match="Writing requests failed"):
        ledger.log_requests([entry("r1"), entry("r2")])
    assert rows(ledger) == []
    ledger.settle(truth("a1", "0.10"))
    assert sums(ledger, month()) == ("0.1", "0", "0")
    ledger.log_requests([entry("r3")])
    assert rows(ledger) == ["r3"]
    assert faults(folder) == ()


def test_a_row_of_the_first_version_has_no_cause(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a1", route="cheap", cause="retry:rate_limit")
    connection = ledger._parts.connection
    with pytest.raises(apsw.ConstraintError, match="a hold is never changed"):
        connection.execute("UPDATE attempt SET route = 'dear'")
    assert rows(ledger, "route, cause", "attempt") == [("cheap", "retry:rate_limit")]
    ledger.close()
