"""Reading the ledger beside its writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.core.holds import Held, HoldState, LedgerError
from faregate.core.labels import Labels
from faregate.core.side_spend import SMOKE_SESSION
from faregate.core.usage import Usage, UsageSource
from faregate.ledger import files
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    DAY_END,
    NOW_MS,
    asking,
    day,
    ending,
    hold,
    killed,
    month,
    of_session,
    open_ledger,
    three,
    truth,
    usd,
)


class TestOpening:
    def test_without_a_ledger_is_an_error_and_makes_nothing(self, folder: Path) -> None:
        with pytest.raises(LedgerError, match="no ledger in"):
            Reports.open(folder)
        assert not folder.exists()
        folder.mkdir(mode=0o700)
        with pytest.raises(LedgerError, match="no ledger in"):
            Reports.open(folder)
        assert list(folder.iterdir()) == []

    def test_of_files_that_others_can_read_is_refused(
        self, ledger: Ledger, folder: Path
    ) -> None:
        (folder / files.DATABASE).chmod(0o644)
        with pytest.raises(LedgerError, match="chmod 600"):
            Reports.open(folder)
        (folder / files.DATABASE).chmod(0o600)

    def test_works_without_the_writer(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger)
        ledger.settle(truth())
        ledger.close()
        reports = Reports.open(folder)
        assert len(reports.sessions()) == 1
        reports.close()
        open_ledger(folder).close()

    def test_works_after_a_kill(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger)
        copy = killed(folder)
        ledger.close()
        reports = Reports.open(copy)
        assert reports.holds()[0].state is HoldState.HELD
        reports.close()

    def test_what_fails_is_an_error_of_the_ledger(
        self, ledger: Ledger, folder: Path
    ) -> None:
        reports = Reports.open(folder)
        reports.close()
        with pytest.raises(LedgerError, match="Reading the ledger failed"):
            reports.sessions()


class TestHolds:
    def test_lists_what_is_open_and_unknown(
        self, ledger: Ledger, reports: Reports
    ) -> None:
        hold(ledger, "a1", "0.10", at_ms=NOW_MS)
        hold(ledger, "a2", "0.20", at_ms=NOW_MS + 1)
        hold(ledger, "a3", "0.30", at_ms=NOW_MS + 2)
        ledger.mark_unknown(ending("a1", "the client hung up"))
        ledger.settle(truth("a2"))
        unknown, held = reports.holds()
        assert (unknown.attempt, unknown.state, unknown.why) == (
            "a1", HoldState.UNKNOWN, "the client hung up",
        )  # fmt: skip
        assert (held.attempt, held.state, held.amount) == (
            "a3", HoldState.HELD, usd("0.30"),
        )  # fmt: skip
        assert (held.request, held.session, held.model) == (
            "req-a3", "s1", "claude-sonnet-4-5",
        )  # fmt: skip
        assert len(reports.holds(limit=1)) == 1


class TestAnyRequest:
    def test_a_session_alone_is_no_request(
        self, ledger: Ledger, reports: Reports
    ) -> None:
        assert not reports.any_request()
        ledger.start_session("s1", root_session="s1", parent=None, labels=Labels())
        assert not reports.any_request()
        hold(ledger)
        assert reports.any_request()

    def test_a_smoke_test_is_nobodys_request(
        self, ledger: Ledger, reports: Reports
    ) -> None:
        hold(ledger, "smoke-1", session=SMOKE_SESSION, root_session=SMOKE_SESSION)
        ledger.settle(truth("smoke-1"))
        hold(ledger, "smoke-2", session=SMOKE_SESSION, root_session=SMOKE_SESSION)
        assert not reports.any_request()
        hold(ledger, "a1")
        assert reports.any_request()


class TestSessions:
    def test_pages_from_the_newest(self, ledger: Ledger, reports: Reports) -> None:
        for number in range(7):
            hold(ledger, f"a{number}", "0.01", session=f"s{number}")
        first = reports.sessions(limit=3)
        assert [s.session for s in first] == ["s6", "s5", "s4"]
        second = reports.sessions(limit=3, before=first[-1].number)
        assert [s.session for s in second] == ["s3", "s2", "s1"]
        third = reports.sessions(limit=3, before=second[-1].number)
        assert [s.session for s in third] == ["s0"]

    def test_those_active_since(self, ledger: Ledger, reports: Reports) -> None:
        hold(ledger, "a1", session="old", at_ms=NOW_MS - 9_000_000)
        hold(ledger, "a2", session="new", at_ms=NOW_MS)
        ledger.record_refusal(
            session="refused",
            root_session="refused",
            labels=Labels(),
            code="budget_exceeded",
            at_ms=NOW_MS + 5,
        )
        found = reports.active_sessions(NOW_MS - 1000)
        assert [s.session for s in found] == ["refused", "new"]
        assert len(reports.active_sessions(0)) == 3

    def test_a_long_request_that_ends_counts_as_activity(
        self, ledger: Ledger, reports: Reports
    ) -> None:
        hold(ledger, "a1", at_ms=NOW_MS - 3_600_000)
        ledger.settle(truth("a1", at_ms=NOW_MS))
        session = reports.session("s1")
        assert session is not None
        assert session.last_at_ms == NOW_MS

    def test_one_by_its_id(self, ledger: Ledger, reports: Reports) -> None:
        hold(ledger, labels=Labels(agent="aider", user="ann"))
        session = reports.session("s1")
        assert session is not None
        assert session.labels == Labels(agent="aider", user="ann")
        assert session.started_at_ms == NOW_MS
        assert reports.session("ghost") is None

    @pytest.mark.parametrize(
        ("sources", "expected"),
        [
            ([], "reported"),
            (["table", "reported"], "reported"),
            (["estimated", "estimated"], "estimated"),
            (["unpriced"], "unpriced"),
            (["table", "estimated"], "mixed"),
            (["unpriced", "table"], "mixed"),
            (["free", "subscription", "config"], "reported"),
        ],
    )
    def test_say_where_their_cost_comes_from(
        self, ledger: Ledger, reports: Reports, sources: list[str], expected: str
    ) -> None:
        hold(ledger, "open")
        for number, source in enumerate(sources):
            hold(ledger, f"a{number}")
            ledger.settle(truth(f"a{number}", cost_source=source))
        session = reports.session("s1")
        assert session is not None
        assert session.cost_source == expected
        assert session.unpriced == sources.count("unpriced")

    def test_estimated_usage_makes_an_estimated_cost(
        self, ledger: Ledger, reports: Reports
    ) -> None:
        hold(ledger)
        usage = Usage(output=5, source=UsageSource.ESTIMATED)
        ledger.settle(truth(usage=usage, cost_source="table"))
        session = reports.session("s1")
        assert session is not None
        assert session.cost_source == "estimated"


def test_attempts_say_how_they_ended(ledger: Ledger, reports: Reports) -> None:
    hold(ledger, "a1", "0.50")
    ledger.settle(
        truth("a1", "0.10", served_model="claude-sonnet-4-5-20250929", wasted=True)
    )
    hold(ledger, "a2", "0.50", first_attempt=False)
    ledger.void(ending("a2", "refused by the provider", status=429, duration_ms=7))
    hold(ledger, "a3", session="s2")
    second, first = reports.attempts("s1")
    assert (first.attempt, first.state, first.cost) == (
        "a1", HoldState.SETTLED, usd("0.10"),
    )  # fmt: skip
    assert first.served_model == "claude-sonnet-4-5-20250929"
    assert (first.input_tokens, first.output_tokens) == (2130, 50)
    assert (first.ttfb_ms, first.duration_ms) == (400, 1500)
    assert first.wasted
    assert (second.state, second.status, second.note) == (
        HoldState.VOIDED, 429, "refused by the provider",
    )  # fmt: skip
    assert not second.first_attempt
    assert [a.attempt for a in reports.attempts("s1", limit=1)] == ["a2"]
    assert reports.attempts("ghost") == ()


def test_budgets_that_run_now(ledger: Ledger, reports: Reports) -> None:
    hold(ledger, "a1", "0.50", budgets=(*three(), of_session("s1", "5")))
    found = reports.budgets(NOW_MS // 1000)
    assert [s.budget for s in found] == [day(), month()]
    assert {s.held for s in found} == {usd("0.50")}
    assert [s.budget for s in reports.budgets(DAY_END)] == [month()]


def test_budgets_say_whether_they_are_closed(ledger: Ledger, reports: Reports) -> None:
    hold(ledger, "a1", "0.50")
    ledger.settle(truth("a1", "0.60"))
    assert [s.closed for s in reports.budgets(NOW_MS // 1000)] == [False, True]


def test_what_was_wasted(ledger: Ledger, reports: Reports) -> None:
    hold(ledger, "a1", at_ms=NOW_MS - 5000)
    hold(ledger, "a2")
    hold(ledger, "a3")
    ledger.settle(truth("a1", "0.10", wasted=True))
    ledger.settle(truth("a2", "0.20", wasted=True))
    ledger.settle(truth("a3", "0.40"))
    assert reports.wasted(0) == usd("0.30")
    assert reports.wasted(NOW_MS - 1000) == usd("0.20")
    assert reports.wasted(NOW_MS + 1000) == usd("0")


def test_a_reader_does_not_hold_back_the_writer(
    ledger: Ledger, reports: Reports
) -> None:
    for number in range(20):
        hold(ledger, f"a{number}", "0.01")
        assert len(reports.holds()) == number + 1
        assert reports.session("s1") is not None
    log, done = ledger._durability._connection.wal_checkpoint(mode=0)
    assert log == done
    assert isinstance(ledger.hold(asking("last", "0.01")), Held)


def test_what_runs_counts_for_its_session_as_what_has_ended(
    ledger: Ledger, reports: Reports
) -> None:
    def counts() -> tuple[int, ...]:
        row = reports.session("s1")
        assert row is not None
        return row.requests, row.attempts, row.retries, row.client_retries

    hold(ledger, "a1", client_retry=True)
    hold(ledger, "a2", first_attempt=False, client_retry=True)
    hold(ledger, "a3", at_ms=NOW_MS + 60_000)
    assert counts() == (2, 3, 1, 1)
    (row,) = reports.active_sessions(NOW_MS + 60_000)
    assert (row.last_at_ms, row.held) == (NOW_MS + 60_000, usd("1.50"))
    ledger.settle(truth("a1"))
    assert counts() == (2, 3, 1, 1)
    ledger.mark_unknown(ending("a2"))
    ledger.void(ending("a3"))
    assert counts() == (2, 3, 1, 1)
    ledger.settle(truth("a2"))
    assert counts() == (2, 3, 1, 1)
    hold(ledger, "a4", first_attempt=False, client_retry=True)
    ledger.settle(truth("a4"))
    assert counts() == (2, 4, 2, 1)
    assert reports.session("s1") == reports.sessions()[0]
