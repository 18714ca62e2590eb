"""The running sums of budget windows: rows in the database, mirrored in memory.

Owns how a window is found, created, given a new limit, closed and reopened. The
mirror is exact because one process owns the ledger; it changes only after a commit.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faregate.core.holds import BudgetWindow, LedgerError, state_of
from faregate.core.money import MAX_PICO, Money
from faregate.core.windows import WindowKind
from faregate.ledger.alerts import NEVER
from faregate.ledger.connection import catch_up, select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import apsw

    from faregate.core.holds import BudgetState
    from faregate.ledger.alerts import AlertMarks
    from faregate.ledger.counting_back import Before

_SELECT = (
    'SELECT id, scope, window, starts_at, ends_at, "limit", spent, unknown, '
    "alerted, closed, counted_to, lapsed FROM budget_window "
)
_BY_KEY = _SELECT + "WHERE scope = ?1 AND window = ?2 AND starts_at = ?3"
_CURRENT = _SELECT + (
    "WHERE scope = ?1 AND window = ?2 AND (ends_at IS NULL OR ends_at > ?3)"
)
_LATEST = (
    "SELECT max(starts_at) FROM budget_window WHERE scope = 'global' "
    "AND window = 'month' UNION ALL SELECT max(starts_at) FROM budget_window "
    "WHERE scope = 'global' AND window = 'day'"
)
_CLOSED = _SELECT + "WHERE closed = 1"
_BY_ID = _SELECT + "WHERE id = ?1"
_INSERT = (
    'INSERT INTO budget_window (scope, window, starts_at, ends_at, "limit") '
    "VALUES (?1, ?2, ?3, ?4, ?5)"
)
_SET_LIMIT = (
    'UPDATE budget_window SET "limit" = ?2, alerted = ?3, closed = ?4 WHERE id = ?1'
)
_SET_CLOSED = "UPDATE budget_window SET closed = ?2 WHERE id = ?1"
_SET_ALERTED = "UPDATE budget_window SET alerted = ?2 WHERE id = ?1"
_COUNT = (
    "UPDATE budget_window SET spent = ?2, unknown = ?3, alerted = ?4, "
    "counted_to = ?5, lapsed = 0 WHERE id = ?1"
)
_NOT_OVER = (
    "SELECT id, scope, window FROM budget_window WHERE lapsed = 0 "
    "AND window <> 'session' AND (ends_at IS NULL OR ends_at > ?1)"
)
_LAPSE = "UPDATE budget_window SET lapsed = 1 WHERE id = ?1"
# Beyond this many cached windows or sets the memory is given back.
_CACHE_SIZE = 8192


@dataclass(slots=True, eq=False)
class WindowRow:
    """One window's row; `id` is 0 until the first hold creates it.

    All sums are pico-USD; `used` is spent, held and unknown together.
    """

    id: int
    budget: BudgetWindow
    limit: int | None
    spent: int = 0
    held: int = 0
    unknown: int = 0
    used: int = 0
    alerted: int = 0
    closed: bool = False
    alert_at: int = NEVER
    counted_to: int = 0
    """The last attempt that counts here without naming this window."""
    lapsed: bool = False
    """Requests may have gone by that it should have counted."""

    @property
    def lacks(self) -> bool:
        """Tell whether it has yet to count what was booked without it."""
        if self.id == 0:
            return self.budget.window != WindowKind.SESSION
        return self.lapsed

    def state(self, budget: BudgetWindow | None = None) -> BudgetState:
        """Return the sums as a value, under the budget as it was asked."""
        return state_of(
            (budget or self.budget, self.spent, self.held, self.unknown, self.closed)
        )


@dataclass(slots=True, eq=False)
class WindowSet:
    """The windows of one request, each once, in the order they were asked."""

    asked: tuple[BudgetWindow, ...]
    rows: tuple[WindowRow, ...]
    limits: tuple[int | None, ...]
    pairs: tuple[tuple[WindowRow, BudgetWindow], ...]
    """Each row with its budget as asked, with the tightest limit asked."""
    checks: tuple[tuple[WindowRow, int | None, int], ...]
    """Each row with its limit, and with the most its sums may reach."""
    ids: tuple[int, ...] = ()
    ids_text: str = ""
    """Empty until all are stored."""
    lacking: tuple[WindowRow, ...] = ()
    """The rows that have yet to count what was booked without them."""

    def blocking(self, amount: int) -> tuple[BudgetState, ...]:
        """Return the windows that lack room for `amount`, the tightest first."""
        found = []
        for row, budget in self.pairs:
            limit = budget.limit
            full = limit is not None and row.used + amount > limit.pico
            if full or (row.closed and not reopens(row, limit)):
                found.append(row.state(budget))
        found.sort(key=_room)
        return tuple(found)


def _room(state: BudgetState) -> int:
    return MAX_PICO if state.room is None else state.room.pico


def reopens(row: WindowRow, limit: Money | None) -> bool:
    """Return whether a new limit opens a closed window: raised above what is booked."""
    if limit is None:
        # A session's limit is in its token: who claims it without one lifts nothing.
        return row.limit is not None and row.budget.window != "session"
    return row.limit is not None and limit.pico > row.limit and limit.pico > row.used


class BudgetWindows:
    """All windows of the ledger."""

    def __init__(self, connection: apsw.Connection, marks: AlertMarks) -> None:
        """Read and write through the ledger's own connection."""
        self._connection = connection
        self.marks = marks
        self.held_in: Callable[[int], int] = _nothing
        """What the open holds have set aside in a window; they know."""
        self._by_key: dict[tuple[str, str, int], WindowRow] = {}
        self._by_id: dict[int, WindowRow] = {}
        self._sets: dict[int, WindowSet] = {}
        self._loaded: dict[tuple[int, ...], list[WindowRow]] = {}
        """Rows by all their ids at once, as holds name them."""

    def forget(self) -> None:
        """Drop what is in memory, so that it is read again."""
        self._by_key.clear()
        self._by_id.clear()
        self._sets.clear()
        self._loaded.clear()

    def select(self, budgets: Sequence[BudgetWindow]) -> WindowSet:
        """Return the rows of these windows; those not yet stored have id 0."""
        # Looked up by identity: the caller passes the same tuple again and again,
        # and hashing it each time would cost more than the lookup saves.
        found = self._sets.get(id(budgets))
        if found is not None and found.asked is budgets:
            return found
        full = len(self._by_key) > _CACHE_SIZE or len(self._sets) > _CACHE_SIZE
        by_key = self._by_key
        if full or not all((b.scope, b.window, b.starts_at) in by_key for b in budgets):
            # Rows will be read; should this fail, it is told, and all are read anew.
            with suppress(LedgerError):
                catch_up(self._connection)
        if full:
            self.forget()
        asked = budgets if isinstance(budgets, tuple) else tuple(budgets)
        chosen: dict[tuple[str, str, int], BudgetWindow] = {}
        for budget in asked:
            key = (budget.scope, budget.window, budget.starts_at)
            known = chosen.get(key)
            if known is None or _tighter(budget, known):
                chosen[key] = budget
        made = self._make(asked, chosen)
        self._sets[id(asked)] = made
        return made

    def known(self, budgets: tuple[BudgetWindow, ...]) -> WindowSet | None:
        """Return a set that is stored and counted in memory, else None."""
        found = self._sets.get(id(budgets))
        if found is None or found.asked is not budgets:
            return None
        return None if found.lacking or not found.ids else found

    def loaded(self, ids: tuple[int, ...]) -> Sequence[WindowRow]:
        """Return the rows of these ids; none at all where one must be read."""
        found = self._loaded.get(ids)
        if found is None:
            rows = [self._by_id[i] for i in ids if i in self._by_id]
            if len(rows) < len(ids):
                return []
            found = self._loaded[ids] = rows
        return found

    def row(self, window_id: int) -> WindowRow:
        """Return one stored row by its id."""
        found = self._by_id.get(window_id)
        if found is None:
            (values,) = select(self._connection, _BY_ID, (window_id,))
            found = self._keep(values)
        return found

    def rows(self, ids: Iterable[int]) -> list[WindowRow]:
        """Return stored rows by their ids."""
        by_id = self._by_id
        return [by_id.get(i) or self.row(i) for i in ids]

    def prepare(self, chosen: WindowSet) -> None:
        """Inside a transaction: store what is new in this set, windows and limits."""
        for row, limit in zip(chosen.rows, chosen.limits, strict=True):
            if row.id == 0:
                self._insert(row, limit)
            elif row.limit != limit:
                self.set_limit(row, limit)
        chosen.ids = tuple(row.id for row in chosen.rows)
        chosen.ids_text = str(list(chosen.ids))

    def stored(self, budget: BudgetWindow) -> WindowRow:
        """Inside a transaction: return this window's row, whatever its limit."""
        row = self._find((budget.scope, budget.window, budget.starts_at), budget)
        if row.id == 0:
            self._insert(row, row.limit)
        return row

    def count(self, row: WindowRow, limit: int | None, found: Before, to: int) -> None:
        """Inside a transaction: add what a window should have counted up to `to`."""
        if row.id == 0:
            self._insert(row, limit)
        row.spent += found.spent
        row.held += found.held
        row.unknown += found.unknown
        row.used = row.spent + row.held + row.unknown
        row.alerted = self.marks.still_reached(
            row.limit, row.alerted, row.spent + row.unknown
        )
        row.alert_at = self.marks.next_at(row.limit, row.alerted)
        row.counted_to, row.lapsed = to, False
        sums = (row.spent, row.unknown)
        self._connection.execute(_COUNT, (row.id, *sums, row.alerted, to))

    def lapse(self, covers: Callable[[str, str], bool], now: int) -> None:
        """Inside a transaction: note which windows no budget asks for any more.

        What is booked meanwhile is counted when one asks again.
        """
        for number, scope, window in select(self._connection, _NOT_OVER, (now,)):
            if not covers(scope, window):
                self._connection.execute(_LAPSE, (number,))

    def set_limit(self, row: WindowRow, limit: int | None) -> None:
        """Inside a transaction: store a new limit, reopening where it is a raise."""
        money = None if limit is None else Money(limit)
        closed = row.closed and not reopens(row, money)
        alerted = self.marks.still_reached(limit, row.alerted, row.spent + row.unknown)
        self._connection.execute(_SET_LIMIT, (row.id, limit, alerted, int(closed)))
        row.limit, row.alerted, row.closed = limit, alerted, closed
        row.alert_at = self.marks.next_at(limit, alerted)

    def close(self, row: WindowRow) -> None:
        """Inside a transaction: refuse new holds on this window."""
        self._connection.execute(_SET_CLOSED, (row.id, 1))
        row.closed = True

    def reopen(self, row: WindowRow) -> None:
        """Inside a transaction: take holds on this window again."""
        self._connection.execute(_SET_CLOSED, (row.id, 0))
        row.closed = False

    def set_alerted(self, row: WindowRow, percent: int) -> None:
        """Inside a transaction: remember the highest mark that was told."""
        self._connection.execute(_SET_ALERTED, (row.id, percent))
        row.alerted = percent
        row.alert_at = self.marks.next_at(row.limit, percent)

    def matching(self, scope: str, window: str, now: int) -> list[WindowRow]:
        """Return the stored windows of a scope that have not ended at `now`."""
        found = select(self._connection, _CURRENT, (scope, window, now))
        return [self._by_id.get(values[0]) or self._keep(values) for values in found]

    def closed(self) -> tuple[BudgetWindow, ...]:
        """Return every closed window."""
        found = select(self._connection, _CLOSED)
        return tuple((self._by_id.get(v[0]) or self._keep(v)).budget for v in found)

    def latest_start(self) -> int:
        """Return when the newest global day or month began, in Unix seconds."""
        starts = select(self._connection, _LATEST)
        return max((row[0] or 0 for row in starts), default=0)

    def _make(
        self,
        asked: tuple[BudgetWindow, ...],
        chosen: dict[tuple[str, str, int], BudgetWindow],
    ) -> WindowSet:
        rows = tuple(self._find(key, budget) for key, budget in chosen.items())
        limits = tuple(
            None if b.limit is None else b.limit.pico for b in chosen.values()
        )
        limited = zip(rows, limits, strict=True)
        return WindowSet(
            asked=asked,
            rows=rows,
            limits=limits,
            pairs=tuple(zip(rows, chosen.values(), strict=True)),
            checks=tuple((r, li, MAX_PICO if li is None else li) for r, li in limited),
            lacking=tuple(row for row in rows if row.lacks),
        )

    def _find(self, key: tuple[str, str, int], budget: BudgetWindow) -> WindowRow:
        row = self._by_key.get(key)
        if row is None:
            for values in select(self._connection, _BY_KEY, key):
                return self._keep(values)
            limit = None if budget.limit is None else budget.limit.pico
            row = WindowRow(
                0, budget, limit, alert_at=self.marks.next_at(limit, alerted=0)
            )
            self._by_key[key] = row
        return row

    def _insert(self, row: WindowRow, limit: int | None) -> None:
        budget = row.budget
        self._connection.execute(
            _INSERT,
            (budget.scope, budget.window, budget.starts_at, budget.ends_at, limit),
        )
        row.id = self._connection.last_insert_rowid()
        row.limit = limit
        row.alert_at = self.marks.next_at(limit, alerted=0)
        self._by_id[row.id] = row

    def _keep(self, values: tuple[Any, ...]) -> WindowRow:
        found, scope, window, starts_at, ends_at, limit = values[:6]
        budget = BudgetWindow(
            scope=scope,
            window=window,
            starts_at=starts_at,
            ends_at=ends_at,
            limit=None if limit is None else Money(limit),
        )
        spent, unknown, alerted, closed, counted_to, lapsed = values[6:]
        held = self.held_in(found)
        row = WindowRow(
            id=found,
            budget=budget,
            limit=limit,
            spent=spent,
            held=held,
            unknown=unknown,
            used=spent + held + unknown,
            alerted=alerted,
            closed=bool(closed),
            alert_at=self.marks.next_at(limit, alerted),
            counted_to=counted_to,
            lapsed=bool(lapsed),
        )
        self._by_id[found] = row
        self._by_key[scope, window, starts_at] = row
        return row


def _nothing(_window: int) -> int:
    return 0


def _tighter(budget: BudgetWindow, known: BudgetWindow) -> bool:
    if budget.limit is None:
        return False
    return known.limit is None or budget.limit < known.limit
