"""Booking what the spill file kept, once the database can be written again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from faregate.core.holds import AlreadyResolvedError, LedgerError, Settlement
from faregate.ledger.errors import LedgerWriteError

if TYPE_CHECKING:
    from faregate.ledger.bookings import Bookings
    from faregate.ledger.spill import Spill

_log = logging.getLogger("faregate.ledger")


def replay(bookings: Bookings, spill: Spill) -> int:
    """Book every entry and clear the file; return how many were booked.

    An entry that was booked before is skipped, so that a replay may be repeated.
    Raises LedgerError while the database still cannot be written.
    """
    booked = 0
    for kind, ended in spill.entries:
        try:
            if isinstance(ended, Settlement):
                bookings.settle(ended, tells=False)
            elif kind == "void":
                bookings.void(ended)
            else:
                bookings.mark_unknown(ended, tells=False)
            booked += 1
        except AlreadyResolvedError:
            _log.info("spilled booking of %s was done before", ended.attempt)
        except LedgerWriteError:
            raise
        except LedgerError:
            # Trying again would not help; the hold stays held and is swept.
            _log.exception("spilled booking of %s is impossible", ended.attempt)
    if spill.entries:
        spill.clear()
    return booked
