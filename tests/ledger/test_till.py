"""The till: what is placed is confirmed once it is written, and not before."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.core.holds import HoldState, LedgerError
from faregate.ledger.ledger import Ledger
from tests.ledger.building import asking, faults, hold, month, open_ledger, sums, truth
from tests.ledger.test_replay import failing_writes


def test_who_was_never_held_is_not_confirmed(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="not held"):
        ledger.confirm("nobody")


def test_what_is_written_stays_confirmed(ledger: Ledger) -> None:
    hold(ledger)
    ledger.confirm("a1")
    with failing_writes(ledger):
        ledger.confirm("a1")


def test_a_usual_end_that_cannot_be_written_is_spilled_later(
    ledger: Ledger, folder: Path
) -> None:
    hold(ledger)
    hold(ledger, "a2")
    with failing_writes(ledger):
        assert ledger.settle_soon(truth()).state is HoldState.SETTLED
        with pytest.raises(LedgerError):
            ledger.flush()
        assert ledger.paused is not None
        # Nothing is left to be written later while that is so.
        assert ledger.settle_soon(truth("a2")).state is HoldState.HELD
        with pytest.raises(LedgerError, match="admits nothing"):
            ledger.place(asking("a3"))
    hold(ledger, "a3")
    assert sums(ledger, month()) == ("0.2", "0.5", "0")
    assert faults(folder) == ()


def test_a_ledger_that_is_closed_settles_nothing_soon(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger)
    ledger.close()
    with pytest.raises(LedgerError):
        ledger.settle_soon(truth())
    with pytest.raises(LedgerError, match="closed"):
        ledger.place(asking("a2"))
    ledger.flush()


def test_the_close_writes_what_is_left(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger)
    ledger.settle_soon(truth())
    ledger.close()
    again = open_ledger(folder)
    assert again.swept == ()
    assert sums(again, month()) == ("0.1", "0", "0")
    again.close()


def test_a_close_that_cannot_write_spills_what_is_left(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger)
    ledger.settle_soon(truth())
    ledger._parts.connection.exec_trace = lambda *_said: False
    ledger.close()
    again = open_ledger(folder)
    assert again.swept == ()
    assert sums(again, month()) == ("0.1", "0", "0")
    again.close()
    assert faults(folder) == ()
