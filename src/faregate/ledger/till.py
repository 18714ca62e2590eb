"""The till: holds in and their ends out, for as long as the ledger takes them.

Owns whether anything may be admitted, and what happens to an end that cannot be
written. A hold that was placed and an end that was booked soon are right in memory at
once; `flush` writes them, and every other call does so first, but that a hold leaves
settlements that it needs no room of.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from faregate.core.holds import Booked, Held, HoldState, LedgerError
from faregate.ledger.errors import LedgerWriteError
from faregate.ledger.group_commit import GroupCommit
from faregate.ledger.spilling import Spilling

if TYPE_CHECKING:
    from faregate.core.holds import HoldRequest, NoRoom, Release, Settlement
    from faregate.ledger.durability import Durability
    from faregate.ledger.opening import Opened
    from faregate.ledger.spill import Kind


class Till:
    """The part of an open ledger that every request goes through."""

    def __init__(self, opened: Opened, durability: Durability, retry_s: float) -> None:
        """Take holds on what was opened; `retry_s` is as in `Ledger.open`."""
        self._holds = opened.holds
        self._bookings = opened.bookings
        self._durability = durability
        self._closed = False
        self._spilling = Spilling(opened.spill, opened.bookings, retry_s)
        self.group = GroupCommit(
            opened.connection, opened.holds, opened.bookings, self._spilling
        )
        """Writes together what was decided; it says who is told of trouble."""
        # Whoever begins a transaction or reads finds everything written.
        opened.connection.before = self.group.flush

    @property
    def paused(self) -> str | None:
        """Return why nothing may be admitted, or None while all is well."""
        if self._closed:
            return "the ledger is closed"
        return self._spilling.why or self._durability.problem

    def hold(self, request: HoldRequest) -> Held | NoRoom:
        """Set money aside over all budgets at once, or write nothing.

        Holds that were placed before are written with it.
        """
        outcome = self.place(request)
        if isinstance(outcome, Held):
            self.confirm(request.attempt)
        return outcome

    def place(self, request: HoldRequest) -> Held | NoRoom:
        """Decide on a hold at once; nothing may be sent before it is confirmed."""
        if self._spilling.why or self._durability.problem or self._closed:
            self._try_again()
        outcome = self._holds.place(request)
        return self._holds.hold(request) if outcome is None else outcome

    def confirm(self, attempt: str) -> None:
        """Return once a hold that was placed is written; LedgerError if it is not."""
        holds = self._holds
        hold = holds.open.get(attempt)
        if hold is not None and hold.id > holds.written:
            try:
                self.group.write_holds()
            except LedgerError:
                # What else of the group failed is told by the group.
                if attempt not in holds.open:
                    raise
        if attempt not in holds.open:
            raise self.group.problem or LedgerError(f"{attempt!r} is not held")

    def flush(self) -> None:
        """Write all that is decided; raise LedgerError where that cannot be written.

        Whoever reads the database sees what was written: at most that far behind.
        """
        self.group.flush()

    def catch_up(self) -> None:
        """Write what can be written, for whoever reads; trouble is told elsewhere."""
        with suppress(LedgerError):
            self.group.flush()

    def settle(self, settlement: Settlement) -> Booked:
        """Replace a hold by its true cost; never fails on a limit.

        While the database cannot be written, the truth goes to the spill file, the
        hold stays, `paused` says why, and the answer's state is `held`.
        """
        try:
            return self._bookings.settle(settlement)
        except LedgerWriteError as error:
            return self._spill("settle", settlement, error)

    def settle_soon(self, settlement: Settlement) -> Booked:
        """Settle as `settle` does; what is usual is written by the next `flush`.

        Until then a crash leaves its hold, which the next start keeps as unknown.
        """
        if self._spilling.why is None and not self._closed:
            booked = self._bookings.settle_soon(settlement)
            if booked is not None:
                return booked
        return self.settle(settlement)

    def void(self, release: Release) -> Booked:
        """Give a hold back, on proof that nothing was billed; spills as `settle`."""
        try:
            return self._bookings.void(release)
        except LedgerWriteError as error:
            return self._spill("void", release, error)

    def mark_unknown(self, release: Release) -> Booked:
        """Keep a hold in full, because nobody can tell; spills as `settle`."""
        try:
            return self._bookings.mark_unknown(release)
        except LedgerWriteError as error:
            return self._spill("unknown", release, error)

    def _require_open(self) -> None:
        if self._closed:
            raise LedgerError("the ledger is closed")

    def _spill(
        self, kind: Kind, ended: Settlement | Release, error: LedgerWriteError
    ) -> Booked:
        if self._closed or ended.attempt not in self._holds.open:
            raise error
        self._spilling.keep(kind, ended, error)
        return Booked(state=HoldState.HELD)

    def _try_again(self) -> None:
        """Book the spill when writes work again; raise LedgerError while paused."""
        if not self._closed and not self._durability.problem:
            self._spilling.try_again()
        if self.paused is not None:
            raise LedgerError(f"The ledger admits nothing: {self.paused}")
