"""Connections to the ledger's database, each set up the same careful way.

Owns the pragmas. It must not know a table.
"""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import apsw

from faregate.core.holds import LedgerError
from faregate.ledger.errors import fault, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

APPLICATION_ID = 0x46617265
# Older ones can corrupt a WAL database that two connections write or checkpoint.
_OLDEST_SQLITE = (3, 51, 3)
# A hold or its end dirties three pages; larger ones make each commit dearer, and
# smaller ones split too often.
PAGE_SIZE = 2048
_CACHE_KIB = 16_384
_NORMAL, _FULL = 1, 2
_OPENING_MS = 2000
"""How long opening waits for others: after a kill, whoever comes first restores the
file and locks it for a moment."""
_log = logging.getLogger("faregate.ledger")


class Connection(apsw.Connection):
    """A connection to the ledger, which may have to catch up before it is used."""

    before: Callable[[], None] | None = None
    """Writes what is decided and not yet written; raises LedgerError."""


def require_sqlite() -> None:
    """Raise LedgerError when the SQLite in use is too old to be trusted."""
    version = apsw.sqlite_lib_version()
    if tuple(int(part) for part in version.split(".")[:3]) < _OLDEST_SQLITE:
        wanted = ".".join(map(str, _OLDEST_SQLITE))
        raise LedgerError(
            f"SQLite {version} has a bug that can corrupt the ledger; install apsw "
            f"with SQLite {wanted} or newer"
        )


def open_writer(path: Path) -> Connection:
    """Open the existing file `path` for writing, in WAL mode; raise LedgerError."""
    with translated(f"Opening {path}"), ExitStack() as undo:
        connection = _open(path, apsw.SQLITE_OPEN_READWRITE)
        undo.callback(connection.close)
        if connection.readonly("main"):
            raise LedgerError(f"{path} is read-only; make it writable by its owner")
        _set(connection, "page_size", PAGE_SIZE, None)
        _set(connection, "journal_mode", "wal", "wal")
        _set(connection, "wal_autocheckpoint", 0, 0)
        _set(connection, "synchronous", _NORMAL, _NORMAL)
        _set_common(connection)
        undo.pop_all()
    return connection


def open_reader(path: Path) -> Connection:
    """Open `path` for reading only; raise LedgerError."""
    with translated(f"Opening {path} for reading"), ExitStack() as undo:
        connection = _open(path, apsw.SQLITE_OPEN_READONLY)
        undo.callback(connection.close)
        _set(connection, "query_only", 1, 1)
        _set_common(connection)
        undo.pop_all()
    return connection


@contextmanager
def full_sync(connection: apsw.Connection) -> Iterator[None]:
    """Make every commit inside reach the disk before it returns; or LedgerError."""
    with translated("Asking for a full sync"):
        _set(connection, "synchronous", _FULL, _FULL)
    try:
        yield
    finally:
        try:
            _set(connection, "synchronous", _NORMAL, _NORMAL)
        except (apsw.Error, LedgerError) as error:
            # What was committed is; the ledger is only slower from here on.
            _log.warning("the ledger goes on at full sync: %s", error)


class Transaction:
    """One transaction after another: commit at the end, roll back on any error.

    Errors of SQLite come out as LedgerError; nothing was written then, and
    `on_failure` was called before the rollback. A class, because a generator would
    cost more than a statement.
    """

    __slots__ = ("_connection", "_doing", "_execute", "_on_failure")

    def __init__(
        self,
        connection: apsw.Connection,
        doing: str,
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        """Prepare transactions that do `doing` ("Settling a hold")."""
        self._connection = connection
        self._execute = connection.cursor().execute
        self._doing = doing
        self._on_failure = on_failure

    def __enter__(self) -> None:
        catch_up(self._connection)
        try:
            self._execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            self._fail()
            raise fault(self._doing, error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            try:
                self._execute("COMMIT")
            except apsw.Error as failed:
                self._fail()
                raise fault(self._doing, failed) from failed
            return
        self._fail()
        if isinstance(error, apsw.Error | OverflowError):
            raise fault(self._doing, error) from error

    def _fail(self) -> None:
        if self._on_failure is not None:
            self._on_failure()
        roll_back(self._connection)


def select(
    connection: apsw.Connection, sql: str, bindings: tuple[Any, ...] = ()
) -> list[tuple[Any, ...]]:
    """Return all rows at once: a statement left open would hold back checkpoints."""
    catch_up(connection)
    return connection.execute(sql, bindings).fetchall()


def catch_up(connection: apsw.Connection) -> None:
    """Have written first what is decided and not yet written; raise LedgerError."""
    if isinstance(connection, Connection) and connection.before is not None:
        connection.before()


def roll_back(connection: apsw.Connection) -> None:
    """End a failed transaction, which SQLite may have ended by itself."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except apsw.Error as error:
        raise fault("Rolling back", error) from error


def _open(path: Path, mode: int) -> Connection:
    flags = mode | apsw.SQLITE_OPEN_NOFOLLOW | apsw.SQLITE_OPEN_EXRESCODE
    connection = Connection(str(path), flags=flags, statementcachesize=200)
    connection.set_busy_timeout(_OPENING_MS)
    return connection


def _set_common(connection: apsw.Connection) -> None:
    connection.pragma("user_version")
    # From here on nobody waits.
    _set(connection, "busy_timeout", 0, 0)
    _set(connection, "mmap_size", 0, 0)
    _set(connection, "temp_store", 2, 2)
    _set(connection, "cache_size", -_CACHE_KIB, -_CACHE_KIB)
    _set(connection, "trusted_schema", 0, 0)
    _set(connection, "cell_size_check", 1, 1)
    if sys.platform == "darwin":
        # Without these, a sync there stops at the drive's volatile cache.
        _set(connection, "fullfsync", 1, 1)
        _set(connection, "checkpoint_fullfsync", 1, 1)


def _set(
    connection: apsw.Connection, name: str, value: int | str, expected: int | str | None
) -> None:
    """Set one pragma and read it back: several at once stop at the first row."""
    connection.pragma(name, value)
    found = connection.pragma(name)
    if expected is not None and found != expected:
        raise LedgerError(
            f"SQLite did not take {name} = {value!r} (it says {found!r}); the ledger "
            "cannot be trusted so"
        )
