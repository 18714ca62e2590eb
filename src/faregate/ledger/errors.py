"""Faults of the ledger, in words that a person can act on.

Owns the translation of SQLite's errors. It must not decide whether the gate goes on
admitting: that is the ledger's.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import apsw

from faregate.core.holds import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LedgerLockedError(LedgerError):
    """Another process owns the ledger; `pid` is its process id, where known."""

    def __init__(self, message: str, pid: int | None) -> None:
        """Carry the owner beside the message."""
        super().__init__(message)
        self.pid = pid


class LedgerDamagedError(LedgerError):
    """The ledger's files are lost, foreign or corrupt; nothing was changed."""


class LedgerWriteError(LedgerError):
    """SQLite could not do it now; the same may work later."""


_CAUSES: tuple[tuple[type[apsw.Error], str], ...] = (
    (apsw.FullError, "the disk is full"),
    (apsw.BusyError, "another program keeps the ledger locked"),
    (apsw.LockedError, "another program keeps the ledger locked"),
    (apsw.ReadOnlyError, "the ledger cannot be written"),
    (apsw.CorruptError, "the ledger's file is corrupt"),
    (apsw.NotADBError, "the ledger's file is corrupt"),
    (apsw.CantOpenError, "the ledger's file cannot be opened"),
    (apsw.IOError, "reading or writing the ledger's file failed"),
)


def fault(doing: str, error: Exception) -> LedgerError:
    """Return what to raise when `doing` failed with an error of SQLite."""
    if isinstance(error, apsw.ConstraintError | apsw.TooBigError | OverflowError):
        return LedgerError(
            f"{doing} failed: that would break a rule of the ledger ({error})"
        )
    for kind, cause in _CAUSES:
        if isinstance(error, kind):
            return LedgerWriteError(f"{doing} failed: {cause} ({error})")
    return LedgerWriteError(f"{doing} failed: {type(error).__name__}: {error}")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise errors of SQLite from inside as LedgerError."""
    try:
        yield
    except apsw.Error as error:
        raise fault(doing, error) from error


def damaged(folder: Path, what: str) -> LedgerDamagedError:
    """Return the error for lost or corrupt files, with the steps to restore them."""
    return LedgerDamagedError(
        f"{what}. Nothing was changed. Copy {folder} to a safe place first; then put "
        f"a good copy of ledger.db back, or rebuild it with "
        f"`sqlite3 ledger.db .recover | sqlite3 rebuilt.db`, or move the whole folder "
        f"away to begin an empty ledger, which forgets what was spent so far"
    )
