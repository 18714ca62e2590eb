"""Sums for a person, a script and a spreadsheet, without a proxy."""

from __future__ import annotations

import csv
import io
import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.cli.report import percent
from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.control.cost_log import REPORT_BY
from tests.cli.conftest import Cli
from tests.cli.cost_home import fill


@pytest.fixture
def filled(paths: Paths) -> Paths:
    fill(paths)
    return paths


def test_what_was_wasted_retried_and_accepted(cli: Cli, filled: Paths) -> None:
    result = cli("report", "--by", "agent", "--since", "all")
    assert result.code == 0
    header, *rows, _, notes = result.out.splitlines()
    assert header.split() == [
        *("AGENT", "COST", "WASTED", "UNKNOWN", "REQUESTS", "RETRY", "ESCALATED"),
        *("ERRORS", "IN", "CACHED", "OUT", "PER", "ACCEPTED"),
    ]
    told = {row.split()[0]: row.split()[1:] for row in rows}
    assert told["aider"][:4] == ["~$0.30", "$0.30", "$0.50", "2"]
    assert told["claude-code"][:6] == ["$0.20", "$0.00", "$0.00", "1", "100%", "-"]
    # One accepted task, paid for with everything that was judged.
    assert told["all"][-1] == "$0.50"
    assert "1 of 2 judged sessions accepted" in notes


def test_the_document(cli: Cli, filled: Paths) -> None:
    document = json.loads(
        cli("report", "--by", "route", "--since", "all", "--json").out
    )
    assert (document["by"], document["since"]) == ("route", None)
    rows = {row["key"]: row for row in document["rows"]}
    assert rows["cheap"]["cost"] == "0.2"
    assert rows["cheap"]["fallbacks"] == 1
    assert rows[None]["wasted"] == "0.3"
    assert document["total"]["cost"] == "0.5"
    assert document["total"]["cost_per_accepted"] == "0.5"


def test_every_key_can_be_asked_for(cli: Cli, filled: Paths) -> None:
    for by in REPORT_BY:
        out = cli("report", "--by", by, "--since", "all", "--json").out
        document = json.loads(out)
        sums = [row["requests"] for row in document["rows"]]
        assert sum(sums) == document["total"]["requests"] == 3, by


def test_csv_for_a_spreadsheet(cli: Cli, filled: Paths) -> None:
    out = cli("report", "--by", "task", "--since", "all", "--csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["task"]: row["cost"] for row in rows} == {"": "0.3", "'=1+1": "0.2"}


def test_only_the_time_that_was_asked(cli: Cli, filled: Paths) -> None:
    document = json.loads(cli("report", "--since", "2030-01-01", "--json").out)
    assert document["rows"] == []
    assert document["total"]["cost"] == "0"


def test_without_a_ledger(cli: Cli, paths: Paths) -> None:
    assert cli("report", "--since", "all").out == "nothing was asked ever\n"
    document = json.loads(cli("report", "--json").out)
    assert (document["rows"], document["total"]["requests"]) == ([], 0)


def test_usage_errors_are_documents_too(cli: Cli, paths: Paths) -> None:
    for arguments in (("--by", "mood"), ("--since", "soon"), ("--csv",)):
        result = cli("report", "--json", *arguments)
        assert result.code == ExitCode.USAGE
        assert json.loads(result.out)["error"]["code"] == "usage"


def test_a_ledger_that_cannot_be_read(cli: Cli, filled: Paths) -> None:
    folder = load(filled).ledger_dir
    (folder / "ledger.db").write_bytes(b"nonsense" * 1000)
    result = cli("report", "--json")
    assert result.code == ExitCode.FAILED
    assert "error" in json.loads(result.out)


def test_shares() -> None:
    shares = (0.0, 0.0123, 0.1, 0.5, 1.25)
    assert [percent(s) for s in shares] == ["-", "1.2%", "10%", "50%", "125%"]
