"""Secrets and prompts: canaries that must be found nowhere afterwards."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from faregate.control.client import ControlClient
from faregate.control.models import NewSession
from faregate.core.identity import Grant
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.script import Step
from tests.running import KEY, RunningGate, running_gate
from tests.server.dialects import DIALECTS, Dialect
from tests.server.wire import connected, head, post

PROMPT = "prompt-canary-5f1e"
OWN_KEY = "sk-own-canary-77aa"
ANSWER = "answer-canary-91bc"
FAULTS = ("500", "429", "401", "reset_midway", "error_midway", "html_page", "redirect")


def with_prompt(dialect: Dialect, **changes: object) -> bytes:
    text = json.dumps({**dialect.body, **changes})
    return text.replace('"hi"', json.dumps(PROMPT)).encode()


def places(gate: RunningGate) -> Iterator[tuple[str, bytes]]:
    """Yield everything that the proxy keeps or shows, but its own secrets' files."""
    home = gate.paths.config_dir
    secret = {"token", "signing-secret", "admin-secret"}
    for path in sorted(home.rglob("*")):
        if path.is_file() and path.name not in secret:
            yield str(path.relative_to(home)), path.read_bytes()
    live = gate.daemon.live
    yield "snapshot", str(live.snapshot()).encode()
    yield "holds", str(gate.daemon.reports.holds()).encode()
    yield "events", str(gate.daemon.gate.events.since(0)).encode()
    yield "daemon", repr(vars(gate.daemon)).encode()
    yield "gate", repr(gate.daemon.gate).encode()
    if sys.platform == "linux":
        yield "command line", Path("/proc/self/cmdline").read_bytes()


async def talk(gate: RunningGate, token: str) -> bytes:
    """Say all sorts of things to the gate; return everything that it answered."""
    seen = b""
    for dialect in DIALECTS.values():
        auth = f"Authorization: Bearer {token}"
        stream_target, _ = dialect.streamed()
        requests = [
            post(gate.url, with_prompt(dialect), auth, target=dialect.target),
            post(gate.url, with_prompt(dialect), auth, target=stream_target),
            post(gate.url, with_prompt(dialect)[:-1], auth, target=dialect.target),
            post(gate.url, with_prompt(dialect), f"{auth}x", target=dialect.target),
            post(gate.url, with_prompt(dialect), auth, target=f"{stream_target}&key=x"),
            head(gate.url, f"/{PROMPT}", auth, method="GET"),
            head(gate.url, "/v1/models", auth + "\x01", method="GET"),
        ]
        for name in FAULTS:
            step = Step(text=ANSWER, fault=TABLE[name])
            gate.provider.script(step)
            data = post(gate.url, with_prompt(dialect), auth, target=stream_target)
            seen += await answered(gate, data)
            gate.provider.clear()
        for data in requests:
            seen += await answered(gate, data)
    return seen


async def answered(gate: RunningGate, data: bytes) -> bytes:
    async with connected(gate.url) as wire:
        await wire.send(data)
        await wire.answer()
        return bytes(wire.seen)


async def test_no_secret_and_no_prompt_is_left_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("aiohttp", "aiohttp.server", "aiohttp.client", "asyncio", "faregate"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    async with running_gate(tmp_path / "home", monthly="50") as gate:
        client = ControlClient(gate.paths.socket)
        session = await asyncio.to_thread(client.new_session, NewSession(agent="x"))
        run = gate.daemon.tokens.issue(Grant(session="run-1"))
        answers = {
            token: await talk(gate, token)
            for token in (gate.token, run, session.token, OWN_KEY)
        }
        await gate.settled()
        await gate.daemon.live.fresh()
        found = dict(places(gate))
    log = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    out = capfd.readouterr()
    found["log"] = (log + out.out + out.err).encode()
    secrets = (KEY, gate.token, run, session.token, OWN_KEY)
    for where, content in found.items():
        for secret in (*secrets, PROMPT, ANSWER):
            assert secret.encode() not in content, f"{secret} in {where}"
    for answer in answers.values():
        for secret in secrets:
            assert secret.encode() not in answer
    # The search can find something.
    assert any(b"run-1" in content for content in found.values())


async def test_what_is_kept_of_a_session_is_gone_from_no_place_it_belongs(
    tmp_path: Path,
) -> None:
    """The canaries above would be found: a label, which is kept, is."""
    async with running_gate(tmp_path / "home") as gate:
        dialect = DIALECTS["chat"]
        auth = f"Authorization: Bearer {gate.token}"
        target = f"/s/label-canary{dialect.target}"
        await answered(gate, post(gate.url, with_prompt(dialect), auth, target=target))
        await gate.settled()
        found = [name for name, data in places(gate) if b"label-canary" in data]
    assert "snapshot" in found
    assert [name for name in found if name.startswith("data")]
