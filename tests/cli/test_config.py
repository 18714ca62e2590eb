"""Checking the configuration, its path, its schema."""

from __future__ import annotations

import json

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.conftest import Cli


def test_the_path_alone(cli: Cli, paths: Paths) -> None:
    result = cli("config", "path")
    assert (result.code, result.out, result.err) == (0, f"{paths.config}\n", "")


def test_a_missing_configuration_is_fine(cli: Cli, paths: Paths) -> None:
    assert cli("config", "check").out == f"{paths.config} does not exist: defaults\n"
    document = json.loads(cli("config", "check", "--json").out)
    assert document == {
        "ok": True,
        "config": str(paths.config),
        "exists": False,
        "hidden": [],
        "warnings": [],
    }


def test_problems_are_listed_with_their_places(cli: Cli, paths: Paths) -> None:
    paths.config.write_text('[budget]\nmonthly = "$10"\nfoo = 1\n')
    result = cli("config", "check")
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert f"{paths.config}:2: budget.monthly" in result.err
    assert f"{paths.config}:3: budget.foo" in result.err
    result = cli("config", "check", "--json")
    assert result.code == ExitCode.USAGE
    document = json.loads(result.out)
    assert document["ok"] is False
    assert document["problems"][0] == {
        "file": str(paths.config),
        "line": 2,
        "key": "budget.monthly",
        "message": '"$10" is text; money is a bare number of USD',
        "hint": "Write: monthly = 10",
    }


def test_what_an_override_hides_is_listed(cli: Cli, paths: Paths) -> None:
    paths.config.write_text("[budget]\nmonthly = 20\n")
    assert cli("budget", "set", "monthly", "5").code == 0
    lines = cli("config", "check").out.splitlines()
    assert lines == [
        f"{paths.config} is fine",
        "budget.monthly = 5 (overrides.toml) hides 20 (config.toml)",
    ]
    (hidden,) = json.loads(cli("config", "check", "--json").out)["hidden"]
    assert hidden == {"key": "budget.monthly", "configured": "20", "override": "5"}


def test_the_schema_is_json(cli: Cli) -> None:
    assert json.loads(cli("config", "schema").out)["type"] == "object"
