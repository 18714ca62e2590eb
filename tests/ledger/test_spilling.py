"""While the database cannot be written, ends are kept, and tried again in time."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from faregate.core.holds import LedgerError, NoRoom
from faregate.ledger.errors import LedgerWriteError
from faregate.ledger.ledger import Ledger
from faregate.ledger.spill import SIZE
from faregate.ledger.spilling import Spilling
from tests.ledger.building import (
    asking,
    ending,
    faults,
    hold,
    month,
    open_ledger,
    sums,
    three,
    truth,
)
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


def test_what_no_file_takes_is_booked_once_the_disk_is_well(
    ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it is read-only for a while: nothing else would know of the overrun."""
    hold(ledger, "a1", "0.50", budgets=three("1"))
    hold(ledger, "a2", "0.20", budgets=three("1"))

    me, written = threading.get_ident(), os.pwrite

    def fail(*asked: Any) -> int:
        # The helper thread, which would end for good, is not what is looked at here.
        if threading.get_ident() == me:
            raise OSError(30, "Read-only file system")
        return written(*asked)

    ledger.settle_soon(truth("a2", "0.10"))
    with failing_writes(ledger), monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", fail)
        with pytest.raises(LedgerError, match="Read-only"):
            ledger.settle(truth("a1", "0.90"))
        with pytest.raises(LedgerError, match="Read-only"):
            ledger.mark_unknown(ending("a1"))
        with pytest.raises(LedgerError, match="admits nothing"):
            ledger.hold(asking("a3", "0.10"))
    assert sums(ledger, month("1")) == ("0", "0.7", "0")
    assert ledger.paused is not None
    ledger._try_again()
    assert sums(ledger, month("1")) == ("1", "0", "0")
    assert isinstance(ledger.hold(asking("a3", "0.10", budgets=three("1"))), NoRoom)
    assert faults(folder) == ()


def test_what_no_file_takes_is_booked_at_the_latest_when_the_ledger_closes(
    folder: Path,
) -> None:
    ledger = open_ledger(folder, retry_s=3600)
    hold(ledger, "a1", "0.50")
    ledger._parts.spill._used = SIZE
    with failing_writes(ledger), pytest.raises(LedgerError, match="full"):
        ledger.settle(truth("a1", "0.90"))
    ledger.close()
    again = open_ledger(folder)
    assert sums(again, month()) == ("0.9", "0", "0")
    again.close()
