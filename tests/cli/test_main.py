"""Every failure is one sentence and one exit code; JSON stays one document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from faregate.cli.commands import COMMANDS
from faregate.cli.exit_codes import ExitCode
from faregate.cli.main import main
from faregate.config.paths import Paths
from faregate.config.problems import ConfigError
from tests.cli.conftest import Cli


def test_help_lists_every_command(cli: Cli) -> None:
    result = cli("--help")
    assert result.code == 0
    for name, text in COMMANDS.items():
        assert f"  {name} " in result.out
        assert text in " ".join(result.out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, cli: Cli) -> None:
    result = cli(name, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: faregate {name}")
    assert cli(name, "-h").out == result.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["statsu"], "Did you mean status?"),
        (["status", "--jsn"], "--json"),
        (["--nothing"], "No such option"),
        (["budget", "set", "monthly"], "AMOUNT"),
        (["run"], "COMMAND"),
        (["env", "emacs"], "no agent 'emacs' is known"),
        (["env", "claud"], "Did you mean claude?"),
        (["status", "--json", "--line"], "exclude"),
    ],
)
def test_wrong_usage_is_told_and_ends_with_2(
    arguments: list[str], said: str, cli: Cli
) -> None:
    result = cli(*arguments)
    assert result.code == ExitCode.USAGE
    assert said in result.err
    if "--json" not in arguments:
        assert result.out == ("false\n" if arguments[0] == "env" else "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "--json", "--nonsense"],
        ["holds", "--json"],
        ["holds", "resolve", "x", "void", "--json"],
        ["budget", "set", "monthly", "ten", "--json"],
        ["env", "--json"],
        ["statsu", "--json"],
    ],
)
def test_a_failure_with_json_is_one_json_document(
    arguments: list[str], cli: Cli
) -> None:
    result = cli(*arguments)
    assert result.code != 0
    document = json.loads(result.out)
    assert set(document["error"]) == {"code", "message"}
    assert document["error"]["message"] in " ".join(result.err.split()) or result.err


def test_a_bad_configuration_stops_every_command_that_needs_it(
    cli: Cli, paths: Paths
) -> None:
    paths.config.write_text("[budget]\nmonthly = -1\n")
    for arguments in (["up"], ["serve"], ["budget"], ["providers"], ["run", "true"]):
        result = cli(*arguments)
        assert result.code == ExitCode.USAGE
        assert f"{paths.config}:2: budget.monthly: -1 is below zero" in result.err
        assert result.out == ""


def test_the_live_view_needs_a_terminal(cli: Cli) -> None:
    result = cli()
    assert result.code == ExitCode.USAGE
    assert "needs a terminal" in result.err


def test_debug_shows_where(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.config.write_text("x = 1\n")
    monkeypatch.setenv("FAREGATE_DEBUG", "1")
    with pytest.raises(ConfigError):
        main(["providers"])


def faregate(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "faregate", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **environ},
        check=False,
    )


def test_the_exit_code_leaves_the_process(paths: Paths) -> None:
    assert faregate("version").returncode == 0
    done = faregate("status", "--line")
    assert (done.returncode, done.stdout) == (3, "faregate: not running\n")
    done = faregate("nonsense")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_fault(paths: Paths) -> None:
    done = subprocess.run(
        f"{sys.executable} -m faregate config schema | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout == "{"
    assert done.stderr == ""


def test_a_closed_output_is_no_fault(paths: Paths) -> None:
    done = subprocess.run(
        f"{sys.executable} -m faregate version >&-",
        shell=True,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_while_a_command_loads_is_one_line(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("faregate.cli.main._run", load)
    result = cli("up")
    assert (result.code, result.err) == (130, "faregate: interrupted\n")


@pytest.mark.parametrize("group", ["config"])
def test_a_group_without_a_command_shows_its_help(group: str, cli: Cli) -> None:
    result = cli(group)
    assert result.code == ExitCode.USAGE
    assert result.err.startswith(f"Usage: faregate {group} ")
    assert "faregate: " not in result.err


def test_code_of_the_working_folder_is_not_imported(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("click", "msgspec", "platformdirs", "tomllib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hostile')\n")
    monkeypatch.chdir(tmp_path)
    assert faregate("config", "check").returncode == 0


def test_starting_loads_neither_the_screen_nor_the_engine(paths: Paths) -> None:
    script = (
        "import sys, json; from faregate.cli.main import main; "
        "code = main(['status', '--line']); "
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    heavy = {"textual", "aiohttp", "asyncio", "click", "msgspec", "ssl", "tomllib"}
    assert loaded & heavy == set()
