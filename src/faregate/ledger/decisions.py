"""What a person decides about money: resolve a hold, reopen a budget, set a limit.

Each decision is one transaction that reaches the disk before it returns, with an
audit row beside it. Whether the person may decide is judged before it comes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.holds import Booked, HoldState, LedgerError, Release, Settlement
from faregate.core.money import Money
from faregate.core.records import AuditRow
from faregate.ledger import audit
from faregate.ledger.bookings import BY_PERSON, Bookings
from faregate.ledger.connection import Transaction, full_sync

if TYPE_CHECKING:
    import apsw

    from faregate.core.holds import BudgetWindow
    from faregate.ledger.budget_windows import BudgetWindows
    from faregate.ledger.changes import Change, Ending
    from faregate.ledger.holds import Holds
    from faregate.ledger.sessions import Sessions


class Decisions:
    """Carries out what a person decided."""

    def __init__(
        self,
        connection: apsw.Connection,
        windows: BudgetWindows,
        sessions: Sessions,
        holds: Holds,
        bookings: Bookings,
    ) -> None:
        """Write through the ledger's own connection."""
        self._connection = connection
        self._windows = windows
        self._sessions = sessions
        self._bookings = bookings
        self._writing = Transaction(connection, "Carrying out a decision", holds.forget)

    def resolve(
        self, attempt: str, spent: Money | None, *, who: str, note: str, at_ms: int
    ) -> Booked:
        """Settle an unknown hold at `spent`, or void it when that is None.

        A cost above the hold is booked and marked, but closes nothing: a person
        has just looked. Raises LedgerError for a hold that is still open.
        """
        ending = self._bookings.find(attempt)
        if ending.leaves is not HoldState.UNKNOWN:
            raise LedgerError(f"attempt {attempt!r} still runs; it ends by itself")
        row = AuditRow(
            at_ms=at_ms,
            who=who,
            what="resolve",
            subject=attempt,
            before=f"unknown {_usd(ending.hold.amount)}",
            after="void" if spent is None else f"spent {spent.exact()}",
            note=note,
        )
        with full_sync(self._connection), self._writing:
            change = self._book(ending, attempt, spent, note, at_ms)
            self._bookings.mark(change)
            audit.write(self._connection, row)
        return change.apply()

    def reopen(
        self, scope: str, window: str, *, who: str, note: str, at_ms: int
    ) -> tuple[BudgetWindow, ...]:
        """Take holds again on closed windows of a scope; return those reopened."""
        rows = self._windows.matching(scope, window, at_ms // 1000)
        closed = [row for row in rows if row.closed]
        with full_sync(self._connection), self._writing:
            for row in closed:
                self._windows.reopen(row)
            audit.write(
                self._connection,
                AuditRow(
                    at_ms=at_ms,
                    who=who,
                    what="reopen",
                    subject=f"{scope} {window}",
                    note=note,
                ),
            )
        return tuple(row.budget for row in closed)

    def set_limit(
        self,
        scope: str,
        window: str,
        limit: Money | None,
        *,
        who: str,
        note: str,
        at_ms: int,
    ) -> None:
        """Give the running windows of a scope a new limit and write down who did.

        A closed window opens when the limit is raised above what is booked. Holds
        bring their own limits; this makes the change known before the next one.
        """
        pico = None if limit is None else limit.pico
        rows = self._windows.matching(scope, window, at_ms // 1000)
        before = ", ".join(sorted({_limit(row.limit) for row in rows}))
        with full_sync(self._connection), self._writing:
            for row in rows:
                self._windows.set_limit(row, pico)
            audit.write(
                self._connection,
                AuditRow(
                    at_ms=at_ms,
                    who=who,
                    what="limit",
                    subject=f"{scope} {window}",
                    before=before or None,
                    after=_limit(pico),
                    note=note,
                ),
            )

    def judge(
        self, session: str, outcome: str, *, who: str, note: str, at_ms: int
    ) -> None:
        """Record whether a session's task was accepted; LedgerError if unknown."""
        with full_sync(self._connection), self._writing:
            before = self._sessions.set_outcome(session, outcome)
            audit.write(
                self._connection,
                AuditRow(
                    at_ms=at_ms,
                    who=who,
                    what="outcome",
                    subject=session,
                    before=before,
                    after=outcome,
                    note=note,
                ),
            )

    def note(self, row: AuditRow) -> None:
        """Write down a decision that changes no figure of the ledger."""
        with full_sync(self._connection), self._writing:
            audit.write(self._connection, row)

    def _book(
        self, ending: Ending, attempt: str, spent: Money | None, note: str, at_ms: int
    ) -> Change:
        if spent is None:
            release = Release(attempt=attempt, at_ms=at_ms, why=note, usage=ending.seen)
            return self._bookings.book_release(release, ending, HoldState.VOIDED)
        settlement = Settlement(
            attempt=attempt,
            usage=ending.seen,
            cost=spent,
            cost_source=BY_PERSON,
            at_ms=at_ms,
            status=0,
            note=note,
        )
        return self._bookings.book_settlement(settlement, ending, closes=False)


def _usd(pico: int) -> str:
    return Money(pico).exact()


def _limit(pico: int | None) -> str:
    return "none" if pico is None else _usd(pico)
