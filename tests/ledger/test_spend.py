"""Sums by key over a stretch of time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

import pytest

from faregate.core.holds import LedgerError
from faregate.core.labels import Labels
from faregate.core.money import Money
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
    assert (row.wasted, row.failed) == (usd("0.10"), 2)
    assert (row.unpriced, row.estimated) == (1, 1)
    assert row.ttfb_ms == 400


def test_sums_beyond_64_bits_are_an_error(folder: Path) -> None:
    ledger = open_ledger(folder)
    reports = Reports.open(folder)
    for name in ("a1", "a2"):
        hold(ledger, name, budgets=(), amount=Money(2**62 + 1), session=name)
        ledger.settle(truth(name, Money(2**62 + 1)))
    assert len(reports.spend("session", since_ms=0)) == 2
    with pytest.raises(LedgerError, match="integer overflow"):
        reports.spend("all", since_ms=0)
    reports.close()
    ledger.close()
