"""A person's word against the books: rows are added, sums follow, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from faregate.core.holds import LedgerError, NoRoom
from faregate.core.money import Money
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    asking,
    day,
    decisions,
    ending,
    faults,
    hold,
    killed,
    month,
    of_session,
    open_ledger,
    sums,
    truth,
    usd,
)


def correct(ledger: Ledger, amount: str, attempt: str = "a1") -> None:
    ledger.correct(attempt, usd(amount), note="the invoice", who="uid 1")


def test_budgets_session_and_reports_follow(
    folder: Path, ledger: Ledger, reports: Reports
) -> None:
    hold(ledger, "a1", "0.50")
    ledger.settle(truth("a1", "0.40", wasted=True))
    done = ledger.correct("a1", usd("0.15"), note="the invoice", who="uid 1")

    assert (done.before, done.after) == (usd("0.40"), usd("0.15"))
    assert [state.spent for state in done.states] == [usd("0.15")] * 3
    for window in (month(), day(), of_session()):
        assert sums(ledger, window) == ("0.15", "0", "0")
    session = reports.session("s1")
    assert session is not None
    assert (session.cost, session.wasted) == (usd("0.15"), usd("0.15"))
    (attempt,) = reports.attempts("s1")
    assert attempt.cost == usd("0.15")
    assert faults(folder) == ()


def test_the_attempts_own_row_and_the_correction_stay(
    folder: Path, ledger: Ledger
) -> None:
    hold(ledger, "a1", "0.50")
    ledger.settle(truth("a1", "0.40"))
    correct(ledger, "0.10")
    correct(ledger, "0.70")
    connection = ledger._parts.connection
    rows = connection.execute("SELECT cost FROM attempt").fetchall()
    assert rows == [(usd("0.40").pico,)]
    told = connection.execute("SELECT before, after, who, note FROM correction")
    assert told.fetchall() == [
        (usd("0.40").pico, usd("0.10").pico, "uid 1", "the invoice"),
        (usd("0.10").pico, usd("0.70").pico, "uid 1", "the invoice"),
    ]
    for statement in ("UPDATE correction SET after = 1", "DELETE FROM correction"):
        with pytest.raises(apsw.ConstraintError, match="a correction is never"):
            connection.execute(statement)
    assert sums(ledger, month()) == ("0.7", "0", "0")
    assert faults(folder) == ()


def test_the_audit_tells_who_and_why(ledger: Ledger, reports: Reports) -> None:
    hold(ledger, "a1")
    ledger.settle(truth("a1", "0.40"))
    correct(ledger, "0.10")
    (told, *_) = decisions(reports)
    assert (told.what, told.subject, told.who) == ("correct", "a1", "uid 1")
    assert (told.before, told.after, told.note) == ("0.4", "0.1", "the invoice")


def test_a_correction_is_on_the_disk_when_it_returns(folder: Path) -> None:
    ledger = open_ledger(folder)
    hold(ledger, "a1")
    ledger.settle(truth("a1", "0.40"))
    correct(ledger, "0.10")
    again = open_ledger(killed(folder))
    assert sums(again, month()) == ("0.1", "0", "0")
    again.close()
    ledger.close()


def test_an_absurd_bill_that_closed_the_month_opens_it_again(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    booked = ledger.settle(truth("a1", "1000"))
    assert booked.overrun == usd("999.5")
    assert isinstance(ledger.hold(asking("a2", "0.10")), NoRoom)

    done = ledger.correct("a1", usd("0.50"), note="misread", who="uid 1")

    assert [budget.scope for budget in done.reopened] == ["global"]
    assert ledger.closed_windows() == ()
    hold(ledger, "a3", "0.10")


def test_a_budget_without_room_stays_closed(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    ledger.settle(truth("a1", "1000"))
    done = ledger.correct("a1", usd("500"), note="half", who="uid 1")
    assert done.reopened == ()
    assert [window.scope for window in ledger.closed_windows()] == ["global"]


def test_what_another_bill_closed_is_not_opened(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    hold(ledger, "a2", "0.50")
    ledger.settle(truth("a1", "1"))
    ledger.settle(truth("a2", "0.50"))
    done = ledger.correct("a2", usd("0.10"), note="", who="uid 1")
    assert done.reopened == ()
    assert len(ledger.closed_windows()) == 1


def test_a_voided_attempt_that_was_billed_after_all(
    folder: Path, ledger: Ledger
) -> None:
    hold(ledger, "a1")
    ledger.void(ending("a1"))
    correct(ledger, "0.30")
    assert sums(ledger, month()) == ("0.3", "0", "0")
    assert faults(folder) == ()


def test_a_correction_upwards_closes_nothing_and_counts(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    ledger.settle(truth("a1", "0.40"))
    correct(ledger, "25")
    assert ledger.closed_windows() == ()
    assert isinstance(ledger.hold(asking("a2", "0.10")), NoRoom)


def test_a_mark_is_told_again_when_its_sum_is_reached_again(ledger: Ledger) -> None:
    hold(ledger, "a1", "11")
    assert [c.percent for c in ledger.settle(truth("a1", "11")).crossings] == [50]
    correct(ledger, "1")
    hold(ledger, "a2", "10")
    assert [c.percent for c in ledger.settle(truth("a2", "10")).crossings] == [50]


@pytest.mark.parametrize("state", ["held", "unknown"])
def test_a_hold_that_has_not_ended_is_refused(ledger: Ledger, state: str) -> None:
    hold(ledger, "a1")
    if state == "unknown":
        ledger.mark_unknown(ending("a1"))
    with pytest.raises(LedgerError, match=f"is {state}: "):
        correct(ledger, "0.10")
    assert sums(ledger, month())[0] == "0"


@pytest.mark.parametrize("amount", [Money(-1), Money(2**63 - 1)])
def test_an_impossible_amount_changes_nothing(
    folder: Path, ledger: Ledger, amount: Money
) -> None:
    for name in ("a1", "a2"):
        hold(ledger, name)
        ledger.settle(truth(name, "0.40"))
    with pytest.raises(LedgerError):
        ledger.correct("a1", amount, note="", who="uid 1")
    assert sums(ledger, month()) == ("0.8", "0", "0")
    hold(ledger, "a3")
    assert faults(folder) == ()


def test_an_attempt_that_never_was(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="there is no attempt 'a9'"):
        correct(ledger, "1", "a9")


def test_waste_that_is_known_late_counts_what_was_corrected(
    folder: Path, ledger: Ledger, reports: Reports
) -> None:
    hold(ledger, "a1")
    ledger.settle(truth("a1", "0.40"))
    correct(ledger, "0.30")
    ledger.waste("a1", "failing_tests", verdict="tests")
    ledger.waste("a1", "twice")
    session = reports.session("s1")
    assert session is not None
    assert session.wasted == usd("0.30")
    assert reports.wasted(0) == usd("0.30")
    found = ledger._parts.connection.execute("SELECT waste, verdict FROM attempt")
    assert found.fetchall() == [("failing_tests", "tests")]
    assert faults(folder) == ()


def test_an_unknown_that_came_to_nothing_is_wasted_once_it_has_a_cost(
    folder: Path, ledger: Ledger, reports: Reports
) -> None:
    hold(ledger, "a1", "0.50")
    ledger.mark_unknown(ending("a1", "cut", fault="reset", waste="reset"))
    ledger.resolve("a1", usd("0.20"), note="", who="me")
    session = reports.session("s1")
    assert session is not None
    assert session.wasted == usd("0.20")
    assert reports.last_errors(0) == {"anthropic": "reset"}
    assert faults(folder) == ()
