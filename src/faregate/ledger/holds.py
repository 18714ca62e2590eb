"""Setting money aside: one row, all its budget windows and its session, or nothing.

Owns the statements of a hold and the holds that are open in this process. How a
hold ends is in `bookings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faregate.core.holds import Held, HoldRequest, LedgerError, NoRoom
from faregate.core.money import MAX_PICO
from faregate.ledger.connection import Transaction
from faregate.ledger.escrow import Escrow, micro

if TYPE_CHECKING:
    import apsw

    from faregate.ledger.budget_windows import BudgetWindows, WindowSet
    from faregate.ledger.sessions import SessionEntry, Sessions

_HOLD_WINDOW = (
    "UPDATE budget_window SET held = held + ?1 "
    "WHERE id = ?2 AND closed = 0 AND spent + held + unknown + ?1 <= ?3"
)
_HOLD_ATTEMPT = (
    "INSERT INTO attempt (id, attempt, request, session, labels, windows, provider, "
    "model, protocol, at_ms, amount, input_bound, output_bound, first_attempt, "
    "client_retry, tokenless, placed, oldest) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
    "?17, ?18)"
)
_HOLD_SESSION = (
    "UPDATE session SET requests = requests + ?2, attempts = attempts + 1, "
    "retries = retries + ?3, client_retries = client_retries + ?4, held = held + ?5, "
    "last_at_ms = max(last_at_ms, ?6) WHERE id = ?1"
)
# An attempt's id is its instant in these units, or the next free number after it.
IDS_PER_MS = 4096
_LAST_INSTANT_MS = 2**50


@dataclass(slots=True, eq=False)
class OpenHold:
    """One open hold as this process remembers it; amounts in pico-USD."""

    id: int
    amount: int
    windows: tuple[int, ...]
    session: int


class _BlockedError(Exception):
    """The database refused what memory would have allowed."""


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
        self._writing = Transaction(connection, "Setting money aside", self.forget)
        self._windows = windows
        self._sessions = sessions
        self._escrow = escrow
        self._last_id = last_id
        self.open: dict[str, OpenHold] = {}

    def hold(self, request: HoldRequest) -> Held | NoRoom:
        """Set money aside over all budgets at once; raise LedgerError."""
        amount = request.amount.pico
        if amount < 0 or not 0 <= request.at_ms < _LAST_INSTANT_MS:
            raise LedgerError(f"a hold of {request.amount} at {request.at_ms} is none")
        chosen = self._windows.select(request.budgets)
        blocking = chosen.blocking(amount)
        if blocking:
            return NoRoom(amount=request.amount, blocking=blocking)
        placed = self._escrow.placed + micro(amount)
        self._escrow.cover(placed)
        try:
            with self._writing:
                made = self._write(request, chosen, placed)
        except _BlockedError:
            return self._no_room(request)
        self._last_id = made.id
        self.open[request.attempt] = made
        self._escrow.note(placed)
        states = []
        for row, budget in zip(chosen.rows, chosen.budgets, strict=True):
            row.held += amount
            states.append(row.state(budget))
        return Held(
            attempt=request.attempt, amount=request.amount, states=tuple(states)
        )

    def forget(self) -> None:
        """Read again what a failed transaction may have left wrong in memory."""
        self._windows.forget()
        self._sessions.forget()

    def _write(self, request: HoldRequest, chosen: WindowSet, placed: int) -> OpenHold:
        execute, changes = self._execute, self._connection.changes
        amount = request.amount.pico
        if not chosen.is_stored():
            self._windows.prepare(chosen)
        for window_id, limit in zip(chosen.ids, chosen.limits, strict=True):
            execute(
                _HOLD_WINDOW,
                (amount, window_id, MAX_PICO if limit is None else limit),
            )
            if changes() != 1:
                raise _BlockedError
        session = self._sessions.enter(
            request.session,
            request.root_session,
            request.parent,
            request.labels,
            request.at_ms,
        )
        made = self._insert(request, chosen, session, placed)
        first = request.first_attempt
        execute(
            _HOLD_SESSION,
            (
                session.id,
                first,
                not first,
                first and request.client_retry,
                amount,
                request.at_ms,
            ),
        )
        return made

    def _insert(
        self,
        request: HoldRequest,
        chosen: WindowSet,
        session: SessionEntry,
        placed: int,
    ) -> OpenHold:
        self._sessions.add_target(session, request.provider, request.model)
        # Never behind the last id: ids keep the order in which holds were made.
        row_id = max(self._last_id + 1, request.at_ms * IDS_PER_MS)
        oldest = next(iter(self.open.values())).id if self.open else row_id
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
                request.at_ms,
                request.amount.pico,
                request.input_bound,
                request.output_bound,
                request.first_attempt,
                request.client_retry,
                request.tokenless,
                placed,
                oldest,
            ),
        )
        return OpenHold(row_id, request.amount.pico, chosen.ids, session.id)

    def _no_room(self, request: HoldRequest) -> NoRoom:
        blocking = self._windows.select(request.budgets).blocking(request.amount.pico)
        if not blocking:
            raise LedgerError("a budget window refuses a hold that should fit it")
        return NoRoom(amount=request.amount, blocking=blocking)
