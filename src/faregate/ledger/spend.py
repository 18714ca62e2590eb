"""Spend since an instant, summed by day, model, provider, session or label.

Reads only the attempts of that time: their ids begin with their instant.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Literal, get_args

from faregate.core.holds import LedgerError
from faregate.core.money import Money
from faregate.core.records import SpendRow
from faregate.ledger.connection import select
from faregate.ledger.holds import IDS_PER_MS
from faregate.ledger.refusals import QUARTER_MS

if TYPE_CHECKING:
    import apsw

SpendBy = Literal[
    "all", "day", "minute", "provider", "model", "target", "route", "session", "root",
    "workspace", "agent", "user", "task", "customer", "feature",
]  # fmt: skip
_KEYS: dict[str, str] = {
    "all": "'all'",
    # Local days are put together from quarters: every zone's offset is a multiple.
    "day": "attempt.at_ms / 900000",
    "minute": "attempt.at_ms / 60000",
    "provider": "attempt.provider",
    "model": "attempt.model",
    "target": "attempt.provider || '/' || attempt.model",
    "route": "attempt.route",
    "session": "session.session",
    "root": "session.root",
    "workspace": "label_set.workspace",
    "agent": "label_set.agent",
    "user": "label_set.user",
    "task": "label_set.task",
    "customer": "label_set.customer",
    "feature": "label_set.feature",
}
_WENT_WRONG = "(attempt.fault IS NOT NULL OR coalesce(attempt.status, 0) >= 400)"
"""The provider's doing, not the client's: one that hangs up is no error of anybody."""
_SUMS: dict[str, str] = {
    "attempts": "count(*)",
    "requests": "sum(first_attempt)",
    "input_tokens": "sum(uncached_input + cache_read + cache_write_5m + cache_write_1h)",
    "output_tokens": "sum(output)",
    "reasoning_tokens": "sum(reasoning)",
    "cache_read_tokens": "sum(cache_read)",
    "cache_write_tokens": "sum(cache_write_5m + cache_write_1h)",
    "cost": "sum(attempt.cost)",
    "held": "sum(iif(state = 'held', amount, 0))",
    "unknown": "sum(iif(state = 'unknown', amount, 0))",
    "wasted": "sum(iif(attempt.wasted, attempt.cost, 0))",
    "failed": f"sum({_WENT_WRONG})",
    "retries": "sum(NOT first_attempt)",
    "client_retries": "sum(first_attempt AND client_retry)",
    "fallbacks": "sum(cause GLOB 'fallback:*')",
    "escalations": "sum(cause GLOB 'escalation:*')",
    "unpriced": "sum(coalesce(cost_source, '') = 'unpriced')",
    "estimated": "sum(coalesce(cost_source, '') = 'estimated' OR (state = 'settled' "
    "AND coalesce(usage_source, '') = 'estimated'))",
    "ttfb_sum": "sum(attempt.ttfb_ms)",
    "ttfb_count": "count(attempt.ttfb_ms)",
    "first_token_sum": "sum(attempt.first_token_ms)",
    "first_token_count": "count(attempt.first_token_ms)",
}
_IN_TIME = """
    WHERE attempt.id >= ?1 AND attempt.at_ms >= ?2 AND attempt.at_ms < ?3
    GROUP BY 1
"""
_JOINS = {
    "session": "LEFT JOIN session ON session.id = attempt.session",
    "label_set": "LEFT JOIN label_set ON label_set.id = attempt.labels",
}
# Sub-agents are judged with the session that they belong to.
_JUDGED = """
    WITH judged AS MATERIALIZED (
        SELECT part.id AS part, root.id AS root, root.outcome = 'accepted' AS accepted
        FROM session AS root JOIN session AS part ON part.root = root.session
        WHERE root.outcome IN ('accepted', 'rejected')
    )
"""
_ANY_JUDGED = (
    "SELECT EXISTS (SELECT 1 FROM session WHERE outcome IN ('accepted', 'rejected'))"
)


# The columns beside max() are those of the row that has it.
_LAST_ERRORS = f"""
    SELECT provider, coalesce(nullif(note, ''), 'it answered ' || status, fault), max(id)
    FROM attempt WHERE id >= ?1 AND at_ms >= ?2 AND {_WENT_WRONG}
    GROUP BY provider
"""  # noqa: S608 - constants alone


class _Statements:
    """The statements that sum by one key."""

    def __init__(self, key: str) -> None:
        join = _JOINS.get(key.partition(".")[0], "")
        keyed = f"SELECT coalesce({key}, ''), "
        # Corrections are few: they are summed apart, so that rows need no look-up.
        changed = (
            f"FROM correction JOIN attempt ON attempt.id = correction.attempt {join}"
        )
        self.sums = f"{keyed}{', '.join(_SUMS.values())} FROM attempt {join}{_IN_TIME}"
        self.corrections = (
            f"{keyed}sum(after - before), sum(iif(attempt.wasted, after - before, 0)) "
            f"{changed}{_IN_TIME}"
        )
        judged = f"JOIN judged ON judged.part = attempt.session {join}{_IN_TIME}"
        self.judged = (
            f"{_JUDGED}{keyed}sum(attempt.cost), count(DISTINCT judged.root), "
            "count(DISTINCT iif(accepted, judged.root, NULL)) "
            f"FROM attempt {judged}"
        )
        self.judged_corrections = f"""{_JUDGED}{keyed}sum(after - before)
            FROM correction JOIN attempt ON attempt.id = correction.attempt {judged}"""


_STATEMENTS = {by: _Statements(key) for by, key in _KEYS.items()}
_Sums = dict[str, int]


def spend(
    connection: apsw.Connection,
    by: SpendBy,
    *,
    since_ms: int,
    until_ms: int,
    zone: tzinfo = UTC,
    judged: bool = False,
) -> tuple[SpendRow, ...]:
    """Return one row for each key, the dearest first; days and minutes in order.

    With `judged` the rows also say what outcomes cost, which reads everything twice.
    """
    if by not in get_args(SpendBy):
        raise LedgerError(f"spend cannot be summed by {by!r}")
    statements, bound = _STATEMENTS[by], (since_ms * IDS_PER_MS, since_ms, until_ms)
    connection.execute("BEGIN")
    try:
        found = _summed(connection, statements.sums, bound, tuple(_SUMS))
        _add(found, connection, statements.corrections, bound, ("cost", "wasted"))
        # A session that lasts over midnight is of no one day.
        judged = judged and by not in {"day", "minute"}
        if judged and select(connection, _ANY_JUDGED)[0][0]:
            names = ("judged_cost", "judged", "accepted")
            _add(found, connection, statements.judged, bound, names)
            statement = statements.judged_corrections
            _add(found, connection, statement, bound, names[:1])
    finally:
        connection.execute("COMMIT")
    if by == "day":
        return tuple(_row(key, sums) for key, sums in _by_date(found, zone))
    if by == "minute":
        return tuple(
            _row(_instant(int(minute) * 60), found[minute])
            for minute in sorted(found, key=int)
        )
    dearest = sorted(found.items(), key=_dearest_first)
    return tuple(_row(key, sums) for key, sums in dearest)


def last_errors(connection: apsw.Connection, since_ms: int) -> dict[str, str]:
    """Return the latest error of each provider that had one since then."""
    rows = select(connection, _LAST_ERRORS, (since_ms * IDS_PER_MS, since_ms))
    return {str(provider): str(error) for provider, error, _ in rows}


def _summed(
    connection: apsw.Connection,
    sql: str,
    bound: tuple[int, ...],
    names: tuple[str, ...],
) -> dict[str, _Sums]:
    return {
        str(key): {n: int(v or 0) for n, v in zip(names, values, strict=True)}
        for key, *values in select(connection, sql, bound)
    }


def _add(
    found: dict[str, _Sums],
    connection: apsw.Connection,
    sql: str,
    bound: tuple[int, ...],
    names: tuple[str, ...],
) -> None:
    for key, more in _summed(connection, sql, bound, names).items():
        sums = found[key]
        for name, value in more.items():
            sums[name] = sums.get(name, 0) + value


def _dearest_first(item: tuple[str, _Sums]) -> tuple[int, int, str]:
    key, sums = item
    return -sums["cost"], -sums["attempts"], key


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _by_date(found: dict[str, _Sums], zone: tzinfo) -> list[tuple[str, _Sums]]:
    dates: dict[str, _Sums] = {}
    for quarter, sums in found.items():
        instant = datetime.fromtimestamp(int(quarter) * QUARTER_MS / 1000, zone)
        total = dates.setdefault(instant.date().isoformat(), {})
        for name, value in sums.items():
            total[name] = total.get(name, 0) + value
    return sorted(dates.items())


def _row(key: str, sums: _Sums) -> SpendRow:
    figures: dict[str, Any] = {
        name: Money(sums[name]) if name in _MONEY else sums[name]
        for name in _SUMS
        if not name.endswith(("_sum", "_count"))
    }
    return SpendRow(
        key=key,
        **figures,
        ttfb_ms=_mean(sums["ttfb_sum"], sums["ttfb_count"]),
        first_token_ms=_mean(sums["first_token_sum"], sums["first_token_count"]),
        judged=sums.get("judged", 0),
        accepted=sums.get("accepted", 0),
        judged_cost=Money(sums.get("judged_cost", 0)),
    )


_MONEY = frozenset({"cost", "held", "unknown", "wasted"})


def _mean(total: int, count: int) -> int | None:
    return total // count if count else None
