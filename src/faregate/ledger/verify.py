"""Whether the running sums still equal the rows that they sum.

Reads every attempt, so it belongs on a read connection and never in a request.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from faregate.ledger.connection import select

if TYPE_CHECKING:
    import apsw

_ATTEMPTS = """
    SELECT member.value, sum(cost), sum(held), sum(unknown) FROM (
        SELECT windows, sum(cost) AS cost, sum(iif(state = 'held', amount, 0)) AS held,
            sum(iif(state = 'unknown', amount, 0)) AS unknown
        FROM attempt GROUP BY windows
    ) AS booked, json_each(booked.windows) AS member GROUP BY member.value
"""
_WINDOWS = (
    "SELECT id, scope, window, starts_at, spent, held, unknown FROM budget_window"
)
_ATTEMPT_SESSIONS = """
    SELECT session, sum(cost), sum(iif(state = 'unknown', amount, 0)), count(*),
        sum(NOT first_attempt)
    FROM attempt WHERE session IS NOT NULL AND state <> 'held' GROUP BY session
"""
_SESSIONS = "SELECT id, session, cost, unknown, attempts, retries FROM session"
_WINDOW_SUMS = ("spent", "held", "unknown")
_SESSION_SUMS = ("spent", "unknown", "attempts", "retries")


def discrepancies(connection: apsw.Connection) -> tuple[str, ...]:
    """Return one sentence for each sum that differs from its rows; none is good."""
    connection.execute("BEGIN")
    try:
        by_window = _keyed(select(connection, _ATTEMPTS), 3)
        windows = select(connection, _WINDOWS)
        by_session = _keyed(select(connection, _ATTEMPT_SESSIONS), 4)
        sessions = select(connection, _SESSIONS)
    finally:
        connection.execute("COMMIT")
    found = []
    for number, scope, window, starts_at, *sums in windows:
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
