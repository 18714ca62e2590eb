"""Whether ends of holds can be booked; while they cannot, they are spilled.

Owns since when and why the database cannot be written, and when that is tried again.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from faregate.core.holds import LedgerError
from faregate.ledger.replay import replay

if TYPE_CHECKING:
    from faregate.core.holds import Release, Settlement
    from faregate.ledger.bookings import Bookings
    from faregate.ledger.spill import Kind, Spill

_log = logging.getLogger("faregate.ledger")


class Spilling:
    """The way into the spill file, and out of it; `why` is None while all is well."""

    def __init__(self, spill: Spill, bookings: Bookings, retry_s: float) -> None:
        """Wait `retry_s` seconds before a failed write is tried again."""
        self._spill = spill
        self._bookings = bookings
        self._retry_s = retry_s
        self._retry_at = 0.0
        self.why: str | None = None

    def keep(self, kind: Kind, ended: Settlement | Release, error: LedgerError) -> None:
        """Keep the end of a hold that stays held.

        LedgerError where even that fails: it is remembered until this process ends.
        """
        self.why = f"{error}; what ended meanwhile waits in the spill file"
        self._retry_at = time.monotonic() + self._retry_s
        _log.error("%s", self.why)
        try:
            self._spill.append(kind, ended)
        except LedgerError:
            self._spill.entries.append((kind, ended))
            raise

    def try_again(self, *, at_last: bool = False) -> None:
        """Book what was kept, if it is time to or `at_last`; `why` says how that went."""
        now = time.monotonic()
        if self.why is None or (now < self._retry_at and not at_last):
            return
        self._retry_at = now + self._retry_s
        try:
            replay(self._bookings, self._spill)
            self.why = None
        except LedgerError as error:
            self.why = str(error)
