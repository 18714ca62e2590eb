"""Whom pause, stop and resume mean, and what they answer."""

from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.control.governing import LatchAnswer
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.control import scenes


@pytest.fixture
def busy(proxy: AskedProxy) -> AskedProxy:
    proxy.snapshot = scenes.snapshot(
        sessions=[scenes.session(name) for name in ("codex-1a", "codex-2b", "web")]
    )
    return proxy


@pytest.mark.parametrize(
    ("words", "scope"),
    [
        (["codex-1a"], "session:codex-1a"),
        (["we"], "session:web"),
        (["not-yet"], "session:not-yet"),
        (["--workspace", "shop"], "workspace:shop"),
        (["--all"], "all"),
    ],
)
def test_the_scope(cli: Cli, busy: AskedProxy, words: list[str], scope: str) -> None:
    assert cli("pause", *words).code == 0
    assert busy.asked("/v1/pause") == [{"scope": scope}]


@pytest.mark.parametrize(
    "words",
    [
        ["x", "-w", "y"],
        ["web", "--all"],
        ["--all", "-w", "x"],
        ["-w", "no name"],
        ["codex"],
    ],
)
def test_what_names_nothing_or_too_much(
    cli: Cli, busy: AskedProxy, words: list[str]
) -> None:
    assert cli("stop", *words).code == ExitCode.USAGE
    assert busy.asked("/v1/stop") == []


def test_what_was_so_already_is_said(cli: Cli, busy: AskedProxy) -> None:
    busy.latched = LatchAnswer(scope="", changed=False)
    result = cli("pause", "--all")
    assert (result.code, result.out) == (0, "")
    assert "everything was paused already" in result.err


@pytest.mark.parametrize("changed", [True, False])
def test_that_a_session_had_ended_is_said(
    cli: Cli, busy: AskedProxy, changed: bool
) -> None:
    busy.latched = LatchAnswer(scope="", changed=changed, over=True)
    result = cli("stop", "web")
    assert (result.code, result.out) == (0, "")
    assert "session web had ended already" in result.err


def test_json_is_one_document(cli: Cli, busy: AskedProxy) -> None:
    busy.latched = LatchAnswer(scope="", changed=True, ended=2)
    document = json.loads(cli("stop", "web", "--json").out)
    assert document == {
        "scope": "session:web",
        "changed": True,
        "ended": 2,
        "over": False,
    }
    busy.refuse("/v1/stop", 404, "not_found", "there is no session 'web'")
    failed = cli("stop", "web", "--json")
    assert failed.code == ExitCode.FAILED
    assert json.loads(failed.out)["error"]["code"] == "not_found"
