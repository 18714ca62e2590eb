"""A person's word against the books: what a finished attempt cost in truth.

Owns the rows of corrections. The attempt's own row never changes: what it cost is its
cost plus all that corrections added or took. Whether the person may decide is judged
before it comes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.cost_log import Corrected
from faregate.core.holds import HoldState, LedgerError
from faregate.core.money import Money
from faregate.core.records import AuditRow
from faregate.ledger import audit
from faregate.ledger.connection import Transaction, full_sync, select
from faregate.ledger.counting_back import counting

if TYPE_CHECKING:
    import apsw

    from faregate.ledger.budget_windows import BudgetWindows, WindowRow
    from faregate.ledger.holds import Holds

_INSTEAD = {
    HoldState.HELD: "it ends by itself",
    HoldState.UNKNOWN: "settle it with faregate holds resolve",
}
_FIND = (
    "SELECT id, state, cost, windows, session, wasted, overrun FROM attempt "
    "WHERE attempt = ?1"
)
_CHANGED = "SELECT coalesce(sum(after - before), 0) FROM correction WHERE attempt = ?1"
_INSERT = (
    "INSERT INTO correction (attempt, at_ms, who, before, after, note) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
)
_MOVE_WINDOW = "UPDATE budget_window SET spent = spent + ?2 WHERE id = ?1"
_MOVE_SESSION = (
    "UPDATE session SET cost = cost + ?2, wasted = wasted + iif(?3, ?2, 0) "
    "WHERE id = ?1"
)


def corrected_by(connection: apsw.Connection, attempt: int) -> int:
    """Return what corrections added to the cost of the attempt with this row id."""
    return int(select(connection, _CHANGED, (attempt,))[0][0])


class Corrections:
    """Corrects what finished attempts cost, one transaction each."""

    def __init__(
        self, connection: apsw.Connection, windows: BudgetWindows, holds: Holds
    ) -> None:
        """Write through the ledger's own connection."""
        self._connection = connection
        self._windows = windows
        self._writing = Transaction(connection, "Correcting a cost", holds.forget)

    def correct(
        self, attempt: str, cost: Money, *, who: str, note: str, at_ms: int
    ) -> Corrected:
        """Set what a settled or voided attempt cost; raise LedgerError.

        Budgets and session follow. Where the attempt's overrun had closed a budget
        and there is room again, it opens: a person has just looked.
        """
        found = select(self._connection, _FIND, (attempt,))
        if not found:
            raise LedgerError(f"there is no attempt {attempt!r} in the ledger")
        row_id, state, booked, windows, session, wasted, overrun = found[0]
        if state not in {HoldState.SETTLED, HoldState.VOIDED}:
            raise LedgerError(f"attempt {attempt!r} is {state}: {_INSTEAD[state]}")
        if cost.pico < 0:
            raise LedgerError(f"a cost of {cost} cannot be booked")
        before = booked + corrected_by(self._connection, row_id)
        delta = cost.pico - before
        rows = self._windows.rows(counting(self._connection, row_id, windows))
        word = AuditRow(
            at_ms=at_ms,
            who=who,
            what="correct",
            subject=attempt,
            before=Money(before).exact(),
            after=cost.exact(),
            note=note,
        )
        with full_sync(self._connection), self._writing:
            execute = self._connection.execute
            execute(_INSERT, (row_id, at_ms, who, before, cost.pico, note))
            for row in rows:
                execute(_MOVE_WINDOW, (row.id, delta))
                self._rearm(row, delta)
            opened = [row for row in rows if overrun and _fits(row, delta)]
            for row in opened:
                self._windows.reopen(row)
            execute(_MOVE_SESSION, (session, delta, wasted))
            audit.write(self._connection, word)
        for row in rows:
            row.spent += delta
            row.used += delta
        return Corrected(
            before=Money(before),
            after=cost,
            states=tuple(row.state() for row in rows),
            reopened=tuple(row.budget for row in opened),
        )

    def _rearm(self, row: WindowRow, delta: int) -> None:
        """Let a mark be told again that the corrected sum has not reached."""
        used = row.spent + row.unknown + delta
        alerted = self._windows.marks.still_reached(row.limit, row.alerted, used)
        if alerted != row.alerted:
            self._windows.set_alerted(row, alerted)


def _fits(row: WindowRow, delta: int) -> bool:
    """Tell whether a closed window has room again once `delta` is booked."""
    return row.closed and (row.limit is None or row.used + delta < row.limit)
