"""Whether the running sums still equal the rows that they sum.

Reads every attempt, so it belongs on a read connection and never in a request.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from faregate.core.holds import BudgetWindow
from faregate.ledger.connection import select
from faregate.ledger.counting_back import before

if TYPE_CHECKING:
    import apsw

_ATTEMPTS = """
    SELECT member.value, sum(cost), sum(unknown) FROM (
        SELECT windows, sum(cost) AS cost,
            sum(iif(state = 'unknown', amount, 0)) AS unknown
        FROM attempt GROUP BY windows
        UNION ALL
        SELECT windows, sum(after - before), 0
        FROM correction JOIN attempt ON attempt.id = correction.attempt GROUP BY windows
    ) AS booked, json_each(booked.windows) AS member GROUP BY member.value
"""
_WINDOWS = (
    "SELECT id, scope, window, starts_at, spent, unknown, ends_at, counted_to "
    "FROM budget_window"
)
_ATTEMPT_SESSIONS = """
    SELECT session, sum(cost), sum(unknown), sum(attempts), sum(retries), sum(wasted)
    FROM (
        SELECT session, sum(cost) AS cost, count(*) AS attempts,
            sum(iif(state = 'unknown', amount, 0)) AS unknown,
            sum(NOT first_attempt) AS retries, sum(iif(wasted, cost, 0)) AS wasted
        FROM attempt WHERE session IS NOT NULL AND state <> 'held' GROUP BY session
        UNION ALL
        SELECT session, sum(after - before), 0, 0, 0,
            sum(iif(wasted, after - before, 0))
        FROM correction JOIN attempt ON attempt.id = correction.attempt
        WHERE session IS NOT NULL GROUP BY session
    ) GROUP BY session
"""
_SESSIONS = "SELECT id, session, cost, unknown, attempts, retries, wasted FROM session"
_WINDOW_SUMS = ("spent", "unknown")
_SESSION_SUMS = ("spent", "unknown", "attempts", "retries", "wasted")


def discrepancies(connection: apsw.Connection) -> tuple[str, ...]:
    """Return one sentence for each sum that differs from its rows; none is good."""
    connection.execute("BEGIN")
    try:
        by_window = _keyed(select(connection, _ATTEMPTS), 2)
        windows = select(connection, _WINDOWS)
        by_session = _keyed(select(connection, _ATTEMPT_SESSIONS), 5)
        sessions = select(connection, _SESSIONS)
        for number, scope, window, starts_at, *_, ends_at, counted_to in windows:
            if counted_to:
                budget = BudgetWindow(
                    scope=scope, window=window, starts_at=starts_at, ends_at=ends_at
                )
                _add_back(connection, by_window[number], budget, number, counted_to)
    finally:
        connection.execute("COMMIT")
    found = []
    for number, scope, window, starts_at, *sums, _, _ in windows:
        found += _differences(
            f"{scope} {window} from {starts_at}",
            _WINDOW_SUMS,
            sums,
            by_window[number],
        )
    for number, session, *sums in sessions:
        found += _differences(
            f"session {session}", _SESSION_SUMS, sums, by_session[number]
        )
    return tuple(found)


def _add_back(
    connection: apsw.Connection,
    sums: list[int],
    budget: BudgetWindow,
    number: int,
    counted_to: int,
) -> None:
    """Add the attempts that a window counts without being named by them."""
    back = before(connection, budget, window_id=number, last_id=counted_to)
    for at, more in enumerate((back.spent, back.unknown)):
        sums[at] += more


def _keyed(rows: list[tuple[int, ...]], width: int) -> dict[int, list[int]]:
    keyed: dict[int, list[int]] = defaultdict(lambda: [0] * width)
    for key, *sums in rows:
        keyed[key] = sums
    return keyed


def _differences(
    what: str, names: tuple[str, ...], sums: list[int], rows: list[int]
) -> list[str]:
    triples = zip(names, sums, rows, strict=True)
    return [
        f"{what}: {name} is {kept}, its rows sum to {summed}"
        for name, kept, summed in triples
        if kept != summed
    ]
