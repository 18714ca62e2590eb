"""`faregate limits set` and `unset`: to tighten is free, to loosen needs a person."""

from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.control.governing import LimitChanged
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.terminal import in_terminal

PATH = "/v1/limits"


def would(proxy: AskedProxy, *, loosens: bool, **more: str) -> None:
    """Let the proxy answer what a change does."""
    proxy.answers[f"POST {PATH}"] = LimitChanged(
        scope="all", name="requests", before="3", after="9", loosens=loosens, **more
    )


def test_without_a_proxy_it_counts_from_the_next_start_on(
    cli: Cli, paths: Paths
) -> None:
    paths.config.write_text("[limits]\nrequests = 100\n")
    result = cli("limits", "set", "requests", "50")
    assert (result.code, result.out) == (0, "requests for every session: 50\n")
    assert "counts from the next start on" in result.err
    assert cli("limits", "set", "wall_clock", "90m", "--agent", "codex").code == 0
    chosen = load(paths).limits_set.by_scope
    assert chosen == {"all": {"requests": 50}, "agent:codex": {"wall_clock": 5400.0}}
    rows = {line.split()[0]: line for line in cli("limits").out.splitlines()}
    assert rows["requests"].split()[1:] == ["50", "faregate", "limits", "100"]
    assert (
        "limits.requests = 50 (overrides.toml) hides 100" in cli("config", "check").out
    )
    rows = {e.split()[0]: e for e in cli("limits", "-a", "codex").out.splitlines()}
    assert rows["wall_clock"].split()[1:3] == ["1h30m", "faregate"]


def test_without_a_proxy_to_loosen_asks_a_person(cli: Cli, paths: Paths) -> None:
    refused = cli("limits", "set", "requests", "2000", "--json")
    assert refused.code == ExitCode.REFUSED
    assert load(paths).limits_set.by_scope == {}
    ended = in_terminal("limits", "set", "requests", "2000", answer="2000")
    assert ended.code == 0
    assert "it is 1,000, and 2,000 after that" in ended.screen.replace("\r\n", "")
    assert load(paths).limits_set.by_scope == {"all": {"requests": 2000}}
    # To take it back tightens.
    result = cli("limits", "unset", "requests", "--json")
    assert json.loads(result.out) == {
        "scope": "all",
        "name": "requests",
        "limit": "1000",
        "before": "2000",
        "until": None,
        "live": False,
    }
    assert load(paths).limits_set.by_scope == {}
    again = cli("limits", "unset", "requests")
    assert again.code == ExitCode.USAGE
    assert "was not set" in again.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("requests", "many"), "a whole number of requests, such as 100 or 200k"),
        (("wall_clock", "90"), "90 has no unit"),
        (("request", "5"), "Did you mean requests?"),
        (("requests", "5", "--for", "soon"), "--for"),
        (("requests", "5", "--for", "5s"), "--for"),
        (("requests", "5", "-a", "x", "-w", "y"), "not both"),
        (("requests", "5", "-a", "a b"), "is no name"),
    ],
)
def test_what_is_wrong_is_said(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    result = cli("limits", "set", *arguments)
    assert result.code == ExitCode.USAGE
    assert said in result.err


@pytest.mark.parametrize("more", [("--session", "s"), ("--for", "2h")])
def test_one_session_and_a_while_need_a_proxy(cli: Cli, more: tuple[str, str]) -> None:
    assert cli("limits", "set", "requests", "5", *more).code == ExitCode.UNREACHABLE


def test_a_proxy_that_tightens_is_not_told_of_a_person(
    cli: Cli, proxy: AskedProxy
) -> None:
    would(proxy, loosens=False)
    result = cli("limits", "set", "requests", "9", "--workspace", "web")
    assert (result.code, result.out) == (0, "requests for workspace web: 9\n")
    preview, asked = proxy.asked(PATH)
    assert preview["preview"]
    assert asked == {
        "scope": "workspace:web",
        "name": "requests",
        "value": "9",
    }
    assert "x-faregate-confirmed" not in proxy.seen[-1].headers


def test_a_person_confirms_what_loosens(proxy: AskedProxy) -> None:
    would(proxy, loosens=True, until="2026-11-23T12:00:00Z")
    ended = in_terminal("limits", "set", "requests", "9", "--for", "2h", answer="9")
    assert ended.code == 0
    assert "until 2026-11-23T12:00:00Z" in ended.screen
    assert proxy.asked(PATH)[-1]["for_s"] == 7200.0
    assert proxy.seen[-1].headers["x-faregate-confirmed"] == "tty"


@pytest.mark.parametrize("answer", ["", "y", "10"])
def test_another_answer_changes_nothing(proxy: AskedProxy, answer: str) -> None:
    would(proxy, loosens=True)
    ended = in_terminal("limits", "set", "requests", "9", answer=answer)
    assert ended.code == ExitCode.REFUSED
    assert [each["preview"] for each in proxy.asked(PATH)] == [True]


def test_inside_a_run_it_is_refused_unasked(proxy: AskedProxy) -> None:
    would(proxy, loosens=True)
    ended = in_terminal(
        "limits", "unset", "requests", answer="requests",
        environ={"FAREGATE_SESSION": "codex-1"},
    )  # fmt: skip
    assert ended.code == ExitCode.REFUSED
    assert "to confirm" not in ended.screen


def test_what_the_proxy_finds_wrong_is_a_wrong_usage(
    cli: Cli, proxy: AskedProxy
) -> None:
    proxy.refuse(PATH, 400, "bad_request", "requests was not set for all")
    result = cli("limits", "unset", "requests")
    assert result.code == ExitCode.USAGE
    assert "was not set" in result.err
    proxy.refuse(PATH, 503, "ledger_unavailable", "the disk is full")
    result = cli("limits", "set", "requests", "1")
    assert result.code == ExitCode.FAILED
    assert "the disk is full" in result.err


def test_a_session_is_named(cli: Cli, proxy: AskedProxy) -> None:
    would(proxy, loosens=False)
    result = cli("limits", "set", "requests", "9", "-s", "run-1")
    assert "requests for session run-1: 9" in result.out
    assert "as long as the session lasts" in result.err
    assert proxy.asked(PATH)[-1]["scope"] == "session:run-1"
