from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any
from unittest import mock

import pytest
import uvloop

from faregate.core.attempts import Departure, UpstreamRequest
from faregate.core.faults import UpstreamError
from faregate.upstream import pool
from faregate.upstream.session import HttpUpstream
from tests import leaks
from tests.upstream.raw_provider import Answer, Call, RawProvider, raw_provider

MEGABYTE = 1024 * 1024
Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine on either loop: the proxy uses uvloop where there is one."""
    return asyncio.run if request.param == "asyncio" else uvloop.run


async def fine(call: Call) -> None:
    await call.answer(b"{}")


@contextlib.asynccontextmanager
async def client_of(answer: Answer) -> AsyncIterator[tuple[RawProvider, HttpUpstream]]:
    async with raw_provider(answer) as provider:
        client = HttpUpstream()
        yield provider, client
        await client.close()


def asked(url: str, departure: Departure, body: bytes = b"{}") -> UpstreamRequest:
    return UpstreamRequest(
        url=url, method="POST", headers={}, body=body, departure=departure
    )


async def post(client: HttpUpstream, url: str, body: bytes = b"{}") -> None:
    answer = await client.send(asked(url, Departure(), body))
    await answer.read(MEGABYTE)


def test_a_used_connection_is_told_from_a_new_one(run: Run) -> None:
    async def scene() -> None:
        async def leaves(call: Call) -> None:
            if call.number == 2 or call.connection == 2:
                call.reset()
            else:
                await fine(call)

        async with client_of(leaves) as (provider, client):
            await post(client, provider.url)
            with pytest.raises(UpstreamError) as stale:
                await post(client, provider.url)
            with pytest.raises(UpstreamError) as fresh:
                await post(client, provider.url)
        assert (stale.value.reused, fresh.value.reused) == (True, False)
        assert provider.connections == 2

    run(scene())


def test_a_connection_with_unsent_bytes_carries_no_other_request(run: Run) -> None:
    async def scene() -> None:
        async def hasty(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}")
            await asyncio.sleep(0.2)
            writer.transport.abort()

        before = leaks.sockets()
        heads: list[bytes] = []
        narrow = socket.create_server(("127.0.0.1", 0))
        # The system must not take the whole body off our hands.
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server = await asyncio.start_server(hasty, sock=narrow)
        url = f"http://127.0.0.1:{narrow.getsockname()[1]}/"
        client = HttpUpstream()
        for _ in range(2):
            await post(client, url, b"x" * (16 * MEGABYTE))
        await client.close()
        server.close()
        await server.wait_closed()
        await leaks.until_sockets(before)
        assert [head.split(b" ", 1)[0] for head in heads] == [b"POST", b"POST"]

    run(scene())


def test_a_departure_says_when_a_connection_is_there(run: Run) -> None:
    async def scene() -> None:
        departure = Departure()
        seen: list[bool] = []

        async def look(call: Call) -> None:
            seen.append(departure.connecting)
            await fine(call)

        async with client_of(look) as (provider, client):
            sending = asyncio.ensure_future(client.send(asked(provider.url, departure)))
            await asyncio.sleep(0)
            assert departure.connecting
            await (await sending).read(MEGABYTE)
        assert seen == [False]

    run(scene())


def test_a_connection_that_never_comes_leaves_the_departure_connecting() -> None:
    async def scene() -> None:
        departure = Departure()
        client = HttpUpstream()
        with pytest.raises(UpstreamError):
            await client.send(asked("http://127.0.0.1:1/", departure))
        await client.close()
        assert departure.connecting

    asyncio.run(scene())


def test_what_is_idle_too_long_is_closed(run: Run) -> None:
    async def scene() -> None:
        left = asyncio.Event()

        async def once(call: Call) -> None:
            await fine(call)
            await call.left()
            left.set()

        with mock.patch.object(pool, "KEEPALIVE", 0.05):
            async with client_of(once) as (provider, client):
                await post(client, provider.url)
                assert client.idle == 1
                await asyncio.wait_for(left.wait(), 5)
                assert client.idle == 0

    run(scene())


def test_the_last_one_used_is_the_next_one_used(run: Run) -> None:
    async def scene() -> None:
        async with client_of(fine) as (provider, client):
            answers = [
                await client.send(asked(provider.url, Departure())) for _ in range(3)
            ]
            for answer in answers:
                await answer.read(MEGABYTE)
            assert client.idle == 3
            for _ in range(4):
                await post(client, provider.url)
            used = [call.connection for call in provider.calls[3:]]
            assert used == [provider.connections] * 4

    run(scene())


def test_a_machine_that_wakes_up_has_no_young_connection(run: Run) -> None:
    async def scene() -> None:
        now = [1000.0]
        async with raw_provider(fine) as provider:
            client = HttpUpstream(lambda: now[0])
            await post(client, provider.url)
            now[0] += pool.KEEPALIVE - 1
            await post(client, provider.url)
            assert provider.connections == 1
            # Nothing else moved: the loop's own clock stood still in sleep.
            now[0] += 8 * 3600
            await post(client, provider.url)
            assert provider.connections == 2
            await client.close()

    run(scene())
