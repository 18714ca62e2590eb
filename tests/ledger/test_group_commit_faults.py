"""What is to be written together and cannot be: refused, spilled, or written apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest

from faregate.core.holds import LedgerError
from faregate.core.usage import Usage
from faregate.ledger.ledger import Ledger
from tests.ledger.building import (
    ending,
    faults,
    killed,
    month,
    of_session,
    open_ledger,
    sums,
    truth,
)
from tests.ledger.placing import hold, in_file, place, windows
from tests.ledger.test_ledger_fail_nth import FailNth
from tests.ledger.test_replay import failing_writes


def test_where_nothing_can_be_written_holds_are_refused_and_ends_are_spilled(
    known: Ledger, folder: Path
) -> None:
    told: list[str] = []
    known.group.on_trouble = told.append
    hold(known, "a1", "0.50")
    known.settle_soon(truth("a1", "0.20"))
    placed = [place(known, name, "0.10").attempt for name in ("a2", "a3")]
    with failing_writes(known), pytest.raises(LedgerError, match="disk is full"):
        known.flush()
    assert known.paused is not None
    assert "spill file" in known.paused
    assert len(told) == 1
    assert sums(known, month()) == ("0.1", "0.5", "0")
    for name in placed:
        with pytest.raises(LedgerError, match="disk is full"):
            known.confirm(name)
    # Writes work again: what was spilled is booked, and the names are free.
    hold(known, "a2", "0.10")
    assert sums(known, month()) == ("0.3", "0.1", "0")
    assert faults(folder) == ()


def test_holds_that_cannot_be_written_take_no_settlement_with_them(
    known: Ledger, folder: Path
) -> None:
    hold(known, "a1", "0.50")
    known.settle_soon(truth("a1", "0.20"))
    for name in ("a2", "a3"):
        place(known, name, "0.10")
    failing = FailNth(known, 1)
    with pytest.raises(LedgerError, match="the disk failed"):
        known.confirm("a2")
    failing.end()
    assert in_file(folder) == {"a0": "settled", "a1": "settled"}
    assert sums(known, month()) == ("0.3", "0", "0")
    assert known.paused is None


def test_the_nth_statement_fails_for_every_n(folder: Path) -> None:
    for nth in range(1, 30):
        ledger = open_ledger(folder.with_name(f"ledger-{nth}"))
        for number in range(4):
            hold(ledger, f"a{number}", "0.50", "20", f"s{number % 2}")
        for number in range(3):
            ledger.settle_soon(truth(f"a{number}", "0.10"))
        names = ("b0", "b1")
        for name in names:
            place(ledger, name, "0.05", "20", "s1")
        failing = FailNth(ledger, nth)
        try:
            ledger.flush()
        except LedgerError:
            assert failing.failed
        failing.end()
        written = failing.failed is None
        spent, held = ("0.3", "0.6") if written else ("0", "2")
        assert sums(ledger, month()) == (spent, held, "0")
        assert (ledger.paused is None) is written
        copy = killed(ledger._parts.folder, f"killed-{nth}")
        ledger.close()
        again = open_ledger(copy)
        # The three were booked, or waited in the spill file.
        assert sums(again, month()) == ("0.3", "0", "0.6" if written else "0.5")
        again.close()
        assert faults(copy) == ()
        if written:
            return
    raise AssertionError("it never ran to its end")


def test_one_that_breaks_a_rule_spoils_no_other(known: Ledger, folder: Path) -> None:
    told: list[str] = []
    known.group.on_trouble = told.append
    hold(known, "a1", "0.50")
    hold(known, "a2", "0.50")
    known.settle_soon(truth("a1", "0.20", usage=Usage(uncached_input=2**70)))
    known.settle_soon(truth("a2", "0.20"))
    place(known, "a3", "0.10")
    # That name was taken before.
    place(known, "a0", "0.10")
    known.flush()
    assert in_file(folder) == {
        "a0": "settled",
        "a1": "unknown",
        "a2": "settled",
        "a3": "held",
    }
    known.confirm("a3")
    with pytest.raises(LedgerError):
        known.confirm("a0")
    assert sums(known, month()) == ("0.3", "0.1", "0.5")
    assert len(told) == 1
    assert known.paused is None
    assert faults(folder) == ()


def test_the_rows_have_the_last_word_on_what_is_open(
    known: Ledger, folder: Path
) -> None:
    told: list[str] = []
    known.group.on_trouble = told.append
    for name in ("a1", "a2"):
        hold(known, name, "0.50")
    remembered = dict(known._holds.open)
    known.void(ending("a1"))
    known._holds.open.clear()
    known._holds.open.update(remembered)
    known._parts.windows.forget()
    known.states(windows("20", "s1"))
    known._parts.windows.rows(remembered["a1"].windows)
    for name in ("a1", "a2"):
        known.settle_soon(truth(name, "0.20"))
    known.flush()
    assert in_file(folder) == {"a0": "settled", "a1": "voided", "a2": "settled"}
    assert sums(known, month()) == ("0.3", "0", "0")
    assert len(told) == 1
    assert "resolved before" in told[0]


def test_what_is_broken_off_is_put_right(known: Ledger, folder: Path) -> None:
    hold(known, "a1", "0.50")
    known.settle_soon(truth("a1", "0.20"))
    place(known, "a2", "0.10")

    def trace(_cursor: Any, sql: str, _bindings: Any) -> bool:
        if sql == "COMMIT":
            raise KeyboardInterrupt
        return True

    connection = known._parts.connection
    connection.exec_trace = trace
    with pytest.raises(KeyboardInterrupt):
        known.flush()
    connection.exec_trace = None
    assert not connection.in_transaction
    assert sums(known, month()) == ("0.1", "0.5", "0")
    hold(known, "a2", "0.10")
    assert sums(known, month()) == ("0.3", "0.1", "0")
    assert faults(folder) == ()


def test_an_error_of_the_file_is_no_error_of_who_reads(known: Ledger) -> None:
    hold(known, "a1", "0.50")
    known.settle_soon(truth("a1", "0.20"))
    with failing_writes(known):
        state, _ = known.states((month(), of_session("s7")))
    assert state.held.exact() == "0.5"
    assert known.paused is not None


def test_other_errors_are_no_write_errors(known: Ledger, folder: Path) -> None:
    hold(known, "a1", "0.50")
    surrogate = truth("a1", "0.20", served_model="\ud800")
    known.settle_soon(surrogate)
    place(known, "a2", "0.10")
    known.flush()
    assert in_file(folder) == {"a0": "settled", "a1": "unknown", "a2": "held"}


def test_a_locked_file_is_a_fault_of_the_moment(known: Ledger, folder: Path) -> None:
    place(known, "a1", "0.10")
    other = apsw.Connection(str(folder / "ledger.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match="locked"):
        known.confirm("a1")
    other.execute("ROLLBACK")
    other.close()
    hold(known, "a1", "0.10")
