"""Every attempt for other programs: whole, in order, harmless, page by page."""

from __future__ import annotations

import csv
import io
import json

import pytest

from faregate import bookkeeping
from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.conftest import Cli
from tests.cli.cost_home import fill

ATTEMPTS = ["req_1", "req_1.2", "req_2", "req_4"]


@pytest.fixture
def filled(paths: Paths) -> Paths:
    fill(paths)
    return paths


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_pages_make_one_whole(
    cli: Cli, filled: Paths, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookkeeping, "PAGE", page)
    out = cli("export", "--jsonl").out
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["attempt"] for row in rows] == ATTEMPTS


def test_a_row_has_everything(cli: Cli, filled: Paths) -> None:
    rows = [json.loads(line) for line in cli("export", "--jsonl").out.splitlines()]
    second = rows[1]
    expected = {
        "request": "req_1",
        "customer": "acme",
        "workspace": "shop",
        "agent": "claude-code",
        "task": "=1+1",
        "route": "cheap",
        "cause": "fallback:connect",
        "prompt_tokens": 100,
        "cached_tokens": 2000,
        "completion_tokens": 50,
        "reasoning_tokens": 0,
        "cost": "0.2",
        "cost_source": "table",
        "status": 200,
        "first_token_ms": 500,
        "outcome": "accepted",
    }
    assert {name: second[name] for name in expected} == expected
    assert (rows[0]["fault"], rows[0]["waste"], rows[0]["state"]) == (
        "connect",
        "connect",
        "voided",
    )
    assert (rows[2]["cost"], rows[2]["corrected"], rows[2]["wasted"]) == (
        "0.3",
        True,
        True,
    )


def test_csv_holds_no_formula(cli: Cli, filled: Paths) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("export", "--csv").out)))
    assert [row["attempt"] for row in rows] == ATTEMPTS
    assert rows[0]["task"] == "'=1+1"
    assert (rows[1]["cost"], rows[1]["wasted"], rows[1]["note"]) == ("0.2", "false", "")


def test_only_the_time_that_was_asked(cli: Cli, filled: Paths) -> None:
    assert cli("export", "--jsonl", "--since", "2030-01-01").out == ""


def test_without_a_ledger(cli: Cli, paths: Paths) -> None:
    assert cli("export", "--jsonl").out == ""
    assert len(cli("export", "--csv").out.splitlines()) == 1


def test_one_document(cli: Cli, filled: Paths) -> None:
    document = json.loads(cli("export", "--json").out)
    assert [row["attempt"] for row in document["attempts"]] == ATTEMPTS
    lines = cli("export", "--jsonl").out.splitlines()
    assert document["attempts"] == [json.loads(line) for line in lines]


def test_one_document_of_nothing(cli: Cli, paths: Paths) -> None:
    assert json.loads(cli("export", "--json").out) == {"attempts": []}


def test_a_failure_is_a_document_too(cli: Cli, paths: Paths) -> None:
    assert "error" in json.loads(cli("export", "--json", "--since", "soon").out)


def test_a_form_must_be_named(cli: Cli, paths: Paths) -> None:
    assert cli("export").code == ExitCode.USAGE
