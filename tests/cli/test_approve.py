"""Listing what waits, and letting it pass by a person's word."""

from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from faregate.control.approvals import (
    ApprovalList,
    ApprovalReason,
    ApprovalView,
    DecidedView,
)
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.terminal import in_terminal


def waits(name: str, **changes: object) -> ApprovalView:
    fields: dict[str, object] = {
        "id": name,
        "kind": "request",
        "request": "req_1",
        "session": "codex-1",
        "agent": "codex",
        "workspace": None,
        "provider": "openai",
        "model": "o3-pro",
        "title": "it costs about $1.92",
        "reasons": [
            ApprovalReason(rule="over_usd", what="cost", why="it costs about $1.92")
        ],
        "calls": [],
        "estimate": "1.92",
        "at_most": "6.10",
        "input_tokens": 1000,
        "hash": f"sha-{name}",
        "asked_at": "2026-11-21T10:00:00Z",
        "expires_at": "2026-11-21T10:05:00Z",
        "waited_s": 1.0,
        "left_s": 43.0,
        "timeout_s": 300.0,
        "stream": True,
        "kept_alive": 0,
        "for_session": "requests of up to $3.84 each",
    }
    return ApprovalView(**{**fields, **changes})  # type: ignore[arg-type]


PUSH = waits(
    "apr_b1",
    kind="tool_calls",
    title="the model calls Bash, which fits Bash(git push*)",
    calls=['Bash {"command":"git push"}'],
    estimate="0",
)
DONE = DecidedView(
    id="apr_c1",
    decision="timed_out",
    allowed=False,
    session="s",
    title="it was dear",
    at="2026-11-21T10:00:00Z",
)


@pytest.fixture
def asked(proxy: AskedProxy) -> AskedProxy:
    proxy.answers["GET /v1/approvals"] = ApprovalList(
        waiting=[waits("apr_a1"), PUSH], decided=[DONE]
    )
    return proxy


def test_listing(cli: Cli, asked: AskedProxy) -> None:
    result = cli("approve")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[1].split()[:5] == ["apr_a1", "43s", "codex", "o3-pro", "~$1.92"]
    assert "git push" in lines[2]
    assert "faregate approve ID" in result.err
    document = json.loads(cli("approve", "--json").out)
    assert [each["id"] for each in document["waiting"]] == ["apr_a1", "apr_b1"]
    assert document["decided"][0]["decision"] == "timed_out"


def test_listing_nothing(cli: Cli, proxy: AskedProxy) -> None:
    proxy.answers["GET /v1/approvals"] = ApprovalList(waiting=[], decided=[])
    assert cli("approve").out == "nothing waits for approval\n"


def test_without_a_proxy(cli: Cli) -> None:
    assert cli("approve").code == ExitCode.UNREACHABLE
    assert cli("approve", "apr_a1").code == ExitCode.UNREACHABLE


def test_a_person_approves_what_was_shown(paths: Paths, asked: AskedProxy) -> None:
    ended = in_terminal("approve", "a1", "--note", "ok", answer="yes")
    assert ended.code == 0
    assert "about $1.92, at most $6.10" in ended.screen
    assert "no answer is a no" in ended.screen
    assert asked.asked("/v1/approvals/apr_a1/approve") == [
        {"hash": "sha-apr_a1", "note": "ok"}
    ]
    assert asked.seen[-1].headers["x-faregate-confirmed"] == "tty"


def test_a_session_is_told_what_it_covers(paths: Paths, asked: AskedProxy) -> None:
    ended = in_terminal("approve", "apr_a1", "--session", answer="yes")
    assert "for the whole session: requests of up to $3.84 each" in ended.screen
    assert asked.asked("/v1/approvals/apr_a1/approve")[0]["session"] is True


def test_the_calls_are_shown_before_they_are_allowed(
    paths: Paths, asked: AskedProxy
) -> None:
    ended = in_terminal("approve", "b1", answer="no")
    assert ended.code == ExitCode.REFUSED
    assert '{"command":"git push"}' in ended.screen
    assert asked.asked("/v1/approvals/apr_b1/approve") == []


@pytest.mark.parametrize("command", ["approve", "deny"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("apr_", "2 requests wait whose ids begin with"),
        ("zz", "nothing waits as"),
        ("c1", "apr_c1 is over: nobody answered in time"),
    ],
)
def test_an_id_that_names_no_single_one(
    cli: Cli, asked: AskedProxy, command: str, name: str, said: str
) -> None:
    result = cli(command, name)
    assert result.code == ExitCode.FAILED
    assert said in result.err


def test_an_agent_cannot_approve(
    cli: Cli, asked: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAREGATE_SESSION", "codex-1")
    assert cli("approve", "apr_a1").code == ExitCode.REFUSED
    assert asked.asked("/v1/approvals/apr_a1/approve") == []


def test_the_admin_secret_stands_in_for_a_terminal(
    cli: Cli, asked: AskedProxy, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.admin_secret.write_text("s3cret\n")
    paths.admin_secret.chmod(0o600)
    monkeypatch.setenv("FAREGATE_ADMIN_SECRET", "not it")
    assert cli("approve", "apr_a1").code == ExitCode.REFUSED
    monkeypatch.setenv("FAREGATE_ADMIN_SECRET", "s3cret")
    result = cli("approve", "apr_a1", "--session", "--json")
    assert json.loads(result.out) == {
        "id": "apr_a1",
        "decision": "approved",
        "session": True,
    }
    assert asked.seen[-1].headers["x-faregate-admin"] == "s3cret"
