"""A hold costs the same however much is in the ledger: no statement scans."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from faregate.core.holds import NoRoom
from faregate.core.labels import Labels
from faregate.ledger.ledger import Ledger
from tests.ledger.building import (
    NOW_MS,
    asking,
    ending,
    entry,
    hold,
    open_ledger,
    three,
    truth,
    usd,
)

FILL = """
    INSERT INTO attempt (id, attempt, request, session, labels, windows, provider,
        model, protocol, at_ms, amount, input_bound, output_bound, first_attempt,
        client_retry, tokenless, placed, oldest, state, cost)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    SELECT i * 4096, 'old-' || i, 'r', 1 + i % 1000, 1, '[]', 'p', 'm', 'x', i, 5, 1,
        1, 1, 0, 0, i, i * 4096, 'settled', 3 FROM n
"""
FILL_SESSIONS = """
    INSERT INTO session (session, root, started_at_ms, last_at_ms)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    SELECT 'old-' || i, 'old-' || i, i, i FROM n
"""
FILL_WINDOWS = """
    INSERT INTO budget_window (scope, window, starts_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    SELECT 'session:old-' || i, 'session', 0 FROM n
"""


def work(ledger: Ledger) -> None:
    """Everything that a request may ask of the ledger, with cold caches first."""
    ledger._holds.forget()
    hold(ledger, "a1", session="fresh")
    hold(ledger, "a2", labels=Labels(task="t"), budgets=three("19"))
    hold(ledger, "a3")
    hold(ledger, "a4")
    assert isinstance(ledger.hold(asking("a5", "99")), NoRoom)
    ledger.settle(truth("a1", "0.4"))
    ledger.void(ending("a2"))
    ledger.mark_unknown(ending("a3"))
    ledger.settle(truth("a3"))
    ledger._holds.forget()
    ledger.settle(truth("a4", "12"))
    ledger.waste("a1", "tool_arguments")
    ledger.correct("a1", usd("0.3"), note="", who="me")
    ledger.log_requests([entry("req-a1"), entry("req-a2")])
    ledger.record_refusal(
        session="s9", root_session="s9", labels=Labels(), code="x", at_ms=NOW_MS
    )


def plan_of(connection: apsw.Connection, sql: str, bindings: Any) -> list[str]:
    """The steps of a statement's query plan."""
    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings)
    return [str(row[3]) for row in rows]


def plans(ledger: Ledger, act: Callable[[Ledger], object]) -> dict[str, list[str]]:
    """The query plan of every statement that `act` runs."""
    connection = ledger._parts.connection
    statements: dict[str, Any] = {}

    def trace(_cursor: Any, sql: str, bindings: Any) -> bool:
        statements.setdefault(sql, bindings)
        return True

    connection.exec_trace = trace
    act(ledger)
    connection.exec_trace = None
    return {
        sql: plan_of(connection, sql, bindings)
        for sql, bindings in statements.items()
        if sql.split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}
    }


@pytest.mark.parametrize("rows", [0, 1, 100_000])
def test_no_statement_of_a_request_scans(folder: Path, rows: int) -> None:
    ledger = open_ledger(folder)
    connection: apsw.Connection = ledger._parts.connection
    with connection:
        for fill, count in (
            (FILL, rows),
            (FILL_SESSIONS, rows // 10),
            (FILL_WINDOWS, rows // 10),
        ):
            if count:
                connection.execute(fill, (count,))
    ledger._holds._last_id = rows * 4096
    found = plans(ledger, work)
    assert len(found) >= 20
    scans = {
        sql: plan for sql, plan in found.items() if any("SCAN" in step for step in plan)
    }
    assert scans == {}
    ledger.close()


def test_a_start_searches_no_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger(folder)
    connection = ledger._parts.connection
    with connection:
        connection.execute(FILL, (1000,))
    hold(ledger)
    ledger.close()
    seen: dict[str, Any] = {}

    def trace(_cursor: Any, sql: str, bindings: Any) -> bool:
        seen.setdefault(sql, bindings)
        return True

    def watch(made: apsw.Connection) -> None:
        made.exec_trace = trace

    monkeypatch.setattr(apsw, "connection_hooks", [*apsw.connection_hooks, watch])
    again = open_ledger(folder)
    assert again.swept == ("a1",)
    reader = again._parts.connection
    reader.exec_trace = None
    of_attempts = {sql: b for sql, b in seen.items() if "FROM attempt" in sql}
    assert len(of_attempts) >= 3
    for sql, bindings in of_attempts.items():
        plan = plan_of(reader, sql, bindings)
        # Reading the newest row walks the table backwards and stops at once.
        newest = "ORDER BY id DESC LIMIT 1" in sql
        assert newest or not any("SCAN attempt" in step for step in plan), sql
    again.close()
