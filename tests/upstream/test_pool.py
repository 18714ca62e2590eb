from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import aiohttp
import pytest
import uvloop

from faregate.core.attempts import Departure
from faregate.upstream.pool import Pool, Sending, sending
from tests.upstream.raw_provider import Answer, Call, RawProvider, raw_provider

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine on either loop: the proxy uses uvloop where there is one."""
    return asyncio.run if request.param == "asyncio" else uvloop.run


async def fine(call: Call) -> None:
    await call.answer(b"{}")


@contextlib.asynccontextmanager
async def client_of(
    answer: Answer, pool: Pool
) -> AsyncIterator[tuple[RawProvider, aiohttp.ClientSession]]:
    async with raw_provider(answer) as provider:
        client = aiohttp.ClientSession(connector=pool)
        yield provider, client
        await client.close()


async def post(client: aiohttp.ClientSession, url: str) -> Sending:
    with sending(Departure()) as noted:
        response = await client.post(url, data=b"{}")
        await response.read()
        noted.departure.connecting |= noted.untouched()
    return noted


def test_a_used_connection_is_told_from_a_new_one(run: Run) -> None:
    async def scene() -> None:
        pool = Pool(keepalive_timeout=5)
        async with client_of(fine, pool) as (provider, client):
            first = await post(client, provider.url)
            again = await post(client, provider.url)
            provider.calls[0].reset()
            await asyncio.sleep(0.05)
            new = await post(client, provider.url)
        assert [first.reused, again.reused, new.reused] == [False, True, False]
        assert provider.connections == 2

    run(scene())


def test_a_pool_that_closes_uses_no_connection_twice(run: Run) -> None:
    async def scene() -> None:
        pool = Pool(force_close=True)
        async with client_of(fine, pool) as (provider, client):
            noted = [await post(client, provider.url) for _ in range(2)]
        assert [one.reused for one in noted] == [False, False]
        assert provider.connections == 2

    run(scene())


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is counted elsewhere")
def test_a_request_that_was_answered_was_taken(run: Run) -> None:
    async def scene() -> None:
        pool = Pool(keepalive_timeout=5)
        async with client_of(fine, pool) as (provider, client):
            for _ in range(2):
                noted = await post(client, provider.url)
                assert noted.witness is not None
                assert not noted.departure.connecting

    run(scene())


def test_a_departure_says_when_a_connection_is_there(run: Run) -> None:
    async def scene() -> None:
        departure = Departure()
        seen: list[bool] = []

        async def look(call: Call) -> None:
            seen.append(departure.connecting)
            await fine(call)

        pool = Pool(keepalive_timeout=5)
        async with client_of(look, pool) as (provider, client):
            with sending(departure):
                assert departure.connecting
                response = await client.post(provider.url, data=b"{}")
                await response.read()
        assert seen == [False]

    run(scene())


def test_a_connection_that_never_comes_leaves_the_departure_connecting() -> None:
    async def scene() -> None:
        departure = Departure()
        pool = Pool(keepalive_timeout=5)
        async with aiohttp.ClientSession(connector=pool) as client:
            with sending(departure), pytest.raises(aiohttp.ClientConnectorError):
                await client.post("http://127.0.0.1:1/", data=b"{}")
        assert departure.connecting

    asyncio.run(scene())
