"""A workload by history, and what options change of it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from faregate.cli import assumptions, since
from faregate.cli.exit_codes import ExitCode
from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.core.usage import Usage
from tests.cli.conftest import Cli
from tests.cli.priced_home import configure
from tests.ledger.building import NOW_MS, hold, open_ledger, truth

DAY_MS = 86_400_000
USAGE = Usage(uncached_input=100, cache_read=800, cache_write_5m=100, output=50)


@pytest.fixture(autouse=True)
def history(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two days of ten requests, a fifth of them escalated; one model has a price."""
    configure(paths)
    for module in (since, assumptions):
        monkeypatch.setattr(module, "now_ms", lambda: NOW_MS + 2 * DAY_MS)
    ledger = open_ledger(load(paths).ledger_dir)
    for number in range(10):
        name = f"req_{number}"
        made: dict[str, Any] = {
            "request": name,
            "at_ms": NOW_MS + number,
            "route": "first",
            "provider": "sim",
        }
        hold(ledger, name, model="cheap", **made)
        ledger.settle(truth(name, "0.01", usage=USAGE))
        if number < 2:
            made |= {"cause": "escalation:empty_answer", "first_attempt": False}
            hold(ledger, f"{name}.2", model="dear", **made)
            ledger.settle(truth(f"{name}.2", "0.01", usage=USAGE))
    ledger.close()


def assumed(cli: Cli, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cli("estimate", "--json", *arguments).out)
    return found


def test_history_alone(cli: Cli) -> None:
    found = assumed(cli)
    work = found["assumed"]
    assert work["source"] == "history"
    # Ten requests in two days; what was asked twice counts in a request's tokens.
    assert work["requests_a_month"] == pytest.approx(150, rel=1e-4)
    assert (work["cache_read"], work["cache_write"]) == (960, 120)
    assert (work["uncached_input"], work["output"]) == (120, 60)
    assert work["escalated"] == {"first": 0.2}
    names = {each["name"] for each in found["estimates"]}
    assert names == {"sim/cheap", "sim/dear", "first"}


def test_it_says_how_much_history_it_rests_on(cli: Cli) -> None:
    result = cli("estimate")
    assert "from history (2.0 days and 10 requests of history)" in result.out
    assert "unreliable: it rests on 2.0 days and 10 requests" in result.err
    told = assumed(cli)["assumed"]["history"]
    assert told == {"days": 2.0, "requests": 10, "reliable": False}


def test_a_month_is_not_told_from_minutes(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (since, assumptions):
        monkeypatch.setattr(module, "now_ms", lambda: NOW_MS + 14 * 60_000)
    result = cli("estimate")
    assert result.code == ExitCode.FAILED
    assert "14m00s and 10 requests of history: too little" in result.err
    assert "--requests" in result.err
    failed = cli("estimate", "--json")
    assert json.loads(failed.out)["error"]["code"] == "too_little_history"
    # What a request is like may come from it, where a person says how many there are.
    given = cli("estimate", "--requests", "5")
    assert given.code == 0
    assert "150 requests a month" in given.out
    assert "unreliable" in given.err


@pytest.mark.parametrize(
    ("days", "requests", "reliable"),
    [("7", 50, True), ("6.9", 500, False), ("30", 49, False), ("30", 5_000, True)],
)
def test_what_speaks_for_a_month(days: str, requests: int, reliable: bool) -> None:
    basis = assumptions.Basis(days=Decimal(days), requests=requests)
    assert basis.reliable is reliable


def test_options_go_first(cli: Cli) -> None:
    work = assumed(cli, "--requests", "1", "--cached", "100")["assumed"]
    assert work["source"] == "history and options"
    assert work["requests_a_month"] == 30
    assert (work["cache_read"], work["cache_write"], work["uncached_input"]) == (
        1200,
        0,
        0,
    )


def test_enough_options_need_no_history(cli: Cli) -> None:
    work = assumed(cli, "--requests", "1", "--input", "10", "--output", "1")["assumed"]
    assert (work["source"], work["uncached_input"]) == ("options", 10)
    assert work["history"] is None


def test_a_time_without_history(cli: Cli) -> None:
    result = cli("estimate", "--since", "1h")
    assert result.code == 2
    assert "no history" in result.err


def test_one_share_for_every_route(cli: Cli) -> None:
    assert assumed(cli, "--escalated", "50")["assumed"]["escalated"] == {"first": 0.5}
