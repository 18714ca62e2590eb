"""While the database cannot be written, ends are kept, and tried again in time."""

from __future__ import annotations

import pytest

from faregate.core.holds import LedgerError
from faregate.ledger.errors import LedgerWriteError
from faregate.ledger.ledger import Ledger
from faregate.ledger.spill import SIZE
from faregate.ledger.spilling import Spilling
from tests.ledger.building import hold, month, sums, truth
from tests.ledger.test_replay import failing_writes

FULL = LedgerWriteError("the disk is full")


def spilling(ledger: Ledger, retry_s: float = 0) -> Spilling:
    return Spilling(ledger._parts.spill, ledger._bookings, retry_s)


def test_it_is_quiet_while_all_is_well(ledger: Ledger) -> None:
    kept = spilling(ledger)
    kept.try_again()
    assert kept.why is None


def test_what_is_kept_is_booked_once_writes_work(ledger: Ledger) -> None:
    hold(ledger)
    kept = spilling(ledger)
    kept.keep("settle", truth(), FULL)
    assert kept.why is not None
    assert "spill file" in kept.why
    with failing_writes(ledger):
        kept.try_again()
        assert "disk is full" in kept.why
    kept.try_again()
    assert sums(ledger, month()) == ("0.1", "0", "0")


def test_it_is_not_tried_all_the_time(ledger: Ledger) -> None:
    hold(ledger)
    kept = spilling(ledger, retry_s=3600)
    kept.keep("settle", truth(), FULL)
    kept.try_again()
    assert kept.why is not None
    assert sums(ledger, month()) == ("0", "0.5", "0")


def test_a_file_that_is_full_is_said_so(ledger: Ledger) -> None:
    hold(ledger)
    kept = spilling(ledger)
    ledger._parts.spill._used = SIZE
    with pytest.raises(LedgerError, match="full"):
        kept.keep("settle", truth(), FULL)
    assert kept.why is not None
    ledger._parts.spill._used = 0
