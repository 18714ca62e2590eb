"""When the ledger commits what it has decided: as many decisions at once as may be.

A hold is committed before a byte of its request leaves: at once where no other request
is about to ask for one, else together with those at the end of the loop's turn. The
settlement of an answer waits for others, a hundredth of a second at most. Knows nothing
of what is written, nor what a failure means.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from faregate.core.holds import Held, LedgerError

if TYPE_CHECKING:
    from faregate.core.holds import Booked, HoldRequest, NoRoom, Settlement
    from faregate.gateway.ports import LedgerPort

LATEST_S = 0.01
"""Seconds that a settlement may wait to be committed."""


class Commits:
    """The moments at which a ledger commits; use on the loop's thread."""

    def __init__(self, ledger: LedgerPort) -> None:
        """Commit for `ledger`."""
        self._ledger = ledger
        self._turn: asyncio.Handle | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._timed = False
        self.coming = 0
        """Requests that are whole and have not begun: they ask for a hold in this
        turn of the loop, if they ask for one."""

    @property
    def pending(self) -> bool:
        """Tell whether a hold waits for the end of this turn."""
        return self._turn is not None

    def hold(self, request: HoldRequest) -> Held | NoRoom:
        """Set money aside; raise LedgerError. Where `pending`, it is to be confirmed."""
        if self.coming:
            outcome = self._ledger.place(request)
            if self._turn is None and isinstance(outcome, Held):
                self._turn = asyncio.get_running_loop().call_soon(self.write)
            return outcome
        if self._turn is None:
            return self._ledger.hold(request)
        # The last one to come commits for all.
        try:
            return self._ledger.hold(request)
        finally:
            self._tell()

    async def confirmed(self, held: Held) -> None:
        """Return once a hold is committed; raise LedgerError where it is not."""
        if self._turn is not None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        self._ledger.confirm(held.attempt)

    def settle(self, settlement: Settlement) -> Booked:
        """Settle a hold; committed with others, soon."""
        booked = self._ledger.settle_soon(settlement)
        if not self._timed:
            self._timed = True
            asyncio.get_running_loop().call_later(LATEST_S, self._look)
        return booked

    def write(self) -> None:
        """Commit everything now; what fails the ledger tells by itself."""
        try:
            with suppress(LedgerError):
                self._ledger.flush()
        finally:
            self._tell()

    def _look(self) -> None:
        self._timed = False
        self.write()

    def _tell(self) -> None:
        """Wake those whose holds were committed, or were not."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
