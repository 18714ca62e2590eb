"""What a person decides is booked once, written down, and on the disk."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from faregate.core.holds import (
    AlreadyResolvedError,
    Held,
    HoldState,
    LedgerError,
    NoRoom,
)
from faregate.core.usage import Usage
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    MONTH_END,
    NOW_MS,
    asking,
    decisions,
    ending,
    hold,
    month,
    sums,
    three,
    truth,
    usd,
)


def unknown(ledger: Ledger, attempt: str = "a1", amount: str = "0.50") -> None:
    hold(ledger, attempt, amount)
    ledger.mark_unknown(ending(attempt, "cut", usage=Usage(output=9), status=200))


class TestResolve:
    def test_at_what_it_cost(self, ledger: Ledger, reports: Reports) -> None:
        unknown(ledger)
        booked = ledger.resolve("a1", usd("0.30"), note="from the bill", who="ann")
        assert booked.state is HoldState.SETTLED
        assert sums(ledger, month()) == ("0.3", "0", "0")
        (row,) = reports.attempts("s1")
        assert (row.cost, row.cost_source) == (usd("0.30"), "person")
        assert (row.output_tokens, row.status) == (9, 200)
        (decision,) = decisions(reports)
        assert (decision.who, decision.what, decision.subject) == (
            "ann", "resolve", "a1",
        )  # fmt: skip
        assert (decision.before, decision.after, decision.note) == (
            "unknown 0.5", "spent 0.3", "from the bill",
        )  # fmt: skip
        assert decision.at_ms == NOW_MS

    def test_as_never_billed(self, ledger: Ledger, reports: Reports) -> None:
        unknown(ledger)
        booked = ledger.resolve("a1", None, note="no entry", who="ann")
        assert booked.state is HoldState.VOIDED
        assert sums(ledger, month()) == ("0", "0", "0")
        assert decisions(reports)[0].after == "void"

    def test_once(self, ledger: Ledger, reports: Reports) -> None:
        unknown(ledger)
        ledger.resolve("a1", None, note="", who="ann")
        for spent in (None, usd("0.1")):
            with pytest.raises(AlreadyResolvedError):
                ledger.resolve("a1", spent, note="", who="ann")
        assert len(decisions(reports)) == 1

    def test_not_while_it_runs(self, ledger: Ledger) -> None:
        hold(ledger)
        with pytest.raises(LedgerError, match="still runs"):
            ledger.resolve("a1", None, note="", who="ann")
        assert sums(ledger, month()) == ("0", "0.5", "0")

    def test_not_what_is_not_there(self, ledger: Ledger) -> None:
        with pytest.raises(LedgerError, match="no attempt"):
            ledger.resolve("ghost", None, note="", who="ann")

    def test_above_the_hold_marks_it_and_closes_nothing(self, ledger: Ledger) -> None:
        unknown(ledger)
        booked = ledger.resolve("a1", usd("0.80"), note="", who="ann")
        assert booked.overrun == usd("0.30")
        assert ledger.closed_windows() == ()
        hold(ledger, "a2")

    def test_makes_room(self, ledger: Ledger) -> None:
        unknown(ledger, "a1", "19.90")
        assert isinstance(ledger.hold(asking("a2")), NoRoom)
        ledger.resolve("a1", usd("1"), note="", who="ann")
        assert isinstance(ledger.hold(asking("a2")), Held)

    def test_tells_a_mark_that_it_passes(self, ledger: Ledger) -> None:
        unknown(ledger, "a1", "9")
        booked = ledger.resolve("a1", usd("11"), note="", who="ann")
        assert [c.percent for c in booked.crossings] == [50]


class TestReopen:
    def test_takes_holds_again(self, ledger: Ledger, reports: Reports) -> None:
        hold(ledger)
        ledger.settle(truth("a1", "0.70"))
        assert isinstance(ledger.hold(asking("a2")), NoRoom)
        opened = ledger.reopen("global", "month", note="price was wrong", who="ann")
        assert [w.window for w in opened] == ["month"]
        assert isinstance(ledger.hold(asking("a2")), Held)
        assert decisions(reports)[0].subject == "global month"

    def test_does_not_lift_the_limit(self, ledger: Ledger) -> None:
        hold(ledger, budgets=three("1"))
        ledger.settle(truth("a1", "1.70"))
        ledger.reopen("global", "month", note="", who="ann")
        assert isinstance(ledger.hold(asking("a2", budgets=three("1"))), NoRoom)

    def test_of_nothing_closed_is_nothing(self, ledger: Ledger) -> None:
        hold(ledger)
        assert ledger.reopen("global", "month", note="", who="ann") == ()
        assert ledger.reopen("agent:x", "day", note="", who="ann") == ()


class TestSetLimit:
    def test_is_written_down_with_what_was_before(
        self, ledger: Ledger, reports: Reports
    ) -> None:
        hold(ledger)
        ledger.set_limit("global", "month", usd("50"), note="busy", who="ann")
        (decision,) = decisions(reports)
        assert (decision.before, decision.after) == ("20", "50")
        (state,) = [s for s in reports.budgets(NOW_MS // 1000) if s.budget.limit]
        assert state.budget.limit == usd("50")

    def test_before_any_hold_there_is_nothing_before(
        self, ledger: Ledger, reports: Reports
    ) -> None:
        ledger.set_limit("global", "month", None, note="", who="ann")
        assert (decisions(reports)[0].before, decisions(reports)[0].after) == (
            None,
            "none",
        )

    @pytest.mark.parametrize(("limit", "opens"), [("25", True), ("0.60", False)])
    def test_a_raise_opens_what_is_closed(
        self, ledger: Ledger, limit: str, opens: bool
    ) -> None:
        hold(ledger)
        ledger.settle(truth("a1", "0.70"))
        ledger.set_limit("global", "month", usd(limit), note="", who="ann")
        assert (ledger.closed_windows() == ()) is opens

    def test_windows_that_have_ended_keep_theirs(self, ledger: Ledger) -> None:
        later = dataclasses.replace(
            month("20"), starts_at=MONTH_END, ends_at=MONTH_END + 86_400 * 31
        )
        hold(ledger, "a1")
        hold(ledger, "a2", budgets=(later,))
        ledger._clock_ms = lambda: MONTH_END * 1000 + 5
        ledger.set_limit("global", "month", usd("9"), note="", who="ann")
        limits = [
            row.limit for row in ledger._parts.windows.matching("global", "month", 0)
        ]
        assert limits == [usd("20").pico, usd("9").pico]


def test_an_outcome_is_recorded_for_a_known_session(
    ledger: Ledger, reports: Reports
) -> None:
    hold(ledger)
    ledger.judge("s1", "accepted", note="tests pass", who="ann")
    ledger.judge("s1", "rejected", note="not quite", who="ann")
    session = reports.session("s1")
    assert session is not None
    assert session.outcome == "rejected"
    assert [(d.before, d.after) for d in decisions(reports)] == [
        ("accepted", "rejected"),
        (None, "accepted"),
    ]
    with pytest.raises(LedgerError, match="no session"):
        ledger.judge("ghost", "accepted", note="", who="ann")


def test_a_decision_is_synced_before_it_returns(
    ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown(ledger)
    modes: list[object] = []
    real = ledger._decisions._book

    def book(*args: object) -> object:
        modes.append(ledger._parts.connection.pragma("synchronous"))
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger._decisions, "_book", book)
    ledger.resolve("a1", None, note="", who="ann")
    assert modes == [2]
    assert ledger._parts.connection.pragma("synchronous") == 1
    assert folder.exists()
