"""Opening a ledger: checks first, then repair, and only then a hold.

Owns the order of the steps. Whatever fails, everything opened so far is closed and
the lock given back.
"""

from __future__ import annotations

import os
import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING

import apsw

from faregate.core.holds import LedgerError
from faregate.core.values import dataclass
from faregate.ledger import files, integrity, sweep
from faregate.ledger.alerts import AlertMarks
from faregate.ledger.bookings import Bookings
from faregate.ledger.budget_windows import BudgetWindows
from faregate.ledger.connection import (
    Connection,
    Transaction,
    full_sync,
    open_writer,
    require_sqlite,
    select,
)
from faregate.ledger.errors import damaged, fault
from faregate.ledger.escrow import Escrow, EscrowFile, lost, micro
from faregate.ledger.holds import Holds
from faregate.ledger.lock import FolderLock, Owner
from faregate.ledger.migrations import MIGRATIONS, Migration, check_version, migrate
from faregate.ledger.replay import replay
from faregate.ledger.sessions import Sessions
from faregate.ledger.spill import Spill

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path

_LEDGER_ID = "SELECT value FROM meta WHERE key = 'ledger'"
_SET_LEDGER_ID = "INSERT INTO meta (key, value) VALUES ('ledger', ?1)"
_RECENT_HOLD = (
    "SELECT max(amount) FROM (SELECT amount FROM attempt ORDER BY id DESC LIMIT 100)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under which circumstances a ledger is opened."""

    folder: Path
    now_ms: int
    boot_id: str
    zone: tzinfo
    accept_reset: bool = False
    migrations: tuple[Migration, ...] = MIGRATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Everything that an open ledger consists of."""

    folder: Path
    lock: FolderLock
    connection: Connection
    windows: BudgetWindows
    sessions: Sessions
    holds: Holds
    bookings: Bookings
    escrow_file: EscrowFile
    escrow: Escrow
    spill: Spill
    swept: tuple[str, ...]
    lost: str | None
    checked: bool
    """Whether the file was checked to its end, or closed well the last time."""

    def close(self) -> None:
        """Close every file and give the lock back, without another write."""
        self.connection.close()
        self.spill.close()
        self.escrow_file.close()
        self.lock.release()


def open_folder(terms: Terms) -> Opened:
    """Open or create the ledger in a folder; raise LedgerError."""
    require_sqlite()
    folder = files.prepare_folder(terms.folder)
    try:
        return _open(folder, terms)
    except (apsw.Error, LedgerError, OSError) as error:
        cause = error if isinstance(error, apsw.Error) else error.__cause__
        if isinstance(cause, apsw.CorruptError | apsw.NotADBError):
            path = folder / files.DATABASE
            raise damaged(folder, f"{path} is corrupt ({cause})") from error
        if isinstance(error, LedgerError):
            raise
        raise fault(f"Opening the ledger in {folder}", error) from error


def _open(folder: Path, terms: Terms) -> Opened:
    with ExitStack() as undo:
        owner = Owner(
            pid=os.getpid(), boot_id=terms.boot_id, started_at_ms=terms.now_ms
        )
        lock = FolderLock.acquire(folder, owner)
        undo.callback(lock.release)
        _find(folder, terms)
        escrow_file = EscrowFile.open(folder)
        undo.callback(escrow_file.close)
        connection = open_writer(folder / files.DATABASE)
        undo.callback(connection.close)
        checked = integrity.quick_check(
            connection, folder, integrity.deadline(integrity.START_BUDGET_S)
        )
        migrate(connection, folder, terms.migrations)
        spill = Spill.open(folder)
        undo.callback(spill.close)
        opened = _recover(
            terms, folder, lock, connection, escrow_file, spill, checked=checked
        )
        undo.pop_all()
    return opened


def _find(folder: Path, terms: Terms) -> None:
    """Check the ledger that is there, or create its file; never replace a lost one."""
    exists = files.check_database(folder)
    for name in (files.ESCROW, files.SPILL):
        files.check_file(folder / name)
    empty = not exists or (folder / files.DATABASE).lstat().st_size == 0
    if not empty:
        check_version(folder, terms.migrations)
        return
    marker = folder / files.ESCROW
    if _says_ledger(folder) and not terms.accept_reset:
        raise damaged(
            folder,
            f"{folder / files.DATABASE} is lost: {marker} says that a ledger was here",
        )
    if terms.accept_reset:
        marker.unlink(missing_ok=True)
    if not exists:
        files.create_file(folder / files.DATABASE)


def _says_ledger(folder: Path) -> bool:
    if not files.check_file(folder / files.ESCROW):
        return False
    file = EscrowFile.open(folder)
    try:
        return file.record is not None
    finally:
        file.close()


def _recover(
    terms: Terms,
    folder: Path,
    lock: FolderLock,
    connection: Connection,
    escrow_file: EscrowFile,
    spill: Spill,
    *,
    checked: bool,
) -> Opened:
    windows = BudgetWindows(connection, AlertMarks())
    sessions = Sessions(connection)
    ledger = _ledger_id(connection, folder, escrow_file)
    last_id, placed, oldest = sweep.last_attempt(connection)
    record = escrow_file.record
    closed_well = record is not None and record.ceiling == placed
    missing = _missing(connection, escrow_file, placed, last_id, terms.boot_id)
    lost_attempt = None
    if missing:
        lost_attempt = sweep.book_lost(
            connection,
            windows,
            last_id=last_id,
            placed=placed,
            oldest=oldest or 1,
            lost=missing,
            now_ms=terms.now_ms,
            zone=terms.zone,
        )
        last_id, placed, _ = sweep.last_attempt(connection)
    escrow = Escrow(escrow_file, ledger=ledger, boot_id=terms.boot_id, placed=placed)
    holds = Holds(connection, windows, sessions, escrow, last_id)
    bookings = Bookings(connection, windows, holds)
    # Where the file was read to its end after a kill, every row is looked at, rather
    # than trust the hint of the last one.
    sweep.take_over(connection, holds, 0 if checked and not closed_well else oldest)
    replay(bookings, spill)
    swept = sweep.sweep(connection, bookings, holds, terms.now_ms)
    return Opened(
        folder=folder,
        lock=lock,
        connection=connection,
        windows=windows,
        sessions=sessions,
        holds=holds,
        bookings=bookings,
        escrow_file=escrow_file,
        escrow=escrow,
        spill=spill,
        swept=swept,
        lost=lost_attempt,
        checked=checked or closed_well,
    )


def _ledger_id(
    connection: apsw.Connection, folder: Path, escrow_file: EscrowFile
) -> str:
    found = select(connection, _LEDGER_ID)
    if not found:
        made = uuid.uuid4().hex
        with full_sync(connection), Transaction(connection, "Creating the ledger"):
            connection.execute(_SET_LEDGER_ID, (made,))
        # Before the escrow says that a ledger is here, its files must be.
        files.sync_folder(folder)
        found = [(made,)]
    ledger = str(found[0][0])
    record = escrow_file.record
    if record is not None and record.ledger != ledger:
        raise damaged(
            folder,
            f"{folder / files.DATABASE} and {folder / files.ESCROW} belong to two "
            "different ledgers",
        )
    return ledger


def _missing(
    connection: Connection,
    escrow_file: EscrowFile,
    placed: int,
    last_id: int,
    boot_id: str,
) -> int:
    """Return micro-USD of holds that may be missing from the database."""
    if escrow_file.record is not None:
        return lost(escrow_file.record, placed, boot_id)
    if not last_id:
        return 0
    # The escrow was removed: assume what it would at least have promised.
    (recent,) = select(connection, _RECENT_HOLD)[0]
    return max(1_000_000, 4 * micro(recent))
