"""What was booked before a budget counted: found once, in the attempts themselves.

A budget that is set in the middle of its window counts what the window has cost so
far. Its row then says up to which attempt that was looked for (`counted_to`): an
attempt counts in the windows that it names, and in those that counted it back. Owns
which attempts those are; the transaction is its caller's.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from faregate.core.values import dataclass
from faregate.ledger.connection import select
from faregate.ledger.errors import translated

if TYPE_CHECKING:
    import apsw

    from faregate.core.holds import BudgetWindow

IDS_PER_MS = 4096
"""An attempt's id is its instant in these units, or the next free number after it."""
_IDS_PER_S = 1000 * IDS_PER_MS

VERSION_6 = (
    "ALTER TABLE budget_window ADD COLUMN counted_to INTEGER NOT NULL DEFAULT 0",
    # Requests went by while no budget asked for this window to count them.
    "ALTER TABLE budget_window ADD COLUMN lapsed INTEGER NOT NULL DEFAULT 0",
    # Older versions let a budget count from the day it was set.
    "UPDATE budget_window SET lapsed = 1 WHERE window <> 'session' "
    "AND NOT (scope = 'global' AND window IN ('month', 'day'))",
    "CREATE INDEX window_counted_to ON budget_window (counted_to) WHERE counted_to > 0",
)
_LABEL = "labels IN (SELECT id FROM label_set WHERE {} = ?3)"
_MATCHES = {
    "global": "?3 = ?3",
    "workspace": _LABEL.format("workspace"),
    "agent": _LABEL.format("agent"),
    "task": _LABEL.format("task"),
    "customer": _LABEL.format("customer"),
    "session": "session IN (SELECT id FROM session WHERE root = ?3)",
    "provider": "provider = ?3",
    "model": "(model = ?3 OR provider || '/' || model = ?3)",
}
# What was never seen is not looked for: a new task or agent costs no scan.
_SEEN = {
    "global": "VALUES (?1)",
    "workspace": "SELECT 1 FROM label_set WHERE workspace = ?1 LIMIT 1",
    "agent": "SELECT 1 FROM label_set WHERE agent = ?1 LIMIT 1",
    "task": "SELECT 1 FROM label_set WHERE task = ?1 LIMIT 1",
    "customer": "SELECT 1 FROM label_set WHERE customer = ?1 LIMIT 1",
    "session": "SELECT 1 FROM session WHERE root = ?1 LIMIT 1",
    "provider": "SELECT 1 FROM session_model "
    "WHERE substr(target, 1, length(?1) + 1) = ?1 || '/' LIMIT 1",
    "model": "SELECT 1 FROM session_model WHERE target = ?1 "
    "OR substr(target, -length(?1) - 1) = '/' || ?1 LIMIT 1",
}
_UNNAMED = " AND NOT EXISTS (SELECT 1 FROM json_each(attempt.windows) WHERE value = ?4)"
_SUMS = (
    "SELECT coalesce(sum(cost), 0), coalesce(sum(iif(state = 'held', amount, 0)), 0), "
    "coalesce(sum(iif(state = 'unknown', amount, 0)), 0) FROM attempt "
)
_CORRECTED = (
    "SELECT coalesce(sum(after - before), 0) FROM correction "
    "JOIN attempt ON attempt.id = correction.attempt "
)
_OPEN = "SELECT attempt.attempt FROM attempt "
_IN_TIME = "WHERE attempt.id >= ?1 AND attempt.id < ?2 AND "
_STILL_HELD = " AND state = 'held'"
_RUNNING = """
    SELECT id, amount, windows FROM attempt
    WHERE id >= (SELECT oldest FROM attempt ORDER BY id DESC LIMIT 1)
        AND state = 'held'
"""
_COUNTED_BACK = """
    SELECT budget_window.id FROM attempt
    JOIN budget_window INDEXED BY window_counted_to
        ON budget_window.counted_to >= attempt.id
        AND budget_window.counted_to > 0
    LEFT JOIN session ON session.id = attempt.session
    LEFT JOIN label_set ON label_set.id = attempt.labels
    WHERE attempt.id = ?1 AND attempt.id >= budget_window.starts_at * ?2
        AND (ends_at IS NULL OR attempt.id < ends_at * ?2)
        AND budget_window.scope IN ('global', 'workspace:' || label_set.workspace,
            'agent:' || label_set.agent, 'task:' || label_set.task,
            'customer:' || label_set.customer, 'session:' || session.root,
            'provider:' || attempt.provider, 'model:' || attempt.model,
            'model:' || attempt.provider || '/' || attempt.model)
    ORDER BY budget_window.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a window has not counted so far; amounts in pico-USD."""

    spent: int = 0
    held: int = 0
    unknown: int = 0
    open: tuple[str, ...] = ()
    """The attempts that still run."""


def before(
    connection: apsw.Connection,
    budget: BudgetWindow,
    *,
    window_id: int = 0,
    counted_to: int = 0,
    last_id: int,
    oldest: int = 0,
) -> Before:
    """Sum the attempts up to `last_id` that a window should count and does not.

    `window_id` 0 is a window that no attempt can name yet; `counted_to` is how far it
    was counted back before; no attempt before `oldest` is still open.
    """
    kind, _, name = budget.scope.partition(":")
    if kind not in _MATCHES or not select(connection, _SEEN[kind], (name,)):
        return Before()
    first = max(budget.starts_at * _IDS_PER_S, counted_to + 1)
    end = last_id + 1
    if budget.ends_at is not None:
        end = min(end, budget.ends_at * _IDS_PER_S)
    where = _IN_TIME + _MATCHES[kind]
    found: tuple[int | str, ...] = (first, end, name)
    if window_id:
        where, found = where + _UNNAMED, (*found, window_id)
    ((spent, held, unknown),) = select(connection, _SUMS + where, found)
    ((corrected,),) = select(connection, _CORRECTED + where, found)
    later = (max(first, oldest), *found[1:])
    rows = select(connection, _OPEN + where + _STILL_HELD, later)
    still = tuple(str(row[0]) for row in rows)
    return Before(spent=spent + corrected, held=held, unknown=unknown, open=still)


def counting(connection: apsw.Connection, row_id: int, named: str) -> tuple[int, ...]:
    """Return the ids of all windows that count an attempt; raise LedgerError.

    `named` are those that its row names.
    """
    with translated("Looking for an attempt's budgets"):
        back = select(connection, _COUNTED_BACK, (row_id, _IDS_PER_S))
    return tuple(dict.fromkeys([*json.loads(named), *(row[0] for row in back)]))


def held_by_window(connection: apsw.Connection) -> Counter[int]:
    """Return what the holds that run have set aside in each window, by its id."""
    held: Counter[int] = Counter()
    for row_id, amount, named in select(connection, _RUNNING):
        for window in counting(connection, row_id, named):
            held[window] += amount
    return held
