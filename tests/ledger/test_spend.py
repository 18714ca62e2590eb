"""Sums by key over a stretch of time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

import pytest

from faregate.core.holds import LedgerError
from faregate.core.labels import Labels
from faregate.core.money import Money
from faregate.ledger import spend as spend_module
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from faregate.ledger.spend import _STATEMENTS, SpendBy
from tests.ledger.building import (
    DAY_START,
    NOW_MS,
    ending,
    hold,
    open_ledger,
    truth,
    usd,
)

HOUR_MS = 3_600_000


@pytest.fixture
def spent(ledger: Ledger) -> Ledger:
    """Four attempts of two agents on two models, over two days."""
    for name, cost, agent, model, at_ms in [
        ("a1", "0.10", "codex", "gpt-5", NOW_MS),
        ("a2", "0.20", "aider", "gpt-5", NOW_MS + 61_000),
        ("a3", "0.40", "codex", "gpt-5-mini", NOW_MS + 24 * HOUR_MS),
    ]:
        hold(
            ledger,
            name,
            "0.50",
            session=f"s-{agent}",
            labels=Labels(agent=agent),
            provider="openai",
            model=model,
            at_ms=at_ms,
            route="cheap" if agent == "codex" else None,
        )
        ledger.settle(truth(name, cost, at_ms=at_ms + 1000))
    return ledger


def keyed(reports: Reports, by: SpendBy, **fields: Any) -> dict[str, str]:
    values = {"since_ms": 0, **fields}
    return {row.key: row.cost.exact() for row in reports.spend(by, **values)}


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("all", {"all": "0.7"}),
        ("provider", {"openai": "0.7"}),
        ("model", {"gpt-5-mini": "0.4", "gpt-5": "0.3"}),
        ("target", {"openai/gpt-5-mini": "0.4", "openai/gpt-5": "0.3"}),
        ("agent", {"codex": "0.5", "aider": "0.2"}),
        ("session", {"s-codex": "0.5", "s-aider": "0.2"}),
        ("root", {"s-codex": "0.5", "s-aider": "0.2"}),
        ("route", {"cheap": "0.5", "": "0.2"}),
        ("workspace", {"": "0.7"}),
        ("user", {"": "0.7"}),
        ("task", {"": "0.7"}),
        ("customer", {"": "0.7"}),
        ("feature", {"": "0.7"}),
        ("day", {"2026-11-18": "0.3", "2026-11-19": "0.4"}),
        (
            "minute",
            {
                "2026-11-18T11:06:00Z": "0.1",
                "2026-11-18T11:07:00Z": "0.2",
                "2026-11-19T11:06:00Z": "0.4",
            },
        ),
    ],
)
def test_by_each_key(
    spent: Ledger, reports: Reports, by: SpendBy, expected: dict[str, str]
) -> None:
    found = keyed(reports, by)
    assert found == expected
    assert list(found) == list(expected)


def test_every_key_is_tested_and_has_its_statement() -> None:
    assert set(_STATEMENTS) == set(get_args(SpendBy))


def test_an_unknown_key_is_an_error(spent: Ledger, reports: Reports) -> None:
    with pytest.raises(LedgerError, match="cannot be summed by 'mood'"):
        reports.spend(cast("SpendBy", "mood"), since_ms=0)


def test_only_the_time_that_was_asked(spent: Ledger, reports: Reports) -> None:
    assert keyed(reports, "all", since_ms=NOW_MS + 1) == {"all": "0.6"}
    assert keyed(reports, "all", since_ms=NOW_MS) == {"all": "0.7"}
    assert keyed(reports, "all", until_ms=NOW_MS + 61_000) == {"all": "0.1"}
    assert keyed(reports, "all", since_ms=NOW_MS + 99 * HOUR_MS) == {}


def test_days_follow_the_zone(ledger: Ledger, reports: Reports) -> None:
    midnight = DAY_START * 1000
    for name, at_ms in [("a1", midnight - 1), ("a2", midnight)]:
        hold(ledger, name, at_ms=at_ms)
        ledger.settle(truth(name, "0.10"))
    assert list(keyed(reports, "day")) == ["2026-11-17", "2026-11-18"]
    east = keyed(reports, "day", zone=ZoneInfo("Asia/Kathmandu"))
    assert east == {"2026-11-18": "0.2"}
    west = keyed(reports, "day", zone=ZoneInfo("America/New_York"))
    assert west == {"2026-11-17": "0.2"}


def test_a_clock_that_was_set_back_hides_nothing(
    ledger: Ledger, reports: Reports
) -> None:
    hold(ledger, "a1", at_ms=NOW_MS)
    hold(ledger, "a2", at_ms=NOW_MS - 5 * HOUR_MS)
    ledger.settle(truth("a1", "0.10"))
    ledger.settle(truth("a2", "0.20"))
    assert keyed(reports, "all", since_ms=NOW_MS - HOUR_MS) == {"all": "0.1"}
    assert keyed(reports, "all", since_ms=NOW_MS - 6 * HOUR_MS) == {"all": "0.3"}
    assert keyed(reports, "all", until_ms=NOW_MS) == {"all": "0.2"}


def test_what_a_row_sums(ledger: Ledger, reports: Reports) -> None:
    hold(ledger, "a1")
    ledger.settle(truth("a1", "0.10", wasted=True, ttfb_ms=300))
    hold(ledger, "a2", first_attempt=False)
    ledger.settle(truth("a2", "0.20", cost_source="estimated", ttfb_ms=500))
    hold(ledger, "a3", "0.30")
    ledger.mark_unknown(ending("a3", "cut"))
    hold(ledger, "a4", "0.40")
    hold(ledger, "a5")
    ledger.void(ending("a5", "no", status=503))
    hold(ledger, "a6")
    ledger.settle(truth("a6", "0", cost_source="unpriced", ttfb_ms=None))
    (row,) = reports.spend("all", since_ms=0)
    assert (row.attempts, row.requests) == (6, 5)
    assert (row.input_tokens, row.output_tokens) == (3 * 2130, 150)
    assert (row.cache_read_tokens, row.cache_write_tokens) == (6000, 90)
    assert (row.cost, row.held, row.unknown) == (usd("0.30"), usd("0.40"), usd("0.30"))
    assert (row.wasted, row.failed) == (usd("0.10"), 1)
    assert row.retries == 1
    assert (row.unpriced, row.estimated) == (1, 1)
    assert row.ttfb_ms == 400


def test_sums_beyond_64_bits_are_exact_or_an_error(folder: Path) -> None:
    ledger = open_ledger(folder)
    reports = Reports.open(folder)
    huge = Money(2**62 + 1)
    for name in ("a1", "a2"):
        hold(ledger, name, budgets=(), amount=huge, session=name)
        ledger.settle(truth(name, huge))
    (row,) = reports.spend("all", since_ms=0)
    assert row.cost == huge * 2
    ledger._parts.connection.execute("DROP TRIGGER attempt_row_is_immutable")
    ledger._parts.connection.execute("UPDATE attempt SET session = 1")
    with pytest.raises(LedgerError, match="integer overflow"):
        reports.spend("all", since_ms=0)
    reports.close()
    ledger.close()


def test_why_attempts_were_made_and_what_went_wrong(
    ledger: Ledger, reports: Reports
) -> None:
    made: dict[str, dict[str, Any]] = {
        "a1": {},
        "a2": {"first_attempt": False, "cause": "retry:rate_limit"},
        "a3": {"first_attempt": False, "cause": "fallback:connect"},
        "a4": {"first_attempt": False, "cause": "escalation:tool_arguments"},
        "a5": {"cause": "escalation:empty_answer", "client_retry": True},
    }
    for name, fields in made.items():
        hold(ledger, name, **fields)
    ledger.void(ending("a1", "connection refused", fault="connect"))
    ledger.mark_unknown(ending("a2", "the client hung up"))
    ledger.settle(truth("a3", "0.10", waste="tool_arguments", first_token_ms=300))
    ledger.settle(truth("a4", "0.20", status=500, first_token_ms=500))
    ledger.settle(truth("a5", "0.30", fault="reset", status=200))
    (row,) = reports.spend("all", since_ms=0)
    assert (row.retries, row.fallbacks, row.escalations) == (3, 1, 2)
    assert row.client_retries == 1
    # A refused connection is the provider's doing; a client that hangs up is not.
    assert row.failed == 3
    assert row.wasted == usd("0.10")
    assert row.first_token_ms == 400


def test_errors_that_a_smoke_test_asks_for_are_no_errors_of_the_provider(
    ledger: Ledger, reports: Reports
) -> None:
    hold(ledger, "smoke-1", request="smoke-1")
    # An agent's first attempt is called as its request, too.
    hold(ledger, "req_1", request="req_1")
    ledger.void(ending("smoke-1", "the provider answered 401", status=401))
    ledger.void(ending("req_1", "the provider answered 401", status=401))
    (row,) = reports.spend("all", since_ms=0)
    assert (row.attempts, row.failed) == (2, 1)


def test_the_price_of_an_accepted_outcome(ledger: Ledger, reports: Reports) -> None:
    for name, session, root, cost in [
        ("a1", "good", "good", "0.10"),
        ("a2", "good/helper", "good", "0.20"),
        ("a3", "bad", "bad", "0.50"),
        ("a4", "open", "open", "4.00"),
    ]:
        hold(ledger, name, "5", session=session, root_session=root)
        ledger.settle(truth(name, cost))
    (before,) = reports.spend("all", since_ms=0)
    assert (before.judged, before.accepted) == (0, 0)
    ledger.judge("good", "accepted", note="", who="me")
    ledger.judge("bad", "rejected", note="", who="me")
    ledger.correct("a3", usd("0.60"), note="", who="me")
    (row,) = reports.spend("all", since_ms=0)
    assert (row.judged, row.accepted) == (2, 1)
    assert row.judged_cost == usd("0.90")
    by_session = {r.key: r for r in reports.spend("session", since_ms=0)}
    assert by_session["good/helper"].accepted == 1
    assert by_session["good/helper"].judged_cost == usd("0.20")
    assert by_session["bad"].accepted == 0
    assert by_session["open"].judged == 0


def test_corrections_count_in_every_sum(ledger: Ledger, reports: Reports) -> None:
    for name, model in [("a1", "gpt-5"), ("a2", "gpt-5-mini")]:
        hold(ledger, name, "0.50", provider="openai", model=model)
        ledger.settle(truth(name, "0.40", wasted=name == "a1"))
    ledger.correct("a1", usd("0.10"), note="", who="me")
    for by in get_args(SpendBy):
        rows = reports.spend(by, since_ms=0)
        assert sum(row.cost.pico for row in rows) == usd("0.50").pico, by
        assert sum(row.wasted.pico for row in rows) == usd("0.10").pico, by
    # What was corrected is booked at the attempt's own instant.
    assert keyed(reports, "all", since_ms=NOW_MS + 1) == {}
    assert reports.wasted(0) == usd("0.10")


@pytest.mark.parametrize("size", [1, 2, 3])
def test_slices_sum_to_the_same_whole(
    spent: Ledger, reports: Reports, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    spent.judge("s-codex", "accepted", note="", who="me")
    spent.correct("a3", usd("0.50"), note="", who="me")
    whole = [reports.summed(by, since_ms=0) for by in get_args(SpendBy)]
    monkeypatch.setattr(spend_module, "SLICE", size)
    assert [reports.summed(by, since_ms=0) for by in get_args(SpendBy)] == whole


def test_the_total_is_that_of_all_rows(spent: Ledger, reports: Reports) -> None:
    spent.judge("s-codex", "accepted", note="", who="me")
    for by in get_args(SpendBy):
        _, total = reports.summed(by, since_ms=0)
        assert total.cost == usd("0.70"), by
        assert (total.judged, total.accepted) == (1, 1), by
        assert total.judged_cost == usd("0.50"), by
