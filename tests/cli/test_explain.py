from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.conftest import Cli
from tests.cli.cost_home import fill


@pytest.fixture
def filled(paths: Paths) -> Paths:
    fill(paths)
    return paths


def test_the_document(cli: Cli, filled: Paths) -> None:
    document = json.loads(cli("explain", "req_1", "--json").out)
    assert document["request"]["id"] == "req_1"
    assert [each["attempt"] for each in document["attempts"]] == ["req_1", "req_1.2"]
    assert [note["step"] for note in document["notes"]] == [
        *("identity", "limits", "loop", "hold", "cost")
    ]


def test_an_attempt_names_its_request(cli: Cli, filled: Paths) -> None:
    assert cli("explain", "req_1.2").out.startswith("req_1  ")


def test_the_latest_request(cli: Cli, filled: Paths) -> None:
    assert cli("explain", "last").out.startswith("req_4  ")


@pytest.mark.parametrize("name", ["req_9", "last"])
def test_one_that_never_was(cli: Cli, paths: Paths, name: str) -> None:
    result = cli("explain", name, "--json")
    assert result.code == ExitCode.FAILED
    assert json.loads(result.out)["error"]["code"] == "no_such_request"
