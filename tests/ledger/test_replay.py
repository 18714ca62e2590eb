"""What was spilled is booked once writes work again, and once only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from faregate.core.holds import HoldState, LedgerError
from faregate.core.usage import Usage
from faregate.ledger import files
from faregate.ledger.ledger import Ledger
from faregate.ledger.spill import Spill
from tests.ledger.building import (
    asking,
    ending,
    faults,
    hold,
    killed,
    month,
    open_ledger,
    sums,
    truth,
)


@contextmanager
def failing_writes(ledger: Ledger) -> Iterator[None]:
    """No transaction of this ledger can begin."""

    def trace(_cursor: Any, sql: str, _bindings: Any) -> bool:
        if sql.startswith("BEGIN"):
            raise apsw.FullError("database or disk is full")
        return True

    connection = ledger._parts.connection
    connection.exec_trace = trace
    try:
        yield
    finally:
        connection.exec_trace = None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another program keeps the database locked."""
    other = apsw.Connection(str(folder / files.DATABASE))
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def spill_three(ledger: Ledger) -> None:
    for attempt in ("a1", "a2", "a3"):
        hold(ledger, attempt, "0.50")
    with failing_writes(ledger):
        assert ledger.settle(truth("a1", "0.10")).state is HoldState.HELD
        assert ledger.void(ending("a2")).state is HoldState.HELD
        assert ledger.mark_unknown(ending("a3")).state is HoldState.HELD
        assert "the disk is full" in str(ledger.paused)
        with pytest.raises(LedgerError, match=r"admits nothing.*the disk is full"):
            ledger.hold(asking("a4"))
    assert sums(ledger, month()) == ("0", "1.5", "0")


def test_the_next_hold_books_it_when_writes_work_again(
    ledger: Ledger, folder: Path
) -> None:
    spill_three(ledger)
    hold(ledger, "a4", "0.20")
    assert ledger.paused is None
    assert sums(ledger, month()) == ("0.1", "0.2", "0.5")
    again = Spill.open(folder)
    assert again.entries == []
    again.close()


def test_the_next_start_books_it(folder: Path) -> None:
    ledger = open_ledger(folder)
    spill_three(ledger)
    copy = killed(folder)
    ledger.close()
    for where in (copy, folder):
        again = open_ledger(where)
        assert again.swept == ()
        assert again.paused is None
        assert sums(again, month()) == ("0.1", "0", "0.5")
        again.close()
        assert faults(where) == ()


def test_a_kill_in_the_middle_of_it_books_nothing_twice(folder: Path) -> None:
    ledger = open_ledger(folder)
    spill_three(ledger)
    spilled = (folder / files.SPILL).read_bytes()
    hold(ledger, "a4", "0.20")
    copy = killed(folder)
    ledger.close()
    # The kill came after the bookings and before the file was cleared.
    (copy / files.SPILL).write_bytes(spilled)
    again = open_ledger(copy)
    assert sums(again, month()) == ("0.1", "0", "0.7")
    again.close()
    assert faults(copy) == ()


def test_while_another_program_has_the_lock_nothing_waits(
    ledger: Ledger, folder: Path
) -> None:
    hold(ledger, "a1", "0.50")
    with locked(folder):
        with pytest.raises(LedgerError, match="keeps the ledger locked"):
            ledger.hold(asking("a2"))
        assert ledger.paused is None
        assert ledger.settle(truth("a1", "0.10")).state is HoldState.HELD
        assert "locked" in str(ledger.paused)
    hold(ledger, "a2", "0.50")
    assert sums(ledger, month()) == ("0.1", "0.5", "0")


def test_it_is_not_tried_again_at_every_request(folder: Path) -> None:
    ledger = open_ledger(folder, retry_s=3600)
    spill_three(ledger)
    with pytest.raises(LedgerError, match="admits nothing"):
        ledger.hold(asking("a4"))
    ledger.close()
    again = open_ledger(folder)
    assert sums(again, month()) == ("0.1", "0", "0.5")
    again.close()


def test_an_end_that_can_never_be_booked_does_not_stop_the_rest(
    folder: Path,
) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a1", "0.50")
    hold(ledger, "a2", "0.50")
    with failing_writes(ledger):
        ledger.settle(truth("a1", usage=Usage(output=2**63)))
        ledger.settle(truth("a2", "0.10"))
    hold(ledger, "a3", "0.50")
    assert sums(ledger, month()) == ("0.1", "1", "0")
    ledger.close()
    again = open_ledger(folder)
    assert set(again.swept) == {"a1", "a3"}
    again.close()


def test_when_even_the_spill_fails_the_hold_stays_and_the_caller_knows(
    folder: Path,
) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a1", "0.50")
    spill = ledger._parts.spill
    descriptor = spill._descriptor
    spill._descriptor = os.open(os.devnull, os.O_RDONLY)
    with failing_writes(ledger), pytest.raises(LedgerError, match="spill file failed"):
        ledger.settle(truth("a1"))
    os.close(spill._descriptor)
    spill._descriptor = descriptor
    assert ledger.paused is not None
    assert sums(ledger, month()) == ("0", "0.5", "0")
    copy = killed(folder)
    ledger.close()
    again = open_ledger(copy)
    assert again.swept == ("a1",)
    again.close()
