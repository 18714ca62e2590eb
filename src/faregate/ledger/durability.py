"""The helper thread: makes commits durable and keeps the log of commits short.

Owns the sync of the WAL, its checkpoints, the escrow's advance and the watch over
the file itself. It must not write a row: the loop's commits must never wait for it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING

import apsw

from faregate.core.holds import LedgerError
from faregate.ledger import files
from faregate.ledger.errors import fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faregate.ledger.escrow import Escrow

CHECKPOINT_PAGES = 1000
INTERVAL_S = 1.0
_log = logging.getLogger("faregate.ledger")


class Durability:
    """Runs beside the loop; `problem` says why nothing may be admitted, if so."""

    def __init__(
        self,
        folder: Path,
        connection: apsw.Connection,
        escrow: Escrow,
        *,
        interval_s: float = INTERVAL_S,
    ) -> None:
        """Take a connection of its own; `start` begins the work."""
        self._path = folder / files.DATABASE
        self._connection = connection
        self._escrow = escrow
        self._interval_s = interval_s
        self._wal = os.open(f"{self._path}-wal", os.O_RDWR | files.NOFOLLOW)
        self._identity = _identity(self._path)
        self._wake = threading.Event()
        self._stopping = False
        self._commits = 0
        self._synced = 0
        self._pages = 0
        self._chores: list[Callable[[apsw.Connection], None]] = []
        self._thread = threading.Thread(
            target=self._run, name="faregate-ledger-sync", daemon=True
        )
        self.problem: str | None = None

    @property
    def stopping(self) -> bool:
        """Return whether a long chore should give up now."""
        return self._stopping

    def start(self) -> None:
        """Begin to sync and checkpoint."""
        self._thread.start()

    def on_commit(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        """Note a commit of the ledger's own connection (its WAL hook)."""
        self._pages = pages
        self._commits += 1
        return 0

    def wake(self) -> None:
        """Ask for a round now: the escrow runs low."""
        self._wake.set()

    def add_chore(self, chore: Callable[[apsw.Connection], None]) -> None:
        """Run `chore` once on the helper's connection; LedgerError stops admission."""
        self._chores.append(chore)

    def sync(self) -> None:
        """Make every commit so far durable; raise LedgerError."""
        commits = self._commits
        if commits == self._synced:
            return
        try:
            files.sync_data(self._wal)
        except OSError as error:
            raise LedgerError(f"Syncing the ledger failed: {error}") from error
        self._synced = commits

    def stop(self) -> None:
        """End the thread and close its connection; `sync` may still be called."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._connection.close()

    def close(self) -> None:
        """Close the descriptor of the WAL."""
        os.close(self._wal)

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._wake.wait(self._interval_s)
                self._wake.clear()
                if not self._stopping:
                    self._round()
        except (LedgerError, apsw.Error, OSError) as error:
            _log.exception("the ledger's helper thread failed")
            self.problem = f"the ledger's helper thread failed: {error}"
        finally:
            if not self._stopping and self.problem is None:
                self.problem = "the ledger's helper thread died"

    def _round(self) -> None:
        if _identity(self._path) != self._identity:
            raise LedgerError(f"{self._path} was removed or replaced while in use")
        self._escrow.tick(time.monotonic())
        self.sync()
        if self._pages > CHECKPOINT_PAGES:
            self._checkpoint()
        while self._chores:
            self._chores.pop()(self._connection)

    def _checkpoint(self) -> None:
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            self._pages = 0
        except (apsw.BusyError, apsw.LockedError):
            return
        except apsw.FullError as error:
            # Holds fail by themselves while the disk is full, and it may pass.
            _log.warning("the ledger cannot checkpoint: %s", error)
        except apsw.Error as error:
            raise fault("Checkpointing the ledger", error) from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat(follow_symlinks=False)
    except OSError:
        return None
    return found.st_dev, found.st_ino
