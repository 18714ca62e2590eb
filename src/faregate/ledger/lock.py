"""One process per ledger: a lock file that names its owner.

Owns the file lock. It must not remove the file: another process may be waiting on
its inode.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.core.values import dataclass
from faregate.ledger import files
from faregate.ledger.errors import LedgerLockedError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who holds the lock."""

    pid: int
    boot_id: str
    started_at_ms: int


class FolderLock:
    """The exclusive right to write the ledger in one folder."""

    def __init__(self, descriptor: int) -> None:
        """Keep the locked descriptor; use `acquire`."""
        self._descriptor: int | None = descriptor

    @classmethod
    def acquire(cls, folder: Path, owner: Owner) -> FolderLock:
        """Take the lock at once, or raise LedgerLockedError naming its owner."""
        descriptor = files.open_file(folder / files.LOCK)
        try:
            _lock(descriptor)
        except OSError:
            found = _read(descriptor)
            os.close(descriptor)
            raise _locked(folder, found) from None
        os.ftruncate(descriptor, 0)
        text = {
            "pid": owner.pid,
            "boot_id": owner.boot_id,
            "started_at_ms": owner.started_at_ms,
        }
        os.pwrite(descriptor, json.dumps(text).encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Give the lock up; a second call does nothing."""
        if self._descriptor is None:
            return
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = None


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read(descriptor: int) -> Owner | None:
    try:
        text = json.loads(os.pread(descriptor, 4096, 0))
        return Owner(
            pid=int(text["pid"]),
            boot_id=str(text["boot_id"]),
            started_at_ms=int(text["started_at_ms"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _locked(folder: Path, owner: Owner | None) -> LedgerLockedError:
    who, pid = "another process", None
    if owner is not None:
        pid = owner.pid
        since = datetime.fromtimestamp(owner.started_at_ms / 1000, UTC)
        who = f"process {pid}, running since {since:%Y-%m-%d %H:%M:%S} UTC,"
    return LedgerLockedError(
        f"The ledger in {folder} is in use: {who} owns it. Use that proxy, stop it "
        "with `faregate down`, or set FAREGATE_HOME to another folder",
        pid,
    )
