"""Each limit stops a scripted agent at exactly its value, in every dialect.

Streamed and not, and whichever header carries the key.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from faregate.control.client import ControlClient
from faregate.control.governing import RunLimits
from faregate.control.models import NewSession
from faregate.core.money import ZERO
from faregate.gateway.flights import FlightState
from faregate.gateway.settings import Patience
from faregate.server.auth import CREDENTIAL_HEADERS
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from tests.gateway.building import FakeClock
from tests.money.calls import Client, Got, client_of, provider_of, until
from tests.running import CLAUDE, GEMINI, MODEL, RunningGate, running_gate

USED = Counts(input=9_000, output=900)
TEXT = "word " * 1_986
CALL = ToolCall(name="look", arguments={"path": "a.py"})
WAYS = ("chat", "responses", "messages", "gemini")
each_way = pytest.mark.parametrize(
    ("way", "stream"), [(way, stream) for way in WAYS for stream in (False, True)]
)
THREE = {
    "requests": 3,
    "tool_calls": 3,
    "input_tokens": 25_000,
    "output_tokens": 2_800,
    "tokens_per_minute": 30_000,
    "spend_per_minute": "0.0575",
}
"""What lets exactly three calls through, each of which uses `USED`."""
NONE = {"request_input_tokens": 100, "request_output_tokens": 999}
ALL = {"request_input_tokens": 12_000, "request_output_tokens": 1_000}


def call(way: str, *, stream: bool) -> tuple[str, dict[str, Any]]:
    """Return path and body of a call of about 10,000 tokens at most, 1,000 of output."""
    said = [{"role": "user", "content": TEXT}]
    more = {"stream": True} if stream else {}
    match way:
        case "chat":
            body = {"model": MODEL, "messages": said, "max_tokens": 1000, **more}
            return "/v1/chat/completions", body
        case "responses":
            body = {"model": MODEL, "input": TEXT, "max_output_tokens": 1000, **more}
            return "/v1/responses", body
        case "messages":
            body = {"model": CLAUDE, "messages": said, "max_tokens": 1000, **more}
            return "/v1/messages", body
        case _:
            verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
            body = {"contents": [{"role": "user", "parts": [{"text": TEXT}]}]}
            body["generationConfig"] = {"maxOutputTokens": 1000}
            return f"/v1beta/models/{GEMINI}:{verb}", body


@contextlib.asynccontextmanager
async def gate_of(folder: Path, **settings: Any) -> AsyncIterator[RunningGate]:
    provider = provider_of(**{"usage": USED, **settings})
    provider.match(lambda _seen: Step(tools=(CALL,)))
    async with running_gate(
        folder / "home", provider, monthly="10", budget='on_tight = "refuse"'
    ) as gate:
        yield gate


async def run_of(gate: RunningGate, **limits: Any) -> dict[str, str]:
    """Return the headers of a fresh run with these limits."""
    control = ControlClient(gate.paths.socket)
    asked = NewSession(limits=RunLimits(**limits))
    grant = await asyncio.to_thread(control.new_session, asked)
    return {"authorization": f"Bearer {grant.token}"}


def in_header(bearer: dict[str, str], name: str) -> dict[str, str]:
    """Return the token of a bearer header in another header."""
    value = bearer["authorization"]
    return bearer if name == "authorization" else {name: value.removeprefix("Bearer ")}


async def passes(
    client: Client, path: str, body: Any, headers: dict[str, str]
) -> tuple[int, Got]:
    """Ask until something is refused; return how many calls passed, and the refusal.

    Each call brings the token in another header.
    """
    for number in range(10):
        client.headers = in_header(headers, CREDENTIAL_HEADERS[number % 4])
        got = await client.post(path, body)
        if got.status != 200:
            return number, got
    raise AssertionError("nothing was ever refused")


def assert_readable(got: Got, limit: str, way: str) -> None:
    """Check that an agent's person can read what happened."""
    assert got.status == 400
    assert got.code == "limit_exceeded"
    assert got.headers["x-should-retry"] == "false"
    assert "retry-after" not in got.headers
    error = got.json["error"]
    assert limit in str(error)
    assert "\n" not in error["message"]
    if way == "gemini":
        assert error["status"] == "INVALID_ARGUMENT"
    else:
        assert error["code"] == "limit_exceeded"
        assert error["limit_name"] == limit


@each_way
async def test_a_limit_stops_at_exactly_its_value(
    tmp_path: Path, way: str, stream: bool
) -> None:
    path, body = call(way, stream=stream)
    async with gate_of(tmp_path) as gate, client_of(gate) as client:
        for limit, value in THREE.items():
            headers = await run_of(gate, **{limit: value})
            passed, refusal = await passes(client, path, body, headers)
            assert (limit, passed) == (limit, 3)
            assert_readable(refusal, limit, way)
            sent = len(gate.provider.generations)
            assert (await client.post(path, body)).code == "limit_exceeded"
            assert len(gate.provider.generations) == sent
        for limit, value in NONE.items():
            headers = await run_of(gate, **{limit: value})
            passed, refusal = await passes(client, path, body, headers)
            assert (limit, passed) == (limit, 0)
            assert_readable(refusal, limit, way)
        client.headers = await run_of(gate, **ALL)
        assert (await client.post(path, body)).status == 200
        await gate.settled()
        assert gate.month().held == ZERO
        assert gate.month().spent == gate.provider.bill.total


@each_way
async def test_a_repeated_failure_stops_at_the_retries(
    tmp_path: Path, way: str, stream: bool
) -> None:
    path, body = call(way, stream=stream)
    async with gate_of(tmp_path) as gate, client_of(gate) as client:
        gate.provider.script(*(Step(fault=TABLE["400"]) for _ in range(9)))
        client.headers = await run_of(gate, retries=2)
        codes = [(await client.post(path, body)).code for _ in range(4)]
        assert codes == [None, None, None, "limit_exceeded"]
        assert len(gate.provider.generations) == 3


@pytest.mark.parametrize("way", WAYS)
async def test_no_more_run_at_once_than_may(tmp_path: Path, way: str) -> None:
    path, body = call(way, stream=True)
    async with gate_of(tmp_path, gap=600.0) as gate, client_of(gate) as client:
        client.headers = await run_of(gate, concurrency=2)
        first = asyncio.create_task(client.post(path, body))
        second = asyncio.create_task(client.post(path, body))
        await until(lambda: gate.provider.in_flight == 2)
        refused = await client.post(path, body)
        assert_readable(refused, "concurrency", way)
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)


@pytest.mark.parametrize("header", CREDENTIAL_HEADERS)
async def test_a_limit_holds_whatever_header_brings_the_token(
    tmp_path: Path, header: str
) -> None:
    async with gate_of(tmp_path) as gate, client_of(gate) as client:
        bearer = await run_of(gate, requests=4)
        codes = []
        for way in (*WAYS, "chat"):
            client.headers = in_header(bearer, header)
            path, body = call(way, stream=False)
            codes.append((await client.post(path, body)).code)
        assert codes == [None] * 4 + ["limit_exceeded"]


@pytest.mark.parametrize("why", ["stopped", "wall_clock"])
@pytest.mark.parametrize("way", WAYS)
async def test_what_must_end_ends_with_the_dialects_error(
    tmp_path: Path, way: str, why: str
) -> None:
    path, body = call(way, stream=True)
    clock = FakeClock()
    provider = provider_of(gap=0.05, chunks=10_000, output_tokens=900)
    async with (
        running_gate(
            tmp_path / "home",
            provider,
            monthly="10",
            budget='on_tight = "refuse"',
            clock=clock,
            patience=Patience(look=0.02),
        ) as gate,
        client_of(gate) as client,
    ):
        client.headers = await run_of(gate, wall_clock=20.0)
        running = asyncio.create_task(client.post(path, body))
        flights = gate.daemon.gate.flights
        await until(
            lambda: any(f.state is FlightState.STREAMING for f in flights.all())
        )
        if why == "stopped":
            control = ControlClient(gate.paths.socket)
            (flight,) = flights.all()
            await asyncio.to_thread(control.stop, f"session:{flight.session}")
        else:
            clock.pass_by(20)
        got = await running
        await gate.settled()
        assert got.status == 200
        said = "stopped by a person" if why == "stopped" else "is over: 20s"
        assert said in got.events[-1], got.body[-600:]
        code = "stopped" if why == "stopped" else "limit_exceeded"
        assert (await client.post(path, body)).code == code
        month = gate.month()
        assert month.held == ZERO
        assert month.spent + month.unknown >= gate.provider.bill.total
