"""A real proxy from `up` to `down`, and what an agent inside a run cannot do."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.core.money import Money
from tests.cli.conftest import Cli
from tests.cli.gate_home import configure
from tests.cli.terminal import in_terminal

# What an agent would try, having taken off the mark that it runs inside a run.
RAISES = """
import sys
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.models import SetBudget
client = ControlClient(find_paths().socket)
try:
    client.set_budget(
        SetBudget(scope="global", window="month", limit="1000"), confirmed=True
    )
    print("RAISED")
except ControlError as error:
    print("refused:", error.code)
try:
    client.shutdown()
    print("STOPPED")
except ControlError as error:
    print("refused:", error.code)
"""


@pytest.fixture
def gate(cli: Cli, paths: Paths) -> Iterator[str]:
    """A real proxy, started by `up` and stopped by `down`; its address."""
    port = configure(paths)
    result = cli("up")
    assert result.code == 0, result.err
    assert result.out == f"http://127.0.0.1:{port}\n"
    assert "the proxy is running. Monthly cap $20.00" in result.err
    yield f"http://127.0.0.1:{port}"
    ended = cli("down")
    assert ended.code == 0, ended.err
    assert not paths.socket.exists()
    assert cli("status").code == ExitCode.UNREACHABLE


def get(url: str, token: str) -> int:
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)


def test_up_status_env_budget_run(
    cli: Cli, gate: str, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = cli("up", "--json")
    assert json.loads(again.out)["started"] is False
    status = json.loads(cli("status", "--json").out)
    assert status["proxy"]["url"] == gate
    assert cli("status", "--line").out == "$0.00/$20.00 · 0.0%\n"

    env = json.loads(cli("env", "openai", "--json").out)["env"]
    assert env["OPENAI_BASE_URL"] == f"{gate}/v1"
    assert get(f"{gate}/v1/models", env["OPENAI_API_KEY"]) == 200
    assert get(f"{gate}/v1/models", "fg-forged") == 401

    assert cli("budget", "set", "monthly", "5").code == 0
    assert load(paths).budget.monthly == Money.usd(5)
    budgets = json.loads(cli("status", "--json").out)["budgets"]
    assert budgets[0]["limit"] == "5"
    assert cli("holds", "--json").code == 0

    token_file = tmp_path / "token"
    script = (
        f'printf %s "$OPENAI_API_KEY" > {token_file}; '
        f"env -u FAREGATE_SESSION {sys.executable} -c '{RAISES}'; "
        f"{sys.executable} -m faregate budget set monthly 100; "
        f"{sys.executable} -m faregate run -- echo NESTED; echo nested: $?; "
        f'eval "$({sys.executable} -m faregate env openai)"; '
        f'[ "$OPENAI_API_KEY" = "$(cat {token_file})" ] && echo same token; exit 9'
    )
    result = cli("run", "--lend-key", "-t", "T-1", "--", "sh", "-c", script)
    assert result.code == 9
    assert result.out.splitlines() == [
        *["refused: forbidden"] * 2,
        f"nested: {ExitCode.REFUSED:d}",
        "same token",
    ]
    assert "start the command without another faregate run" in result.err
    assert "an agent cannot raise its own cap" in result.err
    assert load(paths).budget.monthly == Money.usd(5)
    token = token_file.read_text()
    assert token.startswith("fg-")
    assert get(f"{gate}/v1/models", token) != 200


def test_a_person_raises_it_live(cli: Cli, gate: str, paths: Paths) -> None:
    ended = in_terminal("budget", "set", "monthly", "50", answer="50")
    assert ended.code == 0, ended.screen
    budgets = json.loads(cli("status", "--json").out)["budgets"]
    assert budgets[0]["limit"] == "50"
    assert "next start" not in ended.screen


def test_run_starts_the_proxy_itself(cli: Cli, paths: Paths) -> None:
    port = configure(paths)
    try:
        result = cli("run", "--", "sh", "-c", 'echo "$OPENAI_BASE_URL"')
        assert result.code == 0
        assert result.out.startswith(f"http://127.0.0.1:{port}/s/run-")
    finally:
        assert cli("down").code == 0


def test_the_line_is_there_in_a_moment(cli: Cli, gate: str) -> None:
    """It loads nothing that would take longer; the time itself is not asserted."""
    result = cli("status", "--line")
    assert (result.code, result.err) == (0, "")
    assert os.linesep in result.out
