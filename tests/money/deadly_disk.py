"""A disk that kills the process in the middle of a checkpoint, for tests.

Only a checkpoint writes to the database's main file, and cuts its log off: everything
else is appended to the log.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import apsw

from faregate.ledger import connection, durability, files
from faregate.ledger.ledger import Ledger

NAME = "deadly"
MAIN = files.DATABASE
LOG = f"{MAIN}-wal"
STEPS = (
    "before a page",
    "within a page",
    "after a page",
    "before a log",
    "before a cut",
)
"""Where it kills: at a page of the main file, before the log begins at its start again,
and before it is cut off, which happens when the ledger is closed."""


class DeadlyDisk(apsw.VFS):
    """The usual disk but for the ledger's writing connections."""

    def __init__(self, step: str, count: int) -> None:
        super().__init__(NAME, base="unix")
        self._armed = False
        self._step = step
        self._left = count

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802 - SQLite's name
        return _File(self, name, flags)

    def arm(self, ledger: Ledger) -> None:
        """Kill from now on; the ledger's helper checkpoints as often as it can."""
        helper = ledger._durability
        helper._interval_s = 0.005
        helper.wake()
        self._armed = True

    def write(self, file: _File, data: Any, at: int) -> None:
        """Write, and die of it where that is this disk's step."""
        page, begins_anew = file.name == MAIN, file.name == LOG and at == 0
        if self._is("before a page", page) or self._is("before a log", begins_anew):
            _die()
        if self._is("within a page", page):
            file.put(data[: len(data) // 2], at)
            _die()
        if self._is("after a page", page):
            file.put(data, at)
            _die()
        file.put(data, at)

    def cut(self, file: _File) -> None:
        """Die where a file is cut off, if that is this disk's step."""
        if self._is("before a cut", file.name == LOG):
            _die()

    def _is(self, step: str, here: bool) -> bool:
        """Tell whether the moment has come."""
        if not (self._armed and here and step == self._step):
            return False
        self._left -= 1
        return self._left == 0


class _File(apsw.VFSFile):
    """One file on that disk."""

    def __init__(self, disk: DeadlyDisk, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.name = Path(path or "").name
        self.put = super().xWrite

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.write(self, data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.cut(self)
        super().xTruncate(newsize)


class _OnDeadlyDisk(connection.Connection):
    """A connection to the ledger; those that write are on the disk."""

    def __init__(self, path: str, *, flags: int, statementcachesize: int) -> None:
        writes = flags & apsw.SQLITE_OPEN_READWRITE
        super().__init__(
            path,
            flags=flags,
            vfs=NAME if writes else None,
            statementcachesize=statementcachesize,
        )


def under_the_ledger(step: str, count: int) -> DeadlyDisk:
    """Put every ledger of this process on such a disk; any commit is worth a checkpoint."""
    disk = DeadlyDisk(step, count)
    ours: Any = connection
    ours.Connection = _OnDeadlyDisk
    helper: Any = durability
    helper.CHECKPOINT_PAGES = 0
    return disk


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
