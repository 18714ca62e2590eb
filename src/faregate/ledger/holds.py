"""Setting money aside: one row that names all its budget windows, or nothing.

Owns the statement of a hold and the holds that are open in this process: what is held
in a window is the sum of theirs, in memory as in the rows. How a hold ends is in
`bookings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import apsw

from faregate.core.holds import Held, HoldRequest, LedgerError, NoRoom
from faregate.ledger.answers import HeldNow
from faregate.ledger.connection import Transaction, roll_back
from faregate.ledger.counting_back import IDS_PER_MS, before, counting
from faregate.ledger.errors import fault
from faregate.ledger.escrow import PICO_PER_MICRO, Escrow

if TYPE_CHECKING:
    from faregate.core.holds import BudgetWindow
    from faregate.ledger.budget_windows import BudgetWindows, WindowSet
    from faregate.ledger.sessions import SessionEntry, Sessions

_HOLD_ATTEMPT = (
    "INSERT INTO attempt(id,attempt,request,session,labels,windows,provider,model,"
    "protocol,at_ms,amount,input_bound,output_bound,first_attempt,client_retry,"
    "tokenless,placed,oldest,route,cause)VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_LAST_INSTANT_MS = 2**50


@dataclass(slots=True, eq=False)
class OpenHold:
    """One open hold as this process remembers it; amounts in pico-USD."""

    id: int
    amount: int
    windows: tuple[int, ...]
    session: int
    first: bool
    """Not our own retry or fallback."""
    client_retry: bool
    """The first attempt of a request that its client sent again."""


def read_hold(
    connection: apsw.Connection,
    row_id: int,
    amount: int,
    windows: str,
    session: int,
    *,
    first: int,
    again: int,
) -> OpenHold:
    """Return the hold of an attempt's row, with all windows that count it.

    `first` and `again` are its columns `first_attempt` and `client_retry`.
    """
    counted = counting(connection, row_id, windows)
    retry = bool(first and again)
    return OpenHold(row_id, amount, counted, session, bool(first), retry)


class Holds:
    """Makes holds, and knows which are open."""

    def __init__(
        self,
        connection: apsw.Connection,
        windows: BudgetWindows,
        sessions: Sessions,
        escrow: Escrow,
        last_id: int,
    ) -> None:
        """Write through the ledger's own connection."""
        self._connection = connection
        self._execute = connection.cursor().execute
        self._windows = windows
        self._sessions = sessions
        self._escrow = escrow
        self._last_id = last_id
        self._counting = Transaction(
            connection, "Counting what was spent before", self.forget
        )
        self.open: dict[str, OpenHold] = {}
        windows.held_in = self._held_in

    def hold(self, request: HoldRequest) -> Held | NoRoom:
        """Set money aside over all budgets at once; raise LedgerError."""
        amount = request.amount.pico
        if amount < 0 or not 0 <= request.at_ms < _LAST_INSTANT_MS:
            raise LedgerError(f"a hold of {request.amount} at {request.at_ms} is none")
        chosen = self._select(request)
        stored = bool(chosen.ids_text)
        for row, limit, most in chosen.checks:
            if row.closed or row.used + amount > most:
                blocking = chosen.blocking(amount)
                if blocking:
                    return NoRoom(amount=request.amount, blocking=blocking)
                if row.used + amount > most:
                    raise LedgerError(f"no budget can count {request.amount} more")
            if row.limit != limit:
                stored = False
        placed = self._escrow.placed + -(-amount // PICO_PER_MICRO)
        self._escrow.cover(placed)
        session = self._sessions.known(request) if stored else None
        # Written out rather than a context manager: this is the gate's hottest path.
        try:
            if session is None:
                self._execute("BEGIN IMMEDIATE")
                self._windows.prepare(chosen)
                session = self._sessions.of_hold(request)
                made = self._write(request, chosen, session, placed)
                self._execute("COMMIT")
            else:
                # A statement alone is a transaction.
                made = self._write(request, chosen, session, placed)
        except (apsw.Error, OverflowError) as error:
            self.abandon()
            raise fault("Setting money aside", error) from error
        except BaseException:
            self.abandon()
            raise
        return self._remember(request, chosen, made, placed)

    def _held_in(self, window: int) -> int:
        """Return what is held in a window; summed only when its row is read."""
        return sum(hold.amount for hold in self.open.values() if window in hold.windows)

    def _remember(
        self, request: HoldRequest, chosen: WindowSet, made: OpenHold, placed: int
    ) -> Held:
        """Follow the commit in memory."""
        self._last_id = made.id
        self.open[request.attempt] = made
        self._escrow.note(placed)
        amount = made.amount
        sums = []
        for row, budget in zip(chosen.rows, chosen.budgets, strict=True):
            row.used += amount
            row.held += amount
            sums.append((budget, row.spent, row.held, row.unknown, row.closed))
        return HeldNow(request.attempt, request.amount, sums)

    def count_back(self, chosen: WindowSet, *, looks: bool = False) -> None:
        """Let windows count what was booked without them; raise LedgerError.

        Once: from here on they are asked for with every hold. With `looks` the days
        and months that tell how far time has come wait for a hold: who only looks,
        under a clock that is wrong, begins none.
        """
        # Another set may have brought some of them up to date.
        lacking = [row for row in chosen.lacking if row.lacks]
        if looks:
            lacking = [row for row in lacking if row.id or not _tells_time(row.budget)]
        if not lacking:
            return
        limits = dict(zip(chosen.rows, chosen.limits, strict=True))
        last, joined = self._last_id, []
        oldest = next(iter(self.open.values())).id if self.open else last + 1
        with self._counting:
            for row in lacking:
                found = before(
                    self._connection,
                    row.budget,
                    window_id=row.id,
                    counted_to=row.counted_to,
                    last_id=last,
                    oldest=oldest,
                )
                self._windows.count(row, limits[row], found, last)
                joined += [(name, row.id) for name in found.open if name in self.open]
        for name, window in joined:
            self.open[name].windows += (window,)
        chosen.lacking = tuple(row for row in chosen.lacking if row.lacks)

    def abandon(self) -> None:
        """Roll back, and read again what memory may have got wrong."""
        self.forget()
        roll_back(self._connection)

    def forget(self) -> None:
        """Read again what a failed transaction may have left wrong in memory."""
        self._windows.forget()
        self._sessions.forget()

    def _write(
        self,
        request: HoldRequest,
        chosen: WindowSet,
        session: SessionEntry,
        placed: int,
    ) -> OpenHold:
        at_ms = request.at_ms
        amount = request.amount.pico
        # Never behind the last id: ids keep the order in which holds were made.
        row_id = max(self._last_id + 1, at_ms * IDS_PER_MS)
        first = request.first_attempt
        self._execute(
            _HOLD_ATTEMPT,
            (
                row_id,
                request.attempt,
                request.request,
                session.id,
                session.label_set,
                chosen.ids_text,
                request.provider,
                request.model,
                request.protocol,
                at_ms,
                amount,
                request.input_bound,
                request.output_bound,
                first,
                request.client_retry,
                request.tokenless,
                placed,
                next(iter(self.open.values())).id if self.open else row_id,
                request.route,
                request.cause,
            ),
        )
        return OpenHold(
            row_id,
            amount,
            chosen.ids,
            session.id,
            first,
            first and request.client_retry,
        )

    def _select(self, request: HoldRequest) -> WindowSet:
        try:
            chosen = self._windows.select(request.budgets)
        except apsw.Error as error:
            raise fault("Reading budgets", error) from error
        if chosen.lacking:
            self.count_back(chosen)
        return chosen


def _tells_time(budget: BudgetWindow) -> bool:
    return budget.scope == "global" and budget.window in {"month", "day"}
