"""How holds end: the truth is booked, and each hold resolves at most once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faregate.core.holds import AlreadyResolvedError, HoldState, LedgerError, NoRoom
from faregate.core.money import Money
from faregate.core.usage import Usage, UsageSource
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    asking,
    ending,
    hold,
    month,
    of_session,
    sums,
    three,
    truth,
    usd,
)

End = Callable[[Ledger, str], object]
ENDS: dict[str, End] = {
    "settle": lambda ledger, attempt: ledger.settle(truth(attempt)),
    "void": lambda ledger, attempt: ledger.void(ending(attempt)),
    "unknown": lambda ledger, attempt: ledger.mark_unknown(ending(attempt)),
}


def test_a_settlement_replaces_the_hold_by_the_cost(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    booked = ledger.settle(truth("a1", "0.12"))
    assert booked.state is HoldState.SETTLED
    assert booked.overrun == Money(0)
    assert [s.budget for s in booked.states] == list(three())
    for budget in three():
        assert sums(ledger, budget) == ("0.12", "0", "0")


def test_a_void_gives_everything_back(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    assert ledger.void(ending("a1")).state is HoldState.VOIDED
    assert sums(ledger, month()) == ("0", "0", "0")


def test_an_unknown_keeps_everything(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50", budgets=three("0.60"))
    assert ledger.mark_unknown(ending("a1")).state is HoldState.UNKNOWN
    assert sums(ledger, month("0.60")) == ("0", "0", "0.5")
    blocked = ledger.hold(asking("a2", "0.20", budgets=three("0.60")))
    assert isinstance(blocked, NoRoom)


@pytest.mark.parametrize("second", ENDS)
@pytest.mark.parametrize("first", ["settle", "void"])
def test_a_resolved_hold_stays_resolved(
    ledger: Ledger, first: str, second: str
) -> None:
    hold(ledger, "a1", "0.50")
    ENDS[first](ledger, "a1")
    before = sums(ledger, month())
    with pytest.raises(AlreadyResolvedError):
        ENDS[second](ledger, "a1")
    assert sums(ledger, month()) == before


@pytest.mark.parametrize(
    ("then", "expected"), [("settle", ("0.1", "0", "0")), ("void", ("0", "0", "0"))]
)
def test_later_evidence_ends_an_unknown_once(
    ledger: Ledger, then: str, expected: tuple[str, str, str]
) -> None:
    hold(ledger, "a1", "0.50")
    ledger.mark_unknown(ending("a1"))
    with pytest.raises(AlreadyResolvedError):
        ledger.mark_unknown(ending("a1"))
    ENDS[then](ledger, "a1")
    assert sums(ledger, month()) == expected
    with pytest.raises(AlreadyResolvedError):
        ENDS[then](ledger, "a1")


@pytest.mark.parametrize("end", ENDS)
def test_what_was_never_held_cannot_end(ledger: Ledger, end: str) -> None:
    with pytest.raises(LedgerError, match="no attempt 'ghost'"):
        ENDS[end](ledger, "ghost")


def test_the_period_of_the_hold_is_the_period_of_its_cost(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    assert month().ends_at is not None
    late = (month().ends_at or 0) * 1000 + 300_000
    ledger.settle(truth("a1", "0.10", at_ms=late))
    assert sums(ledger, month()) == ("0.1", "0", "0")


class TestOverrun:
    def test_the_truth_is_booked_and_the_limited_windows_close(
        self, ledger: Ledger
    ) -> None:
        hold(ledger, "a1", "0.50")
        booked = ledger.settle(truth("a1", "0.70"))
        assert booked.overrun == usd("0.20")
        assert sums(ledger, month()) == ("0.7", "0", "0")
        assert [w.scope for w in ledger.closed_windows()] == ["global"]
        assert [s.closed for s in booked.states] == [True, False, False]
        assert [s.closed for s in ledger.states(three())] == [True, False, False]
        blocked = ledger.hold(asking("a2", "0.01"))
        assert isinstance(blocked, NoRoom)
        assert [s.budget.window for s in blocked.blocking] == ["month"]
        assert blocked.blocking[0].closed

    def test_even_far_above_the_limit(self, ledger: Ledger) -> None:
        hold(ledger, "a1", "0.50", budgets=three("1"))
        booked = ledger.settle(truth("a1", "30"))
        assert booked.overrun == usd("29.50")
        assert ledger.states(three("1"))[0].room == usd("-29")

    def test_holds_that_run_still_settle(self, ledger: Ledger) -> None:
        hold(ledger, "a1", "0.50")
        hold(ledger, "a2", "0.50")
        ledger.settle(truth("a1", "0.70"))
        assert ledger.settle(truth("a2", "0.10")).state is HoldState.SETTLED
        assert sums(ledger, month()) == ("0.8", "0", "0")

    @pytest.mark.parametrize(
        ("limit", "opens"), [("25", True), ("20", False), ("19", False), (None, True)]
    )
    def test_a_limit_raised_above_what_is_booked_reopens(
        self, ledger: Ledger, limit: str | None, opens: bool
    ) -> None:
        hold(ledger, "a1", "0.50")
        ledger.settle(truth("a1", "0.70"))
        outcome = ledger.hold(asking("a2", "0.50", budgets=three(limit)))
        assert isinstance(outcome, NoRoom) is not opens
        assert (ledger.closed_windows() == ()) is opens

    @pytest.mark.parametrize(("limit", "opens"), [("29", False), ("30", False),
                                                  ("30.000000000001", True)])  # fmt: skip
    def test_a_raise_must_be_above_what_is_booked(
        self, ledger: Ledger, limit: str, opens: bool
    ) -> None:
        hold(ledger, "a1", "0.50", budgets=three("1"))
        ledger.settle(truth("a1", "30"))
        outcome = ledger.hold(asking("a2", "0", budgets=three(limit)))
        assert isinstance(outcome, NoRoom) is not opens

    def test_without_a_limit_there_is_nothing_to_close(self, ledger: Ledger) -> None:
        hold(ledger, "a1", "0.50", budgets=three(None))
        assert ledger.settle(truth("a1", "0.70")).overrun == usd("0.20")
        assert ledger.closed_windows() == ()


def test_a_negative_cost_is_refused_and_the_hold_stays(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    with pytest.raises(LedgerError, match="cannot be booked"):
        ledger.settle(truth("a1", "-0.10"))
    assert sums(ledger, month()) == ("0", "0.5", "0")
    assert ledger.paused is None
    ledger.settle(truth("a1"))


def test_numbers_too_large_for_a_cell_leave_the_hold(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    with pytest.raises(LedgerError, match="rule of the ledger"):
        ledger.settle(truth("a1", usage=Usage(output=2**63)))
    assert sums(ledger, month()) == ("0", "0.5", "0")
    assert ledger.paused is None
    ledger.settle(truth("a1"))


class TestFigures:
    def test_of_a_session_follow_its_attempts(
        self, ledger: Ledger, reports: Reports
    ) -> None:
        hold(ledger, "a1")
        hold(ledger, "a2", first_attempt=False)
        hold(ledger, "a3", client_retry=True, model="claude-haiku-4-5")
        ledger.settle(truth("a1", "0.10", tool_calls=3, wasted=True))
        ledger.settle(truth("a2", "0.20", cost_source="estimated"))
        session = reports.session("s1")
        assert session is not None
        assert (session.requests, session.attempts) == (2, 3)
        assert (session.retries, session.client_retries) == (1, 1)
        assert (session.input_tokens, session.output_tokens) == (2 * 2130, 100)
        assert (session.cache_read_tokens, session.cache_write_tokens) == (4000, 60)
        assert (session.cost, session.held) == (usd("0.30"), usd("0.50"))
        assert (session.wasted, session.tool_calls) == (usd("0.10"), 3)
        assert session.context_tokens == 2130
        assert session.cost_source == "mixed"
        assert session.models == (
            "anthropic/claude-haiku-4-5",
            "anthropic/claude-sonnet-4-5",
        )

    def test_seen_usage_of_an_unknown_gives_way_to_the_truth(
        self, ledger: Ledger, reports: Reports
    ) -> None:
        seen = Usage(uncached_input=500, output=7, source=UsageSource.ESTIMATED)
        hold(ledger, "a1")
        ledger.mark_unknown(ending("a1", "cut", usage=seen, status=200))
        before = reports.session("s1")
        assert before is not None
        assert (before.input_tokens, before.output_tokens) == (500, 7)
        assert (before.unknown, before.last_error) == (usd("0.50"), "cut")
        ledger.settle(truth("a1", "0.10"))
        after = reports.session("s1")
        assert after is not None
        assert (after.input_tokens, after.output_tokens) == (2130, 50)
        assert (after.unknown, after.cost) == (usd("0"), usd("0.10"))
        assert after.last_error is None

    def test_an_error_is_shown_until_something_works(
        self, ledger: Ledger, reports: Reports
    ) -> None:
        hold(ledger, "a1")
        ledger.void(ending("a1", "the provider answered 429", status=429))
        session = reports.session("s1")
        assert session is not None
        assert (session.last_status, session.last_error) == (
            429,
            "the provider answered 429",
        )
        hold(ledger, "a2")
        ledger.settle(truth("a2"))
        session = reports.session("s1")
        assert session is not None
        assert (session.last_status, session.last_error) == (200, None)

    def test_sessions_have_sums_of_their_own(self, ledger: Ledger) -> None:
        hold(ledger, "a1", session="s1")
        hold(ledger, "a2", session="s2")
        ledger.settle(truth("a1"))
        assert sums(ledger, of_session("s1")) == ("0.1", "0", "0")
        assert sums(ledger, of_session("s2")) == ("0", "0.5", "0")


def test_the_database_has_the_last_word_on_what_is_open(ledger: Ledger) -> None:
    hold(ledger, "a1", "0.50")
    remembered = ledger._holds.open["a1"]
    ledger.settle(truth("a1", "0.10"))
    for end in ENDS.values():
        ledger._holds.open["a1"] = remembered
        with pytest.raises(AlreadyResolvedError):
            end(ledger, "a1")
        assert sums(ledger, month()) == ("0.1", "0", "0")
        assert not ledger._holds.open
