"""Many decisions in one transaction: all of it is written, or memory is put right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from faregate.core.holds import HoldState, LedgerError, NoRoom
from faregate.ledger.ledger import Ledger
from tests.ledger.building import (
    asking,
    ending,
    faults,
    killed,
    month,
    of_session,
    open_ledger,
    sums,
    truth,
)
from tests.ledger.placing import ask, commits, hold, in_file, place
from tests.ledger.test_replay import failing_writes


def test_memory_is_right_before_the_file_is(known: Ledger, folder: Path) -> None:
    held = place(known, "a1", "0.50")
    assert sums(known, month()) == ("0.1", "0.5", "0")
    assert held.states[0].held.exact() == "0.5"
    assert in_file(folder) == {"a0": "settled"}
    known.confirm("a1")
    assert in_file(folder)["a1"] == "held"
    booked = known.settle_soon(truth("a1", "0.20"))
    assert booked.state is HoldState.SETTLED
    assert booked.states[0].spent.exact() == "0.3"
    assert sums(known, month()) == ("0.3", "0", "0")
    assert in_file(folder)["a1"] == "held"
    known.flush()
    assert in_file(folder)["a1"] == "settled"
    assert faults(folder) == ()


def test_many_are_one_commit(known: Ledger, folder: Path) -> None:
    before = commits(known)
    names = [f"b{number}" for number in range(8)]
    for name in names:
        place(known, name, "0.10")
    for name in names:
        known.confirm(name)
    assert commits(known) == before + 1
    for name in names:
        known.settle_soon(truth(name, "0.05"))
    known.flush()
    known.flush()
    assert commits(known) == before + 2
    assert sums(known, month()) == ("0.5", "0", "0")
    assert faults(folder) == ()


def test_a_hold_that_needs_the_room_of_a_settlement_is_written_with_it(
    known: Ledger, folder: Path
) -> None:
    hold(known, "a1", "0.80", "1")
    known.settle_soon(truth("a1", "0.10"))
    hold(known, "a2", "0.10", "1")
    assert in_file(folder)["a1"] == "held"
    hold(known, "a3", "0.70", "1")
    assert in_file(folder) == {
        "a0": "settled",
        "a1": "settled",
        "a2": "held",
        "a3": "held",
    }


def test_a_settlement_that_was_not_written_is_found_after_a_kill(
    known: Ledger, folder: Path
) -> None:
    hold(known, "a1", "0.50")
    hold(known, "a2", "0.50")
    known.settle_soon(truth("a1", "0.10"))
    known.settle_soon(truth("a2", "0.10"))
    hold(known, "a3", "0.30")
    place(known, "a4", "0.30")
    again = open_ledger(killed(folder))
    assert again.swept == ("a1", "a2", "a3")
    assert sums(again, month()) == ("0.1", "0", "1.3")
    again.close()
    assert faults(folder.with_name("killed")) == ()


@pytest.mark.parametrize(
    "before",
    [
        lambda ledger: ledger.void(ending("c1")),
        lambda ledger: ledger.mark_unknown(ending("c1")),
        lambda ledger: ledger.settle(truth("c1")),
        lambda ledger: ledger.settle_soon(truth("c1", "0.30", note="cut")),
        lambda ledger: ledger.hold(asking("n1", session="new")),
        lambda ledger: ledger.start_session(
            "s9", root_session="s9", parent=None, labels=asking().labels
        ),
        lambda ledger: ledger.set_limit("global", "month", None, note="", who="me"),
        lambda ledger: ledger.correct("a0", truth().cost, note="", who="me"),
        lambda ledger: ledger.states((of_session("s7"),)),
        lambda ledger: ledger.governing.totals("s1"),
        lambda ledger: ledger.closed_windows(),
        lambda ledger: ledger.log_requests([]),
        lambda ledger: ledger.close(),
    ],
)
def test_everything_else_finds_it_written(
    folder: Path, before: Callable[[Ledger], object]
) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a0", "0.10")
    ledger.settle(truth("a0", "0.10"))
    hold(ledger, "a1", "0.50")
    hold(ledger, "c1", "0.50")
    ledger.settle_soon(truth("a1", "0.20"))
    place(ledger, "a2", "0.10")
    before(ledger)
    found = in_file(folder)
    assert (found["a1"], found["a2"]) == ("settled", "held")
    ledger.close()
    assert faults(folder) == ()


def test_a_mark_is_told_at_once(known: Ledger) -> None:
    hold(known, "a1", "0.60", "1")
    hold(known, "a2", "0.30", "1")
    assert known.settle_soon(truth("a2", "0.20")).crossings == ()
    assert [c.percent for c in known.settle_soon(truth("a1", "0.30")).crossings] == [50]


def test_no_room_writes_nothing(known: Ledger, folder: Path) -> None:
    hold(known, "a1", "0.30", "1")
    before = commits(known)
    placed = known.place(ask("a2", "0.90", "1"))
    assert isinstance(placed, NoRoom)
    known.flush()
    assert commits(known) == before
    assert "a2" not in in_file(folder)


def test_a_hold_that_was_never_written_can_be_ended(
    known: Ledger, folder: Path
) -> None:
    place(known, "a1", "0.30")
    known.void(ending("a1"))
    assert in_file(folder)["a1"] == "voided"
    place(known, "a2", "0.30")
    place(known, "a3", "0.30")
    with failing_writes(known), pytest.raises(LedgerError):
        known.void(ending("a2"))
    assert sums(known, month()) == ("0.1", "0", "0")


def test_the_ceiling_covers_what_is_placed_and_comes_after_what_is_written(
    known: Ledger,
) -> None:
    escrow = known._parts.escrow
    before = escrow.placed
    for number in range(6):
        place(known, f"a{number + 1}", "1.50")
        assert escrow.ceiling >= before + 1_500_000 * (number + 1)
        assert escrow.placed == before
    known.flush()
    assert escrow.placed == before + 9_000_000


def test_a_row_leads_back_to_what_is_still_held_in_the_file(known: Ledger) -> None:
    """The sweep of a large file begins there, and misses nothing."""
    for name in ("a1", "a2", "a3"):
        hold(known, name, "0.10")
    first = known._holds.open["a1"].id
    for name in ("a2", "a1", "a3"):
        known.settle_soon(truth(name, "0.05"))
    hold(known, "a4", "0.10")
    # Read without a word to the ledger, which would write the rest first.
    execute = known._parts.connection.execute
    oldest = "SELECT oldest FROM attempt ORDER BY id DESC LIMIT 1"
    assert execute(oldest).fetchall() == [(first,)]
    known.flush()
    hold(known, "a5", "0.10")
    assert execute(oldest).fetchall() == [(known._holds.open["a4"].id,)]
