"""Checking the configuration, its path, its schema."""

from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.conftest import Cli


def test_the_path_alone(cli: Cli, paths: Paths) -> None:
    result = cli("config", "path")
    assert (result.code, result.out, result.err) == (0, f"{paths.config}\n", "")


def test_the_path_and_the_schema_as_documents(cli: Cli, paths: Paths) -> None:
    assert json.loads(cli("config", "path", "--json").out) == {
        "config": str(paths.config),
        "exists": False,
        "overrides": str(paths.overrides),
    }
    assert cli("config", "schema", "--json").out == cli("config", "schema").out


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


def test_keys_of_actions_that_do_not_exist_are_told(cli: Cli, paths: Paths) -> None:
    paths.config.write_text('[keys]\nquitt = "Q"\nsort = "o"\n')
    result = cli("config", "check")
    assert result.code == ExitCode.USAGE
    assert "[keys] quitt: there is no such action; did you mean quit?" in result.err
    document = json.loads(cli("config", "check", "--json").out)
    assert document["ok"] is False
    assert "quitt" in document["problems"][0]["message"]
    paths.config.write_text('[keys]\nquit = "Q"\n')
    assert cli("config", "check").code == 0


@pytest.mark.parametrize(
    "line",
    [
        'openai = "x"',
        'anthropic = "ANTHROPIC_API_KEY"',
        'sort = "sk-abcdefgh"',
        'mine = "MINE_API_KEY"',
        'mine = "0123456789abcdef01234567"',
    ],
)
def test_a_providers_key_among_the_screens_is_told_and_not_shown(
    line: str, cli: Cli, paths: Paths
) -> None:
    paths.config.write_text(f"[keys]\n{line}\n")
    result = cli("config", "check")
    assert result.code == ExitCode.USAGE
    assert "not of providers" in result.err
    assert 'key_env = "VARIABLE"' in result.err
    value = line.partition('"')[2].rstrip('"')
    assert value == "x" or value not in result.out + result.err


@pytest.mark.parametrize("key", ["o,ctrl+s", "question_mark", "shift+f10", "G,end"])
def test_a_key_of_the_screen_is_no_credential(key: str, cli: Cli, paths: Paths) -> None:
    paths.config.write_text(f'[keys]\nsort = "{key}"\n')
    assert cli("config", "check").code == 0


def test_a_provider_whose_variable_is_not_set_is_told(
    cli: Cli, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.config.write_text('[providers.openai]\nkey_env = "MY_OPENAI"\n')
    monkeypatch.delenv("MY_OPENAI", raising=False)
    for value in (None, "", "  "):
        if value is not None:
            monkeypatch.setenv("MY_OPENAI", value)
        result = cli("config", "check")
        assert result.code == 0
        assert "openai: no key found: MY_OPENAI is not set (in this shell" in result.out
        (told,) = json.loads(cli("config", "check", "--json").out)["warnings"]
        assert "MY_OPENAI" in told
    monkeypatch.setenv("MY_OPENAI", "sk-x")
    assert "no key" not in cli("config", "check").out


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
