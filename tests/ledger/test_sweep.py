"""What a dead process left open is found, whatever else is in the ledger."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from faregate.core.holds import HoldState
from faregate.ledger import sweep as module
from faregate.ledger.connection import select
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    NOW_MS,
    FakeClock,
    ending,
    faults,
    hold,
    killed,
    month,
    of_session,
    open_ledger,
    sums,
    truth,
)


def restart(folder: Path, ledger: Ledger) -> tuple[Path, Ledger]:
    copy = killed(folder, f"{folder.name}+")
    ledger.close()
    return copy, open_ledger(copy)


def test_open_holds_become_unknown_and_are_named(folder: Path) -> None:
    ledger = open_ledger(folder)
    for number in range(6):
        hold(ledger, f"a{number}", "0.10")
    ledger.settle(truth("a1", "0.05"))
    ledger.void(ending("a2"))
    ledger.mark_unknown(ending("a3"))
    copy, again = restart(folder, ledger)
    assert again.swept == ("a0", "a4", "a5")
    assert sums(again, month()) == ("0.05", "0", "0.4")
    reports = Reports.open(copy)
    rows = {row.attempt: row for row in reports.holds()}
    assert {row.state for row in rows.values()} == {HoldState.UNKNOWN}
    assert rows["a0"].why == "the proxy stopped before the answer was settled"
    session = reports.session("s1")
    assert session is not None
    assert (session.held.pico, session.unknown.exact()) == (0, "0.4")
    reports.close()
    again.close()
    assert faults(copy) == ()


def test_a_second_start_finds_nothing_more(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger)
    copy, again = restart(folder, ledger)
    assert again.swept == ("a1",)
    copy, third = restart(copy, again)
    assert third.swept == ()
    assert sums(third, month()) == ("0", "0", "0.5")
    third.close()


def test_an_old_hold_is_found_behind_many_newer_ones(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "first", "0.01")
    for number in range(100):
        hold(ledger, f"a{number}", "0.01", at_ms=NOW_MS + number * 60_000)
        ledger.settle(truth(f"a{number}", "0.01"))
    _, again = restart(folder, ledger)
    assert again.swept == ("first",)
    again.close()


def test_holds_out_of_every_global_budget_are_found(folder: Path) -> None:
    """There nothing else would show that the hint to the oldest hold was wrong."""
    ledger = open_ledger(folder)
    hold(ledger, "a1", budgets=(of_session(),))
    hold(ledger, "a2", budgets=(of_session(),))
    ledger.settle(truth("a2"))
    hold(ledger, "a3", budgets=())
    copy, again = restart(folder, ledger)
    assert again.swept == ("a1", "a3")
    assert sums(again, of_session()) == ("0.1", "0", "0.5")
    again.close()
    assert faults(copy) == ()


def test_only_the_recent_end_of_the_table_is_searched(folder: Path) -> None:
    ledger = open_ledger(folder)
    for number in range(50):
        hold(ledger, f"a{number}", "0.01", at_ms=NOW_MS + number)
        ledger.settle(truth(f"a{number}", "0.01"))
    hold(ledger, "last", "0.01", at_ms=NOW_MS + 100)
    connection = ledger._parts.connection
    _, _, oldest = module.last_attempt(connection)
    ((count,),) = select(
        connection, "SELECT count(*) FROM attempt WHERE id >= ?1", (oldest,)
    )
    assert count == 1
    ledger.close()


def test_a_hold_where_none_should_be_is_found_all_the_same(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a1")
    hold(ledger, "a2")
    ledger.settle(truth("a2"))
    # As if the newest row did not know of the older hold.
    ledger._holds.open.clear()
    hold(ledger, "a3")
    copy, again = restart(folder, ledger)
    assert set(again.swept) == {"a1", "a3"}
    again.close()
    assert faults(copy) == ()


def test_a_start_that_died_between_its_two_steps_finishes_both(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a1", budgets=(of_session(),))
    copy = killed(folder)
    ledger.close()

    class DiedError(Exception):
        pass

    def die(*_args: object) -> None:
        raise DiedError

    monkeypatch.setattr(module, "sweep", die)
    with pytest.raises(DiedError):
        open_ledger(copy, boot_id="boot-two")
    monkeypatch.undo()
    again = open_ledger(copy, boot_id="boot-two")
    assert again.swept == ("a1",)
    again.close()


@pytest.mark.parametrize("months", [0, 1])
def test_what_power_loss_dropped_counts_in_the_windows_of_now(
    folder: Path, months: int
) -> None:
    ledger = open_ledger(folder)
    hold(ledger)
    ledger.void(ending())
    copy = killed(folder)
    ledger.close()
    span = ((month().ends_at or 0) - month().starts_at) * months
    clock = FakeClock(NOW_MS + 1000 * span)
    again = open_ledger(copy, boot_id="boot-two", clock_ms=clock)
    current = dataclasses.replace(
        month(),
        starts_at=month().starts_at + span,
        ends_at=(month().ends_at or 0) + 31 * 86_400 * months,
    )
    assert sums(again, current)[2] != "0"
    if months:
        assert sums(again, month()) == ("0", "0", "0")
    again.close()
