"""What the running proxy does not know yet, told wherever a person would look."""

from __future__ import annotations

import os

import pytest

from faregate.cli.behind import changed_since_start, keys_since_start
from faregate.config.load import load
from faregate.config.paths import Paths
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli

RESTART = "faregate down; faregate up"


def configure(paths: Paths, *, later_s: int) -> None:
    """Write a configuration, that many seconds after the proxy came up."""
    paths.pid.write_text("4242\n")
    paths.config.write_text("[budget]\nmonthly = 5\n")
    at = paths.pid.stat().st_mtime + later_s
    os.utime(paths.config, (at, at))


def test_a_configuration_that_is_newer_than_the_proxy_is_told(paths: Paths) -> None:
    configure(paths, later_s=1)
    (told,) = changed_since_start(paths)
    assert str(paths.config) in told
    assert RESTART in told


def test_an_older_configuration_is_in_force(paths: Paths) -> None:
    configure(paths, later_s=-1)
    assert changed_since_start(paths) == []


def test_without_a_configuration_or_a_proxy_there_is_nothing_to_tell(
    paths: Paths,
) -> None:
    assert changed_since_start(paths) == []
    paths.config.write_text("")
    assert changed_since_start(paths) == []


def test_a_key_that_came_after_the_start_is_told_without_its_value(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary")
    (told,) = keys_since_start(load(paths), frozenset({"anthropic"}))
    assert "OPENAI_API_KEY" in told
    assert "ANTHROPIC" not in told
    assert "sk-canary" not in told
    assert RESTART in told


def test_our_own_token_is_no_new_key(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "fg-ours")
    assert keys_since_start(load(paths), frozenset()) == []


@pytest.mark.parametrize(
    "command",
    [["up"], ["status"], ["budget"], ["providers"], ["config", "check"],
     ["run", "true"]],
)  # fmt: skip
def test_every_command_that_shows_settings_tells_it(
    command: list[str], cli: Cli, proxy: AskedProxy, paths: Paths
) -> None:
    configure(paths, later_s=1)
    result = cli(*command)
    assert result.code == 0
    assert "changed after the proxy started" in result.err
    configure(paths, later_s=-1)
    assert "changed after" not in cli(*command).err


@pytest.mark.parametrize("command", ["up", "providers"])
def test_commands_about_keys_tell_of_new_ones(
    command: str, cli: Cli, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk-x")
    assert "GROQ_API_KEY is set here" in cli(command).err


def test_a_stopped_proxy_is_behind_nothing(cli: Cli, paths: Paths) -> None:
    configure(paths, later_s=1)
    assert "changed after" not in cli("config", "check").err
    assert "changed after" not in cli("budget").err
