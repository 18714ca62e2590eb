"""Spend since an instant, summed by day, model, provider, session or label.

Reads only the attempts of that time: their ids begin with their instant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Literal, get_args

from faregate.core.holds import LedgerError
from faregate.core.money import Money
from faregate.core.records import SpendRow
from faregate.ledger.connection import select
from faregate.ledger.counting_back import IDS_PER_MS
from faregate.ledger.refusals import QUARTER_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_WENT_WRONG = (
    "((attempt.fault IS NOT NULL OR coalesce(attempt.status, 0) >= 400) "
    "AND attempt.attempt NOT GLOB 'smoke-*')"
)
"""The provider's doing, not the client's: one that hangs up is no error of anybody.
Nor is what a smoke test asks for on purpose; its attempts are named after it."""
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
    WHERE attempt.id >= ?1 AND attempt.id < ?2 AND attempt.at_ms >= ?3
        AND attempt.at_ms < ?4
    GROUP BY 1, 2
"""
SLICE = 50_000
"""Attempts that are summed at once: what one statement sorts stays in memory, and
while one reads no commit can be tidied away."""
_END_OF_SLICE = "SELECT id FROM attempt WHERE id >= ?1 ORDER BY id LIMIT 1 OFFSET ?2"
_NO_END = 2**63 - 1
_JOINS = {
    "session": "LEFT JOIN session ON session.id = attempt.session",
    "label_set": "LEFT JOIN label_set ON label_set.id = attempt.labels",
}
# Sub-agents are judged with the session that they belong to.
_JUDGED = """
    SELECT part.id, root.id, root.outcome = 'accepted'
    FROM session AS root JOIN session AS part ON part.root = root.session
    WHERE root.outcome IN ('accepted', 'rejected')
"""

# The columns beside max() are those of the row that has it.
_LAST_ERRORS = f"""
    SELECT provider, coalesce(nullif(note, ''), 'it answered ' || status, fault), max(id)
    FROM attempt WHERE id >= ?1 AND at_ms >= ?2 AND {_WENT_WRONG}
    GROUP BY provider
"""  # noqa: S608 - constants alone


def _statement(key: str, sums: str, table: str) -> str:
    join = _JOINS.get(key.partition(".")[0], "")
    return (
        f"SELECT coalesce({key}, ''), attempt.session, {sums} "  # noqa: S608 - constants
        f"FROM {table} {join}{_IN_TIME}"
    )


_STATEMENTS = {
    by: _statement(key, ", ".join(_SUMS.values()), "attempt")
    for by, key in _KEYS.items()
}
# Corrections are few: they are summed apart, so that rows need no look-up.
_CORRECTIONS = {
    by: _statement(
        key,
        "sum(after - before), sum(iif(attempt.wasted, after - before, 0))",
        "correction JOIN attempt ON attempt.id = correction.attempt",
    )
    for by, key in _KEYS.items()
}
_Judged = dict[int, tuple[int, bool]]
"""For each session's row id its root's, and whether that one was accepted."""


@dataclass(slots=True)
class _Sums:
    """What has been summed of one key."""

    figures: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_SUMS, 0))
    judged_cost: int = 0
    judged: set[int] = field(default_factory=set)
    accepted: set[int] = field(default_factory=set)

    def add(self, figures: Mapping[str, int], verdict: tuple[int, bool] | None) -> None:
        """Add figures of one session, and its verdict where it has one."""
        for name, value in figures.items():
            self.figures[name] += value
        if verdict is None:
            return
        root, accepted = verdict
        self.judged_cost += figures.get("cost", 0)
        self.judged.add(root)
        if accepted:
            self.accepted.add(root)

    def merge(self, other: _Sums) -> None:
        """Add everything of another key."""
        self.add(other.figures, None)
        self.judged_cost += other.judged_cost
        self.judged |= other.judged
        self.accepted |= other.accepted

    def row(self, key: str) -> SpendRow:
        """Return the sums as a value."""
        sums = self.figures
        named: dict[str, Any] = {
            name: Money(value) if name in _MONEY else value
            for name, value in sums.items()
            if not name.endswith(("_sum", "_count"))
        }
        return SpendRow(
            key=key,
            **named,
            ttfb_ms=_mean(sums["ttfb_sum"], sums["ttfb_count"]),
            first_token_ms=_mean(sums["first_token_sum"], sums["first_token_count"]),
            judged=len(self.judged),
            accepted=len(self.accepted),
            judged_cost=Money(self.judged_cost),
        )


def spend(
    connection: apsw.Connection,
    by: SpendBy,
    *,
    since_ms: int,
    until_ms: int,
    zone: tzinfo = UTC,
) -> tuple[tuple[SpendRow, ...], SpendRow]:
    """Return one row for each key, the dearest first, and the sums of them all.

    Days and minutes come in their order.
    """
    if by not in get_args(SpendBy):
        raise LedgerError(f"spend cannot be summed by {by!r}")
    judged = {
        part: (root, bool(accepted))
        for part, root, accepted in select(connection, _JUDGED)
    }
    found: dict[str, _Sums] = {}
    first = since_ms * IDS_PER_MS
    bound = (first, _NO_END, since_ms, until_ms)
    _add(found, judged, connection, _CORRECTIONS[by], _CORRECTED, bound)
    start: int | None = first
    while start is not None:
        after = select(connection, _END_OF_SLICE, (start, SLICE))
        end = after[0][0] if after else None
        bound = (start, _NO_END if end is None else end, since_ms, until_ms)
        _add(found, judged, connection, _STATEMENTS[by], tuple(_SUMS), bound)
        start = end
    total = _Sums()
    for sums in found.values():
        total.merge(sums)
    rows = [sums.row(key) for key, sums in _ordered(by, found, zone)]
    return tuple(rows), total.row("all")


_CORRECTED = ("cost", "wasted")


def _add(
    found: dict[str, _Sums],
    judged: _Judged,
    connection: apsw.Connection,
    sql: str,
    names: tuple[str, ...],
    bound: tuple[int, ...],
) -> None:
    for key, session, *values in select(connection, sql, bound):
        figures = {n: int(v or 0) for n, v in zip(names, values, strict=True)}
        found.setdefault(str(key), _Sums()).add(figures, judged.get(session))


def _ordered(
    by: SpendBy, found: dict[str, _Sums], zone: tzinfo
) -> list[tuple[str, _Sums]]:
    if by == "day":
        return _by_date(found, zone)
    if by == "minute":
        return [(_instant(int(m) * 60), found[m]) for m in sorted(found, key=int)]
    return sorted(found.items(), key=_dearest_first)


def last_errors(connection: apsw.Connection, since_ms: int) -> dict[str, str]:
    """Return the latest error of each provider that had one since then."""
    rows = select(connection, _LAST_ERRORS, (since_ms * IDS_PER_MS, since_ms))
    return {str(provider): str(error) for provider, error, _ in rows}


def _dearest_first(item: tuple[str, _Sums]) -> tuple[int, int, str]:
    key, sums = item
    return -sums.figures["cost"], -sums.figures["attempts"], key


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _by_date(found: dict[str, _Sums], zone: tzinfo) -> list[tuple[str, _Sums]]:
    dates: dict[str, _Sums] = {}
    for quarter, sums in found.items():
        instant = datetime.fromtimestamp(int(quarter) * QUARTER_MS / 1000, zone)
        dates.setdefault(instant.date().isoformat(), _Sums()).merge(sums)
    return sorted(dates.items())


_MONEY = frozenset({"cost", "held", "unknown", "wasted"})


def _mean(total: int, count: int) -> int | None:
    return total // count if count else None
