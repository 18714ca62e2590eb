"""`faregate resume`: only by a person."""

from __future__ import annotations

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from faregate.control.governing import LatchAnswer, LatchView
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.terminal import in_terminal


def test_a_person_resumes(paths: Paths, proxy: AskedProxy) -> None:
    ended = in_terminal("resume", "s1", answer="yes")
    assert ended.code == 0
    assert "Let session s1 go on, with its limits from the start?" in ended.screen
    assert proxy.asked("/v1/resume") == [{"scope": "session:s1"}]
    assert proxy.seen[-1].headers["x-faregate-confirmed"] == "tty"


def test_alone_it_resumes_everything(paths: Paths, proxy: AskedProxy) -> None:
    ended = in_terminal("resume", answer="yes")
    assert ended.code == 0
    assert "Let everything go on?" in ended.screen
    assert "everything: resumed" in ended.screen
    assert proxy.asked("/v1/resume") == [{"scope": "all"}]


def test_what_is_paused_by_name_stays_so(paths: Paths, proxy: AskedProxy) -> None:
    proxy.latched = LatchAnswer(scope="", changed=False)
    proxy.answers["GET /v1/latches"] = [
        LatchView(scope="workspace:web", state="paused", at="", who="")
    ]
    screen = in_terminal("resume", answer="yes").screen
    assert "by name, and not resumed: workspace:web (paused)" in screen
    assert "already" not in screen


def test_a_no_changes_nothing(paths: Paths, proxy: AskedProxy) -> None:
    assert in_terminal("resume", "--all", answer="no").code == ExitCode.REFUSED
    assert proxy.asked("/v1/resume") == []


def test_inside_a_run_it_is_refused(
    cli: Cli, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAREGATE_SESSION", "s1")
    assert cli("resume", "--all").code == ExitCode.REFUSED
    assert proxy.asked("/v1/resume") == []
