"""One transaction for all that is decided and not yet written.

Owns that commit and what its failure means: where the file cannot be written, its
holds are refused and its settlements spilled; where one of them breaks a rule, each is
written by itself. Memory is right again before anybody is told.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import apsw

from faregate.core.holds import (
    AlreadyResolvedError,
    LedgerError,
    NoRoom,
    Release,
    Settlement,
)
from faregate.ledger.connection import roll_back
from faregate.ledger.errors import LedgerWriteError, fault
from faregate.ledger.unwritten import HOLD, UnwrittenEnds

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.core.holds import HoldRequest
    from faregate.ledger.bookings import Bookings
    from faregate.ledger.holds import Holds
    from faregate.ledger.spilling import Spilling
    from faregate.ledger.unwritten import Placed

_log = logging.getLogger("faregate.ledger")
_NO_ENDS = UnwrittenEnds()


class GroupCommit:
    """Writes what holds and bookings leave to be written."""

    def __init__(
        self,
        connection: apsw.Connection,
        holds: Holds,
        bookings: Bookings,
        spilling: Spilling,
    ) -> None:
        """Write through the ledger's own connection."""
        self._connection = connection
        self._execute = connection.cursor().execute
        self._run = connection.cursor().executemany
        self._holds = holds
        self._bookings = bookings
        self._spilling = spilling
        self.on_trouble: Callable[[str], None] | None = None
        """Told of settlements that were not written as they were decided."""
        self.problem: LedgerError | None = None
        """Why the last group that failed was not written together."""

    def flush(self) -> None:
        """Write everything; raise LedgerWriteError where the file cannot be written.

        Memory is right in either case. A hold is open then if, and only if, it is
        written.
        """
        holds = self._holds
        placed, ends = holds.placed, holds.ended
        if not placed and not ends.ended:
            return
        if placed:
            holds.placed, holds.needs_room = [], False
        if ends.ended:
            holds.ended = UnwrittenEnds()
        self._commit(placed, ends)

    def write_holds(self) -> None:
        """Write the holds as `flush` does; settlements only where these need them.

        The file then counts the holds of those settlements in full: never too little,
        and never above a limit.
        """
        holds = self._holds
        if holds.needs_room or not holds.ended.ended:
            self.flush()
            return
        placed = holds.placed
        if placed:
            holds.placed = []
            self._commit(placed, _NO_ENDS)

    def _commit(self, holds: list[Placed], ends: UnwrittenEnds) -> None:
        try:
            self._write(holds, ends)
        except (apsw.Error, LedgerError, OverflowError, TypeError, ValueError) as error:
            self._put_right(holds, ends, _fault(holds, error))
        except BaseException as error:
            broken = LedgerWriteError(f"writing broke off: {error!r}")
            with suppress(LedgerError):
                self._put_right(holds, ends, broken)
            raise
        else:
            self._holds.were_written(holds)

    def _write(self, holds: list[Placed], ends: UnwrittenEnds) -> None:
        if len(holds) == 1 and not ends.ended:
            # A statement alone is a transaction.
            self._execute(HOLD, holds[0][1])
            return
        before = self._connection.total_changes()
        self._execute("BEGIN IMMEDIATE")
        expected = len(holds)
        if expected:
            self._run(HOLD, [values for _, values, _ in holds])
        if ends.ended:
            expected += ends.write(self._run)
        if self._connection.total_changes() - before != expected:
            # The rows have the last word on what is open.
            raise AlreadyResolvedError("a hold of the group was resolved before")
        self._execute("COMMIT")

    def _put_right(
        self, holds: list[Placed], ends: UnwrittenEnds, error: LedgerError
    ) -> None:
        """Undo in memory what was not written, and see what can be done for it."""
        self._holds.were_not_written(holds, ends)
        self.problem = error
        try:
            roll_back(self._connection)
        except LedgerError as failed:
            error = failed
        if not isinstance(error, LedgerWriteError):
            _log.warning("what was to be written together is written apart: %s", error)
            self._one_by_one(holds, ends)
            return
        for settlement, _ in ends.ended:
            self._spill(settlement, error)
        # Those that were left out are in the file before anybody reads it anew.
        with suppress(LedgerError):
            self.flush()
        raise error

    def _one_by_one(self, holds: list[Placed], ends: UnwrittenEnds) -> None:
        """Write each by itself, so that one that breaks a rule spoils no other."""
        unwritable: LedgerWriteError | None = None
        # They make room: what fitted beside them fits once they are booked.
        for settlement, _ in ends.ended:
            try:
                self._settle(settlement)
            except LedgerWriteError as error:
                self._spill(settlement, error)
                unwritable = error
        for request, _, _ in holds:
            try:
                self._hold(request)
            except LedgerWriteError as error:
                unwritable = error
        if unwritable is not None:
            raise unwritable

    def _settle(self, settlement: Settlement) -> None:
        """Book one settlement, or keep its hold as unknown where that is impossible."""
        try:
            self._bookings.settle(settlement, tells=False)
        except LedgerWriteError:
            raise
        except AlreadyResolvedError as error:
            self._tell(f"Somebody else resolved a hold: {error}")
        except (LedgerError, TypeError, ValueError) as error:
            self._tell(f"The ledger keeps a hold: {error}")
            release = Release(
                attempt=settlement.attempt, at_ms=settlement.at_ms, why=str(error)
            )
            try:
                self._bookings.mark_unknown(release, tells=False)
            except LedgerWriteError:
                raise
            except LedgerError:
                # It stays held in full, and the next start makes it unknown.
                _log.exception("attempt %s cannot be booked", settlement.attempt)

    def _hold(self, request: HoldRequest) -> None:
        """Make one hold; without it whoever asked for it finds it is not open."""
        try:
            if isinstance(self._holds.hold(request), NoRoom):
                _log.warning("there is no room any more for %s", request.attempt)
        except LedgerWriteError:
            raise
        except (LedgerError, TypeError, ValueError) as error:
            _log.warning("attempt %s cannot be held: %s", request.attempt, error)

    def _spill(self, settlement: Settlement, error: LedgerWriteError) -> None:
        try:
            self._spilling.keep("settle", settlement, error)
        except LedgerError as failed:
            self._tell(f"The ledger keeps a hold: {failed}")
            return
        self._tell(
            "The ledger cannot be written: what a request cost waits in its spill "
            "file, and nothing is admitted"
        )

    def _tell(self, text: str) -> None:
        _log.error("%s", text)
        if self.on_trouble is not None:
            self.on_trouble(text)


def _fault(holds: list[Placed], error: Exception) -> LedgerError:
    if isinstance(error, LedgerError):
        return error
    doing = "Setting money aside" if holds else "Settling a hold"
    if isinstance(error, apsw.Error | OverflowError):
        return fault(doing, error)
    return LedgerError(f"{doing} failed: {type(error).__name__}: {error}")
