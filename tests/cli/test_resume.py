"""`faregate resume`: only by a person."""

from __future__ import annotations

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.terminal import in_terminal


def test_a_person_resumes(paths: Paths, proxy: AskedProxy) -> None:
    ended = in_terminal("resume", "s1", answer="yes")
    assert ended.code == 0
    assert "Let session s1 go on, with its limits from the start?" in ended.screen
    assert proxy.asked("/v1/resume") == [{"scope": "session:s1"}]
    assert proxy.seen[-1].headers["x-faregate-confirmed"] == "tty"


def test_a_no_changes_nothing(paths: Paths, proxy: AskedProxy) -> None:
    assert in_terminal("resume", "--all", answer="no").code == ExitCode.REFUSED
    assert proxy.asked("/v1/resume") == []


def test_inside_a_run_it_is_refused(
    cli: Cli, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAREGATE_SESSION", "s1")
    assert cli("resume", "--all").code == ExitCode.REFUSED
    assert proxy.asked("/v1/resume") == []
