"""The demo: real figures that agree with the provider's bill, nothing left behind."""

from __future__ import annotations

import re
from pathlib import Path

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.conftest import Cli
from tests.cli.terminal import in_terminal


def contents(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_headless_ends_with_figures_that_agree(cli: Cli, paths: Paths) -> None:
    before = contents(paths.config_dir)
    result = cli("demo", "--headless")
    assert result.code == 0, result.out + result.err
    booked = re.search(r"booked by the gate +\$([0-9.]+)", result.out)
    billed = re.search(r"billed by the provider +\$([0-9.]+) +they agree", result.out)
    assert booked is not None
    assert billed is not None
    assert booked[1] == billed[1]
    assert float(booked[1]) > 0
    for name in ("claude-code", "codex", "opencode", "aider"):
        assert f" {name} " in result.out
    assert "stopped by the gate    aider: Monthly budget reached" in result.out
    assert contents(paths.config_dir) == before


def test_the_live_view_needs_a_terminal(cli: Cli) -> None:
    result = cli("demo")
    assert result.code == ExitCode.USAGE
    assert "faregate demo --headless" in result.err


def test_q_ends_all_of_it(paths: Paths) -> None:
    before = contents(paths.config_dir)
    ended = in_terminal(
        "demo", answer="q", when="SPEND", environ={"TERM": "xterm-256color"}
    )
    assert ended.code == 0, ended.screen
    assert "the demo is over" in ended.screen
    assert contents(paths.config_dir) == before
