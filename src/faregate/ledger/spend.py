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
    "all", "day", "minute", "provider", "model", "target", "session", "root",
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
    "session": "session.session",
    "root": "session.root",
    "workspace": "label_set.workspace",
    "agent": "label_set.agent",
    "user": "label_set.user",
    "task": "label_set.task",
    "customer": "label_set.customer",
    "feature": "label_set.feature",
}
_SUMS = """
    SELECT coalesce(KEY, ''), count(*), sum(first_attempt),
        sum(uncached_input + cache_read + cache_write_5m + cache_write_1h),
        sum(output), sum(cache_read), sum(cache_write_5m + cache_write_1h),
        sum(attempt.cost), sum(iif(state = 'held', amount, 0)),
        sum(iif(state = 'unknown', amount, 0)), sum(iif(attempt.wasted, attempt.cost, 0)),
        sum(state = 'unknown' OR coalesce(status, 0) >= 400),
        sum(coalesce(cost_source, '') = 'unpriced'),
        sum(coalesce(cost_source, '') = 'estimated' OR (state = 'settled' AND
            coalesce(usage_source, '') = 'estimated')),
        sum(attempt.ttfb_ms), count(attempt.ttfb_ms)
    FROM attempt
    JOINED
    WHERE attempt.id >= ?1 AND attempt.at_ms >= ?2 AND attempt.at_ms < ?3
    GROUP BY 1 ORDER BY 8 DESC, 2 DESC
"""
_JOINS = {
    "session": "LEFT JOIN session ON session.id = attempt.session",
    "label_set": "LEFT JOIN label_set ON label_set.id = attempt.labels",
}


def _statement(key: str) -> str:
    table = key.partition(".")[0]
    return _SUMS.replace("KEY", key).replace("JOINED", _JOINS.get(table, ""))


_STATEMENTS = {by: _statement(key) for by, key in _KEYS.items()}


def spend(
    connection: apsw.Connection,
    by: SpendBy,
    *,
    since_ms: int,
    until_ms: int,
    zone: tzinfo = UTC,
) -> tuple[SpendRow, ...]:
    """Return one row for each key, the dearest first; days and minutes in order."""
    if by not in get_args(SpendBy):
        raise LedgerError(f"spend cannot be summed by {by!r}")
    bindings = (since_ms * IDS_PER_MS, since_ms, until_ms)
    rows = select(connection, _STATEMENTS[by], bindings)
    if by == "day":
        rows = _by_date(rows, zone)
    elif by == "minute":
        rows = sorted((_instant(int(r[0]) * 60), *r[1:]) for r in rows)
    return tuple(_row(values) for values in rows)


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _by_date(rows: list[tuple[Any, ...]], zone: tzinfo) -> list[tuple[Any, ...]]:
    dates: dict[str, list[Any]] = {}
    for quarter, *sums in rows:
        instant = datetime.fromtimestamp(int(quarter) * QUARTER_MS / 1000, zone)
        total = dates.setdefault(instant.date().isoformat(), [0] * len(sums))
        for place, value in enumerate(sums):
            total[place] += value or 0
    return [(date, *dates[date]) for date in sorted(dates)]


def _row(values: tuple[Any, ...]) -> SpendRow:
    key, attempts, requests, tokens, output, read, write = values[:7]
    cost, held, unknown, wasted, failed, unpriced, estimated, ttfb, timed = values[7:]
    return SpendRow(
        key=str(key),
        attempts=attempts,
        requests=requests,
        input_tokens=tokens,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=write,
        cost=Money(cost),
        held=Money(held),
        unknown=Money(unknown),
        wasted=Money(wasted),
        failed=failed,
        unpriced=unpriced,
        estimated=estimated,
        ttfb_ms=ttfb // timed if timed else None,
    )
