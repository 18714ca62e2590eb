"""SIGTERM to a real proxy: what runs may finish, and the books are closed."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from faregate.core.money import ZERO
from faregate.smoke.simulated.server import SimulatedProvider
from tests.money.calls import Client, Got, chat, client_of, provider_of, until
from tests.money.children import bearer, child, make_home
from tests.running import running_gate

PATH = "/v1/chat/completions"
STREAM = chat(stream=True, max_tokens=1_000)


@pytest.fixture
async def provider() -> AsyncIterator[SimulatedProvider]:
    simulated = provider_of(gap=0.05, chunks=8, output_tokens=40)
    await simulated.start()
    yield simulated
    await simulated.stop()


async def _books(home: Path, provider: SimulatedProvider) -> tuple[bool, bool]:
    """Whether spent equals the bill, and whether anything is unknown."""
    async with running_gate(home, provider, url=provider.url) as gate:
        state = gate.month()
        assert state.held == ZERO
        assert state.spent + state.unknown >= provider.bill.total
        return state.spent == provider.bill.total, bool(state.unknown)


async def test_an_idle_proxy_ends_at_once(
    tmp_path: Path, provider: SimulatedProvider
) -> None:
    home = make_home(tmp_path, provider.url)
    async with child(home) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert not list(home.rglob("*.pid"))
    assert not list(home.rglob("*.sock"))


async def test_a_running_stream_may_finish(
    tmp_path: Path, provider: SimulatedProvider
) -> None:
    home = make_home(tmp_path, provider.url, drain="20s")
    async with child(home) as (process, url), aiohttp.ClientSession() as session:
        client = Client(session, url, bearer(home))
        call = asyncio.create_task(client.post(PATH, STREAM))
        await until(lambda: provider.in_flight)
        process.send_signal(signal.SIGTERM)
        got = await call
        assert (got.status, got.broken) == (200, False)
        assert got.events[-1] == "[DONE]"
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert await _books(home, provider) == (True, False)


async def test_what_outlasts_the_drain_ends_with_an_error_event(
    tmp_path: Path, provider: SimulatedProvider
) -> None:
    home = make_home(tmp_path, provider.url, drain="100ms")
    async with child(home) as (process, url), aiohttp.ClientSession() as session:
        client = Client(session, url, bearer(home))
        call = asyncio.create_task(client.post(PATH, STREAM))
        await until(lambda: provider.in_flight)
        process.send_signal(signal.SIGTERM)
        got = await call
        assert got.status in {200, 503}
        assert "is stopping" in got.body.decode()
        assert "[DONE]" not in got.events
        assert got.broken == (got.status == 200)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert await _books(home, provider) == (False, True)


async def test_asked_twice_it_does_not_wait_for_the_drain(
    tmp_path: Path, provider: SimulatedProvider
) -> None:
    home = make_home(tmp_path, provider.url, drain="500s")
    async with child(home) as (process, url), aiohttp.ClientSession() as session:
        client = Client(session, url, bearer(home))
        slow = chat(stream=True, max_tokens=1_000)
        calls = [asyncio.create_task(client.post(PATH, slow)) for _ in range(3)]
        await until(lambda: provider.in_flight == 3)
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        for got in await asyncio.gather(*calls):
            assert "is stopping" in got.body.decode()
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert await _books(home, provider) == (False, True)


async def test_nothing_new_is_sent_while_it_stops(
    tmp_path: Path, provider: SimulatedProvider
) -> None:
    async with (
        running_gate(tmp_path / "home", provider, url=provider.url, drain="5s") as gate,
        client_of(gate) as client,
    ):
        await client.chat(max_tokens=10)
        running = asyncio.create_task(client.post(PATH, STREAM))
        await until(lambda: provider.in_flight)
        stopping = asyncio.create_task(gate.daemon.stop())
        await asyncio.sleep(0.01)
        with contextlib.suppress(aiohttp.ClientConnectionError):
            late = await client.chat(max_tokens=10)
            assert (late.status, late.code) == (503, "shutting_down")
        got = await running
        assert (got.status, got.broken) == (200, False)
        await stopping
        assert len(provider.generations) == 2


async def test_too_few_file_descriptors_lose_no_money(
    tmp_path: Path, provider: SimulatedProvider
) -> None:
    home = make_home(tmp_path, provider.url, monthly="50")
    async with child(home, descriptors=64) as (process, url):
        for turn in range(2):
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0)
            ) as session:
                client = Client(session, url, bearer(home))
                # Requests that differ: repeats of a failed one would meet a limit.
                calls = [client.post(PATH, _stream(f"{turn} {n}")) for n in range(80)]
                answers = await asyncio.gather(*calls, return_exceptions=True)
            for got in answers:
                assert isinstance(got, aiohttp.ClientError) or (
                    isinstance(got, Got) and got.status in {200, 502, 503}
                )
            await until(lambda: not provider.in_flight)
        assert await _answers_again(url, bearer(home))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert await _books(home, provider) == (True, False)


def _stream(text: str) -> dict[str, Any]:
    return chat(text=text, stream=True, max_tokens=1_000)


async def _answers_again(url: str, headers: dict[str, str]) -> bool:
    """Whether a new connection is served once the old ones are gone."""
    for attempt in range(200):
        body = _stream(f"again {attempt}")
        async with aiohttp.ClientSession() as session:
            with contextlib.suppress(aiohttp.ClientError):
                got = await Client(session, url, headers).post(PATH, body)
                if got.status == 200:
                    return True
        await asyncio.sleep(0.05)
    return False
