"""`faregate capture`: the switch, the list, and every part of a captured request."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faregate.captures.folder import Folder, Keep
from faregate.cli.capture import size
from faregate.cli.confirm import RUN_VARIABLE
from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from faregate.control.client import ADMIN_SECRET_VARIABLE
from faregate.core.captured import CapturedRequest
from tests.captures.building import captured
from tests.cli.conftest import Cli, Result
from tests.cli.terminal import in_terminal
from tests.money.calls import call_of, client_of
from tests.running import RunningGate, running_gate
from tests.server.capturing import captured as on_disk


@pytest.fixture
async def gate(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningGate]:
    async with running_gate(paths.config_dir) as gate:
        secret = gate.paths.admin_secret.read_text().strip()
        monkeypatch.setenv(ADMIN_SECRET_VARIABLE, secret)
        yield gate


async def call(cli: Cli, *arguments: str) -> Result:
    """Run a command beside the proxy's loop."""
    return await asyncio.to_thread(cli, *arguments)


def keep(paths: Paths, *requests: CapturedRequest) -> None:
    paths.captures.mkdir(mode=0o700, exist_ok=True)
    folder = Folder(
        paths.captures,
        Keep(size=1 << 24, age_s=1e12),
        now_s=lambda: 1.0,
        free=lambda _path: 1 << 40,
    )
    for number, each in enumerate(requests):
        folder.write(each)
        at = 2_000_000_000 + number
        os.utime(paths.captures / f"{each.id}.capture", (at, at))


async def test_it_is_turned_on_and_off(cli: Cli, gate: RunningGate) -> None:
    first = await call(cli, "capture")
    assert "capture: off; turn it on with: faregate capture on" in first.out
    on = await call(cli, "capture", "on", "--for", "90m")
    assert on.code == 0
    assert on.out.startswith("capture: on until 20")
    document = json.loads((await call(cli, "capture", "status", "--json")).out)
    assert document["on"] is True
    session = await call(cli, "capture", "on", "--session", "web-1")
    assert "capture: on for session web-1 (by command)" in session.out
    off = await call(cli, "capture", "off")
    assert "capture: off (by command)" in off.out
    assert (await call(cli, "capture", "on", "--for", "7")).code == ExitCode.USAGE


async def test_a_request_is_shown_part_by_part(cli: Cli, gate: RunningGate) -> None:
    await call(cli, "capture", "on")
    async with client_of(gate) as client:
        path, body = call_of("chat", stream=True)
        body["messages"][0]["content"] = "ünï \u202e code"
        got = await client.post(f"/s/mine{path}", body)
    name = got.headers["x-faregate-request-id"]
    await on_disk(gate, name)
    rows = (await call(cli, "capture", "list")).out.splitlines()
    assert rows[1].split()[-1] == name
    assert "mine" in rows[1]
    told = (await call(cli, "capture", "show", "last")).out
    assert f"POST /s/mine{path}" in told
    assert "answered 200" in told
    asked = (await call(cli, "capture", "show", name, "--part", "request")).out
    # Into a file it goes as it is: a terminal alone needs it made harmless.
    assert json.loads(asked) == body
    sent = json.loads((await call(cli, "capture", "show", name, "--part", "sent")).out)
    assert sent["model"] == "gpt-x"
    response = (await call(cli, "capture", "show", name, "--part", "response")).out
    assert response.startswith("-- text\n")
    assert "-- ended: stop" in response
    raw = (await call(cli, "capture", "show", name, "--part", "raw")).out
    assert raw.encode() == got.body
    reply = (await call(cli, "capture", "show", name, "--part", "reply")).out
    assert reply.startswith("-- text\n")
    headers = (await call(cli, "capture", "show", name, "--part", "headers")).out
    assert "> authorization: Bearer [redacted]" in headers
    assert ">> authorization: Bearer [redacted]" in headers.replace("Author", "author")
    assert "<< content-type: text/event-stream" in headers.lower()
    document = json.loads((await call(cli, "capture", "show", name, "--json")).out)
    assert document["request_body"] == body
    assert document["attempts"][0]["answer_body"].startswith("data: ")
    cleared = await call(cli, "capture", "clear", name)
    assert (cleared.code, cleared.out) == (0, "1 capture deleted\n")
    again = await call(cli, "capture", "show", name)
    assert again.code == ExitCode.FAILED
    assert "nothing is kept of request" in again.err


def test_without_a_proxy_the_folder_is_read(cli: Cli, paths: Paths) -> None:
    assert "nothing is captured" in cli("capture", "list").out
    missing = cli("capture", "show", "last")
    assert missing.code == ExitCode.FAILED
    keep(paths, captured("req_1", size=30), captured("req_2", size=50))
    listed = json.loads(cli("capture", "list", "--json").out)["captures"]
    assert [each["request"] for each in listed] == ["req_2", "req_1"]
    assert "try 1: POST http://127.0.0.1/v1" in cli("capture", "show", "req_1").out
    nobody = cli("capture", "show", "req_9")
    assert nobody.code == ExitCode.FAILED
    assert "faregate capture on" in nobody.err
    no_part = cli("capture", "show", "req_1", "--part", "sent", "--attempt", "3")
    assert no_part.code == ExitCode.FAILED
    assert cli("capture", "clear").code == ExitCode.USAGE
    assert cli("capture", "clear", "req_1", "--all").code == ExitCode.USAGE
    assert cli("capture", "clear", "req_9").code == ExitCode.FAILED
    assert json.loads(cli("capture", "clear", "--all", "--json").out) == {"deleted": 2}
    assert list(paths.captures.iterdir()) == []


def test_the_switch_needs_a_proxy(cli: Cli) -> None:
    for verb in ("status", "off"):
        assert cli("capture", verb).code == ExitCode.UNREACHABLE


def test_what_was_cut_or_broken_off_says_so(cli: Cli, paths: Paths) -> None:
    whole = captured("req_1", size=100)
    answer = whole.attempts[0].answer
    assert answer is not None
    from dataclasses import replace

    cut = replace(answer, length=5000, complete=False)
    attempt = replace(whole.attempts[0], answer=cut, error="the connection broke")
    keep(paths, replace(whole, attempts=(attempt,)))
    raw = cli("capture", "show", "req_1", "--part", "raw")
    assert "the first 100 of 5,000 bytes" in raw.err
    assert "broken off" in raw.err
    assert "the connection broke" in cli("capture", "show", "req_1").out


def test_inside_a_run_nothing_is_turned_on_and_without_a_proxy_nothing_is_read(
    cli: Cli, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(paths, captured("req_1"))
    monkeypatch.setenv(RUN_VARIABLE, "a-1")
    assert cli("capture", "on").code == ExitCode.REFUSED
    assert cli("capture", "show", "req_1").code == ExitCode.UNREACHABLE
    assert cli("capture", "list").code == ExitCode.UNREACHABLE


def test_on_a_terminal_everything_is_harmless(paths: Paths, tmp_path: Path) -> None:
    hostile = b'{"a": "\x1b]0;owned\x07", "b": "\xe2\x80\xae\xc2\x9b31m"}'
    from tests.captures.building import body

    keep(paths, captured("req_1", body=body(hostile)))
    for part in ("request", "sent"):
        shown = in_terminal("capture", "show", "req_1", "--part", part)
        assert shown.code == 0
        for bad in ("\x1b", "\x07", "\u202e", "\x9b"):
            assert bad not in shown.screen
        assert "owned" in shown.screen


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"),
     (3_200_000_000, "3.2 GB")],
)  # fmt: skip
def test_sizes(number: int, shown: str) -> None:
    assert size(number) == shown
