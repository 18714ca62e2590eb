"""Status for people, for scripts (a frozen shape) and for status bars."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from faregate.control.models import EventView
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.control import scenes

# Frozen: scripts rely on every one of these. Fields may be added, never taken away.
GOLDEN: dict[str, object] = {
    "version": str,
    "build": str,
    "proxy": {"url": str, "pid": int, "uptime_s": float},
    "budgets": [
        {
            "scope": str,
            "window": str,
            "limit": str,
            "spent": str,
            "held": str,
            "unknown": str,
            "resets_at": str,
        }
    ],
    "sessions": [
        {
            "id": str,
            "agent": str,
            "workspace": str,
            "task": type(None),
            "state": str,
            "requests": int,
            "attempts": int,
            "retries": int,
            "client_retries": int,
            "input_tokens": int,
            "output_tokens": int,
            "tool_calls": int,
            "cost": str,
            "cost_source": str,
            "held": str,
            "unknown": str,
            "wasted": str,
            "parent": type(None),
            "models": [str],
            "started_at": str,
            "last_at": str,
            "outcome": type(None),
        }
    ],
    "in_flight": int,
    "waiting": int,
    "waiting_approval": int,
    "providers": [{"name": str, "breaker": str, "error_rate_1h": float}],
    "paused": [str],
    "stopped": [str],
    "events": [
        {
            "seq": int,
            "at": str,
            "kind": str,
            "severity": str,
            "session": type(None),
            "text": str,
        }
    ],
}
DOOR = "The local token is not valid. Ask for a new one with: faregate env codex"


def check(found: object, golden: object, where: str = "") -> None:
    if isinstance(golden, dict):
        assert isinstance(found, dict), where
        for key, below in golden.items():
            assert key in found, f"{where}.{key}"
            check(found[key], below, f"{where}.{key}")
    elif isinstance(golden, list):
        assert isinstance(found, list), where
        assert found, where
        for each in found:
            check(each, golden[0], f"{where}[]")
    else:
        assert type(found) is golden, f"{where}: {found!r}"


@pytest.fixture
def busy(proxy: AskedProxy) -> AskedProxy:
    proxy.snapshot = scenes.snapshot(
        sessions=[
            scenes.session("web/main"),
            scenes.session("old", state="ended", cost="0.02", cost_source="estimated"),
            scenes.session("free", cost="0", cost_source="unpriced", refusals=2),
        ],
        providers=[scenes.provider("anthropic")],
        flights=[scenes.flight("f1", "web/main")],
    )
    return proxy


def latch(proxy: AskedProxy, paused: list[str], stopped: list[str]) -> None:
    assert proxy.snapshot is not None
    status = replace(proxy.snapshot.status, paused=paused, stopped=stopped)
    proxy.snapshot = replace(proxy.snapshot, status=status)


def trouble(proxy: AskedProxy, *events: EventView) -> None:
    assert proxy.snapshot is not None
    status = replace(proxy.snapshot.status, events=list(events))
    proxy.snapshot = replace(proxy.snapshot, status=status)


def test_json_has_the_frozen_shape(cli: Cli, busy: AskedProxy) -> None:
    latch(busy, ["all"], ["workspace:web"])
    trouble(busy, scenes.event(1, DOOR, kind="refused", severity="warn"))
    result = cli("status", "--json")
    assert result.code == 0
    check(json.loads(result.out), GOLDEN)


def test_money_is_never_a_float(cli: Cli, busy: AskedProxy) -> None:
    document = json.loads(cli("status", "--json").out, parse_float=lambda text: text)
    for part in (*document["budgets"], *document["sessions"]):
        for name in ("spent", "held", "unknown", "cost", "wasted", "limit"):
            if name in part and part[name] is not None:
                assert isinstance(part[name], str)


def test_without_a_proxy_json_is_still_the_document(cli: Cli) -> None:
    result = cli("status", "--json")
    assert result.code == ExitCode.UNREACHABLE
    document = json.loads(result.out)
    assert set(GOLDEN) <= set(document)
    assert document["proxy"] is None
    assert document["sessions"] == []
    assert "faregate up" in result.err


def test_a_person_reads_money_first(cli: Cli, busy: AskedProxy) -> None:
    result = cli("status")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == ("faregate 0.1.0 · http://127.0.0.1:4747 · up 3h12m · 1 running")
    assert "monthly  $164.20  $200.00" in result.out
    rows = {line.split()[1]: line.split() for line in lines if " claude-code " in line}
    assert set(rows) == {"web/main", "free"}
    assert rows["web/main"][0] == "$8.42"
    assert rows["free"][0] == "?"
    assert rows["free"][-3:] == ["active,", "2", "refused"]
    assert rows["web/main"][-1] == "active"
    assert "1 ended sessions are not shown" in result.out
    assert "~$0.02" in cli("status", "--all").out


def test_who_waits_for_what_is_told_apart(cli: Cli, proxy: AskedProxy) -> None:
    found = scenes.snapshot()
    work = {"in_flight": 6, "waiting": 3, "waiting_approval": 2}
    proxy.snapshot = replace(found, status=replace(found.status, **work))
    first = cli("status").out.splitlines()[0]
    assert first.endswith(
        " · 3 running, 1 waiting for room, 2 waiting for approval (faregate approve)"
    )
    line = cli("status", "--line").out.strip()
    assert line.endswith("3 running · 1 waiting for room · 2 waiting for approval")
    assert work.items() <= json.loads(cli("status", "--json").out).items()


def test_a_pause_is_in_the_first_line(cli: Cli, busy: AskedProxy) -> None:
    latch(busy, ["workspace:web", "all"], [])
    first = cli("status").out.splitlines()[0]
    assert first.startswith("faregate 0.1.0 · everything and workspace web paused · ")
    line = cli("status", "--line").out
    assert line.startswith("everything and workspace web paused · $164.20")


def test_who_was_refused_at_the_door_reads_why_and_what_to_do(
    cli: Cli, busy: AskedProxy
) -> None:
    assert "TROUBLE" not in cli("status").out
    capped = scenes.event(
        2, "The budget is\x1b[2J full", severity="alert", session="web/main"
    )
    trouble(busy, scenes.event(1, DOOR, severity="warn"), capped)
    *_, title, first, second = cli("status").out.splitlines()
    assert title == "LATEST TROUBLE"
    assert first == f"{scenes.at(60 * 19)}  {DOOR}"
    assert second.startswith(f"{scenes.at(60 * 18)}  web/main: The budget is")
    assert "\x1b" not in second


def test_many_sessions_do_not_flood_the_terminal(cli: Cli, proxy: AskedProxy) -> None:
    many = [scenes.session(f"s{number:03}") for number in range(200)]
    ended = scenes.session("old", state="ended")
    proxy.snapshot = scenes.snapshot(sessions=[*many, ended])
    shown = cli("status").out
    assert "s019" in shown
    assert "s020" not in shown
    assert "180 more and 1 ended sessions are not shown" in shown
    every = cli("status", "--all").out
    assert "s199" in every
    assert "old" in every
    assert "not shown" not in every
    assert len(json.loads(cli("status", "--json").out)["sessions"]) == 201


def test_hidden_values_and_a_broken_configuration_are_told(
    cli: Cli, busy: AskedProxy, paths: Paths
) -> None:
    paths.config.write_text("[budget]\nmonthly = 20\n")
    paths.overrides.write_text("[budget]\nmonthly = 5\n")
    assert "budget.monthly = 5 (overrides.toml) hides 20" in cli("status").err
    paths.config.write_text("nonsense")
    result = cli("status")
    assert result.code == 0
    assert "is not usable" in result.err


@pytest.mark.parametrize("command", [("status",), ("up",), ("run", "--", "true")])
def test_a_proxy_of_another_build_is_told(
    cli: Cli, proxy: AskedProxy, command: tuple[str, ...]
) -> None:
    assert "another build" not in cli(*command).err
    status = replace(proxy.snapshot.status, build="0123456789ab")
    proxy.snapshot = replace(proxy.snapshot, status=status)
    result = cli(*command)
    assert "the proxy that runs is of another build than this program" in result.err
    assert "faregate down; faregate up" in result.err
    assert result.code == 0


def test_the_line_comes_from_the_proxys_file(
    cli: Cli, busy: AskedProxy, paths: Paths
) -> None:
    paths.statusline.write_text("$1.00/$20.00 · 5%\n")
    result = cli("status", "--line")
    assert (result.code, result.out) == (0, "$1.00/$20.00 · 5%\n")
    assert busy.seen == []


def test_the_line_falls_back_to_the_socket(cli: Cli, busy: AskedProxy) -> None:
    result = cli("status", "--line")
    assert (result.code, result.out) == (0, "$164.20/$200.00 · 82.1% · 1 running\n")


def test_a_stale_file_of_a_killed_proxy_is_not_believed(cli: Cli, paths: Paths) -> None:
    paths.statusline.write_text("$1.00/$20.00\n")
    result = cli("status", "--line")
    assert (result.code, result.out) == (3, "faregate: not running\n")


def test_a_hostile_line_is_not_printed(
    cli: Cli, busy: AskedProxy, paths: Paths
) -> None:
    paths.statusline.write_text("\x1b]52;c;x\x07\n")
    assert "\x1b" not in cli("status", "--line").out
