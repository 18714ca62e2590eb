"""At start: what a dead process left behind becomes unknown, and is counted in full.

Owns the search for its open holds and the row that stands for holds which power loss
may have dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.holds import BudgetWindow, HoldState, Release
from faregate.core.windows import WindowKind, bounds
from faregate.ledger.connection import Transaction, full_sync, select
from faregate.ledger.counting_back import IDS_PER_MS
from faregate.ledger.escrow import PICO_PER_MICRO
from faregate.ledger.open_hold import read_hold

if TYPE_CHECKING:
    from datetime import tzinfo

    import apsw

    from faregate.ledger.bookings import Bookings
    from faregate.ledger.budget_windows import BudgetWindows
    from faregate.ledger.holds import Holds

_LAST = "SELECT id, placed, oldest FROM attempt ORDER BY id DESC LIMIT 1"
_OPEN = (
    "SELECT attempt, id, amount, windows, session, first_attempt, client_retry "
    "FROM attempt WHERE id >= ?1 AND state = 'held' ORDER BY id"
)
_LOST = (
    "INSERT INTO attempt (id, attempt, request, session, labels, windows, provider, "
    "model, protocol, at_ms, amount, input_bound, output_bound, first_attempt, "
    "client_retry, tokenless, placed, oldest, state, ended_at_ms, note) "
    "VALUES (?1, ?2, '', NULL, NULL, ?3, '', '', '', ?4, ?5, 0, 0, 1, 0, 0, ?6, ?8, "
    "'unknown', ?4, ?7)"
)
_ADD_UNKNOWN = "UPDATE budget_window SET unknown = unknown + ?2 WHERE id = ?1"
_LOST_NOTE = (
    "the machine stopped without warning: holds of up to this sum may have been lost"
)


def last_attempt(connection: apsw.Connection) -> tuple[int, int, int]:
    """Return id, running sum and oldest open id of the newest attempt, or zeros."""
    found = select(connection, _LAST)
    return found[0] if found else (0, 0, 0)


def take_over(connection: apsw.Connection, holds: Holds, since: int) -> None:
    """Remember every hold from the id `since` on that a dead process left open."""
    for name, row_id, amount, windows, session, first, again in select(
        connection, _OPEN, (since,)
    ):
        holds.open[name] = read_hold(
            connection, row_id, amount, windows, session, first=first, again=again
        )


def sweep(
    connection: apsw.Connection, bookings: Bookings, holds: Holds, now_ms: int
) -> tuple[str, ...]:
    """Turn every hold that is still open into unknown; return the attempts."""
    attempts = tuple(holds.open)
    if not attempts:
        return ()
    with Transaction(connection, "Sweeping open holds"):
        changes = [
            bookings.book_release(
                Release(
                    attempt=attempt,
                    at_ms=now_ms,
                    why="the proxy stopped before the answer was settled",
                ),
                bookings.find(attempt),
                HoldState.UNKNOWN,
            )
            for attempt in attempts
        ]
    holds.open.clear()
    for change in changes:
        change.apply()
    return attempts


def book_lost(
    connection: apsw.Connection,
    windows: BudgetWindows,
    *,
    last_id: int,
    placed: int,
    oldest: int,
    lost: int,
    now_ms: int,
    zone: tzinfo,
) -> str:
    """Book `lost` micro-USD as one unknown attempt; return its name.

    It counts in the global month and day, as far as one knows in which window the
    lost holds were. The row's running sum includes it, so that booking it again finds
    nothing; its `oldest` still leads the sweep to holds that a kill left open.
    """
    now = now_ms / 1000
    budgets = []
    for kind in (WindowKind.MONTH, WindowKind.DAY):
        span = bounds(kind, now, zone)
        budgets.append(
            BudgetWindow(
                scope="global",
                window=kind.value,
                starts_at=span.starts_at,
                ends_at=span.ends_at,
            )
        )
    amount = lost * PICO_PER_MICRO
    row_id = max(last_id + 1, now_ms * IDS_PER_MS)
    attempt = f"lost-{row_id}"
    with full_sync(connection), Transaction(connection, "Booking lost holds"):
        rows = [windows.stored(budget) for budget in budgets]
        for row in rows:
            connection.execute(_ADD_UNKNOWN, (row.id, amount))
        ids = str([row.id for row in rows])
        connection.execute(
            _LOST,
            (row_id, attempt, ids, now_ms, amount, placed + lost, _LOST_NOTE, oldest),
        )
    windows.forget()
    return attempt
