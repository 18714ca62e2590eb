from __future__ import annotations

import json

import pytest

from faregate.cli.requests import ended, ms
from faregate.config.paths import Paths
from tests.cli.conftest import Cli
from tests.cli.cost_home import fill
from tests.tui.cost_scene import request


@pytest.fixture
def filled(paths: Paths) -> Paths:
    fill(paths)
    return paths


def test_the_newest_first(cli: Cli, filled: Paths) -> None:
    lines = cli("requests").out.splitlines()
    ids = [line.split()[-1] for line in lines]
    assert ids == ["ID", "req_4", "req_3", "req_2", "req_1"]
    told = dict(zip(ids, lines, strict=True))
    assert "$0.50?" in told["req_4"]
    assert "refused budget_exceeded" in told["req_3"]
    assert "\x1b" not in told["req_3"]
    assert "provider error 529" in told["req_2"]
    assert "~$0.30" in told["req_2"]
    assert "anthropic/claude-sonnet-4-5" in told["req_1"]
    assert " 2 " in told["req_1"]


def test_counted_tokens_are_called_so() -> None:
    assert ended(request("c", attempts=0)) == "counted"
    assert ended(request("r")) == "answered"


def test_the_document_carries_every_figure(cli: Cli, filled: Paths) -> None:
    document = json.loads(cli("requests", "--session", "shop-1", "--json").out)
    (one,) = document["requests"]
    expected = {
        "id": "req_1",
        "session": "shop-1",
        "route": "cheap",
        "attempts": 2,
        "retries": 1,
        "cost": "0.2",
        "cost_source": "table",
        "input_tokens": 2130,
        "cache_read_tokens": 2000,
        "output_tokens": 50,
        "ttfb_ms": 410,
        "first_token_ms": 500,
        "duration_ms": 1510,
        "status": 200,
        "outcome": "accepted",
        "result": "answered",
    }
    assert {name: one[name] for name in expected} == expected
    assert one["labels"]["customer"] == "acme"


def test_no_more_than_asked_for(cli: Cli, filled: Paths) -> None:
    result = cli("requests", "--limit", "1")
    assert result.out.splitlines()[1].endswith("req_4")
    assert "more: --limit" in result.err
    assert json.loads(cli("requests", "--since", "2030-01-01", "--json").out) == {
        "requests": []
    }


def test_without_a_ledger(cli: Cli, paths: Paths) -> None:
    assert cli("requests").out == "no request is known\n"
    assert json.loads(cli("requests", "--json").out) == {"requests": []}


def test_durations() -> None:
    shown = [ms(each) for each in (None, 0, 850, 2100, 200_000)]
    assert shown == ["-", "0ms", "850ms", "2.1s", "3m20s"]
