"""The control plane over its real socket, asked by the real client."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from faregate.config.build import build
from faregate.control.client import ControlClient
from faregate.control.errors import ProxyNotRunning
from tests.running import KEY, RunningGate, running_gate
from tests.server.dialects import DIALECTS, ask

CHAT = DIALECTS["chat"]
STATUS: dict[str, Any] = {
    "version": str,
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
            "agent": None,
            "workspace": str,
            "task": None,
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
            "parent": None,
            "models": list,
            "started_at": str,
            "last_at": str,
            "outcome": None,
        }
    ],
    "in_flight": int,
    "waiting": int,
    "providers": [{"name": str, "error_rate_1h": float}],
}


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    async with running_gate(tmp_path / "home") as gate:
        yield gate


@pytest.fixture
def client(gate: RunningGate) -> ControlClient:
    return ControlClient(gate.paths.socket)


async def raw(gate: RunningGate, data: bytes) -> tuple[int, Any]:
    """Send bytes to the control socket; return status and JSON body."""
    reader, writer = await asyncio.open_unix_connection(str(gate.paths.socket))
    writer.write(data)
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nServer: faregate" in head
    return int(head.split()[1]), json.loads(body)


def request(method: str, path: str, body: bytes = b"", *lines: str) -> bytes:
    head = [f"{method} {path} HTTP/1.0", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


def assert_shape(value: Any, shape: Any, where: str = "status") -> None:
    match shape:
        case dict():
            assert set(shape) <= set(value), where
            for key, inner in shape.items():
                assert_shape(value[key], inner, f"{where}.{key}")
        case [inner]:
            assert value, where
            for index, item in enumerate(value):
                assert_shape(item, inner, f"{where}[{index}]")
        case None:
            assert value is None, where
        case _:
            assert isinstance(value, shape), where


async def test_the_socket_is_for_its_owner_alone(gate: RunningGate) -> None:
    path = gate.paths.socket
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for file in gate.paths.state_dir.iterdir():
        if file.name.startswith("."):
            continue  # A draft, which may be in place by now.
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


async def test_the_status_document_has_its_shape(
    gate: RunningGate, client: ControlClient
) -> None:
    answer = await ask(gate, CHAT, target="/w/acme/s/run-1" + CHAT.target)
    assert answer.status == 200
    status, document = await raw(gate, request("GET", "/v1/status"))
    assert status == 200
    month = next(b for b in document["budgets"] if b["window"] == "month")
    only_month = {**document, "budgets": [month]}
    assert_shape(only_month, STATUS)
    session = document["sessions"][0]
    assert (session["id"], session["state"]) == ("run-1", "active")
    assert session["cost"] == month["spent"] == gate.month().spent.exact()
    assert document["proxy"]["pid"] == os.getpid()
    seen = await asyncio.to_thread(client.status)
    assert [s.id for s in seen.sessions] == ["run-1"]


async def test_a_client_of_this_version_is_understood(client: ControlClient) -> None:
    assert (await asyncio.to_thread(client.version)).control == 1


async def test_nobody_answers_where_no_proxy_runs(tmp_path: Path) -> None:
    absent = ControlClient(tmp_path / "control.sock")
    with pytest.raises(ProxyNotRunning):
        await asyncio.to_thread(absent.status)


TROUBLES: dict[str, tuple[bytes, int]] = {
    "root": (request("GET", "/"), 404),
    "unknown": (request("GET", "/v1/nothing"), 404),
    "post": (request("POST", "/v1/status"), 405),
    "get": (request("GET", "/v1/budgets"), 405),
    "empty": (request("POST", "/v1/budgets"), 400),
    "list": (request("POST", "/v1/budgets", b"[]"), 400),
    "no_json": (request("POST", "/v1/budgets", b"{"), 400),
    "shape": (request("POST", "/v1/budgets", b'{"scope":1}'), 400),
    "deep": (request("POST", "/v1/budgets", b"[" * 100_000), 400),
    "large": (request("POST", "/v1/budgets", b" " * 2_000_000), 413),
    "origin": (request("GET", "/v1/status", b"", "Origin: https://evil.example"), 403),
    "feed_origin": (request("GET", "/v1/feed", b"", "Origin: null"), 403),
    "browser": (request("GET", "/v1/status", b"", "Sec-Fetch-Site: none"), 403),
}


@pytest.mark.parametrize(("data", "status"), TROUBLES.values(), ids=list(TROUBLES))
async def test_every_trouble_is_a_problem_with_a_code(
    gate: RunningGate, data: bytes, status: int
) -> None:
    found, problem = await raw(gate, data)
    assert found == status
    assert set(problem) == {"code", "message"}
    assert all(problem.values())
    assert KEY not in str(problem)


async def test_half_of_what_is_asked_is_never_done(gate: RunningGate) -> None:
    asked = b'{"scope":"global","window":"month","limit":"0.5","of_tomorrow":1}'
    status, told = await raw(gate, request("POST", "/v1/budgets", asked))
    assert (status, told["code"]) == (400, "bad_request")
    assert "`of_tomorrow`: nothing was done" in told["message"]
    assert "faregate down; faregate up" in told["message"]
    assert str(gate.month().budget.limit) == "$1.00"


async def test_the_build_that_runs_is_told(
    gate: RunningGate, client: ControlClient
) -> None:
    info = await asyncio.to_thread(client.version)
    status = await asyncio.to_thread(client.status)
    assert info.build == status.build == build()
