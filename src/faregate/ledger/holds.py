"""Setting money aside: one row that names all its budget windows, or nothing.

Owns the decision on a hold and the holds that are open in this process: what is held
in a window is the sum of theirs, in memory as in the rows. How a hold ends is in
`bookings`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw

from faregate.core.holds import Held, HoldRequest, LedgerError, NoRoom
from faregate.ledger.answers import HeldNow
from faregate.ledger.connection import Transaction, catch_up
from faregate.ledger.counting_back import IDS_PER_MS, before
from faregate.ledger.errors import fault
from faregate.ledger.escrow import PICO_PER_MICRO, Escrow
from faregate.ledger.open_hold import OpenHold
from faregate.ledger.unwritten import HOLD, Placed, UnwrittenEnds, Values

if TYPE_CHECKING:
    from faregate.core.holds import BudgetWindow
    from faregate.ledger.budget_windows import BudgetWindows, WindowSet
    from faregate.ledger.sessions import SessionEntry, Sessions

_LAST_INSTANT_MS = 2**50


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
        self._last_id = self.written = last_id
        """`written` is the id of the last hold in the file."""
        self._placed = escrow.placed
        self._counting = Transaction(
            connection, "Counting what was spent before", self.forget
        )
        self._writing = Transaction(connection, "Setting money aside", self.forget)
        self.open: dict[str, OpenHold] = {}
        self.placed: list[Placed] = []
        """Holds that are to be written; nothing was sent for any."""
        self.needs_room = False
        """One of them fits only once the settlements before it are written."""
        self.ended = UnwrittenEnds()
        windows.held_in = self._held_in

    def place(self, request: HoldRequest) -> Held | NoRoom | None:
        """Decide on a hold and leave it to be written; raise LedgerError.

        None for one that needs more than a row of its own, or cannot be made.
        """
        chosen = self._windows.known(request.budgets)
        session = self._sessions.known(request)
        if chosen is None or session is None or request.attempt in self.open:
            return None
        amount = request.amount.pico
        if amount < 0 or not 0 <= request.at_ms < _LAST_INSTANT_MS:
            return None
        # What the file still holds must not stand beside this hold above a limit.
        behind, needs_room = self.ended.freed, False
        for row, limit, most in chosen.checks:
            used = row.used + amount
            if row.limit != limit:
                return None
            if row.closed or used > most:
                blocking = chosen.blocking(amount)
                if not blocking:
                    return None
                return NoRoom(amount=request.amount, blocking=blocking)
            if used + behind > most:
                needs_room = True
        placed = self._placed + -(-amount // PICO_PER_MICRO)
        self._escrow.cover(placed)
        values, made = self._row(request, chosen, session, placed)
        self.placed.append((request, values, placed))
        if needs_room:
            self.needs_room = True
        return self._remember(request, chosen, made, placed)

    def hold(self, request: HoldRequest) -> Held | NoRoom:
        """Set money aside over all budgets at once, written; raise LedgerError.

        With whatever that takes: a new session, new windows, new limits.
        """
        amount = request.amount.pico
        if amount < 0 or not 0 <= request.at_ms < _LAST_INSTANT_MS:
            raise LedgerError(f"a hold of {request.amount} at {request.at_ms} is none")
        catch_up(self._connection)
        chosen = self._select(request)
        for row, _limit, most in chosen.checks:
            if row.closed or row.used + amount > most:
                blocking = chosen.blocking(amount)
                if blocking:
                    return NoRoom(amount=request.amount, blocking=blocking)
                if row.used + amount > most:
                    raise LedgerError(f"no budget can count {request.amount} more")
        placed = self._placed + -(-amount // PICO_PER_MICRO)
        self._escrow.cover(placed)
        with self._writing:
            self._windows.prepare(chosen)
            session = self._sessions.of_hold(request)
            values, made = self._row(request, chosen, session, placed)
            self._execute(HOLD, values)
        held = self._remember(request, chosen, made, placed)
        self.written = made.id
        self._escrow.note(placed)
        return held

    def were_written(self, holds: list[Placed]) -> None:
        """Follow the commit of holds that were placed."""
        if holds:
            self.written = self._last_id
            for _, _, placed in holds:
                self._escrow.note(placed)

    def were_not_written(self, holds: list[Placed], ends: UnwrittenEnds) -> None:
        """Put memory right after a commit that failed: nothing of it came about."""
        for request, _, _ in holds:
            self.open.pop(request.attempt, None)
        if holds:
            self._placed = self._escrow.placed
        if ends.ended:
            for settlement, hold in ends.ended:
                self.open[settlement.attempt] = hold
            # The first one tells since when rows may be open.
            ordered = sorted(self.open.items(), key=lambda item: item[1].id)
            self.open.clear()
            self.open.update(ordered)
        self._windows.forget()

    def _held_in(self, window: int) -> int:
        """Return what is held in a window; summed only when its row is read."""
        return sum(hold.amount for hold in self.open.values() if window in hold.windows)

    def _remember(
        self, request: HoldRequest, chosen: WindowSet, made: OpenHold, placed: int
    ) -> Held:
        """Count a hold in memory."""
        self._last_id = made.id
        self._placed = placed
        self.open[request.attempt] = made
        amount = made.amount
        sums = []
        for row, budget in chosen.pairs:
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
        chosen.lacking = tuple(lacking)
        if looks:
            lacking = [row for row in lacking if row.id or not _tells_time(row.budget)]
        if not lacking:
            return
        catch_up(self._connection)
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

    def forget(self) -> None:
        """Read again what a failed transaction may have left wrong in memory."""
        self._windows.forget()
        self._sessions.forget()

    def _oldest(self, row_id: int) -> int:
        """Return the id of the oldest hold that is held in the file, or this one."""
        oldest = next(iter(self.open.values())).id if self.open else row_id
        ends = self.ended
        return ends.oldest if ends.ended and ends.oldest < oldest else oldest

    def _row(
        self,
        request: HoldRequest,
        chosen: WindowSet,
        session: SessionEntry,
        placed: int,
    ) -> tuple[Values, OpenHold]:
        """Return the values of a hold's row, and what is remembered of it."""
        at_ms = request.at_ms
        amount = request.amount.pico
        # Never behind the last id: ids keep the order in which holds were made.
        row_id = at_ms * IDS_PER_MS
        if row_id <= self._last_id:
            row_id = self._last_id + 1
        first = request.first_attempt
        values = (
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
            self._oldest(row_id),
            request.route,
            request.cause,
        )
        made = OpenHold(
            row_id,
            amount,
            chosen.ids,
            session.id,
            first,
            first and request.client_retry,
        )
        return values, made

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
