"""What a connection makes of what arrives: whose turn it is, and what it may still do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from faregate.core.faults import FaultKind, UpstreamError
from faregate.upstream.line import MOST_WAITING, Line
from faregate.upstream.session import HttpUpstream
from tests.upstream.raw_provider import Answer, Call, RawProvider, raw_provider, request

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
LIMIT = 1024 * 1024


@pytest.fixture
async def upstream() -> AsyncIterator[HttpUpstream]:
    client = HttpUpstream()
    yield client
    await client.close()


def saying(*pieces: bytes) -> Answer:
    """Answer with raw bytes, each piece once the one before was taken."""

    async def answer(call: Call) -> None:
        for piece in pieces:
            await call.send(piece)
            await asyncio.sleep(0.01)

    return answer


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def twice(client: HttpUpstream, provider: RawProvider) -> int:
    """Ask two times; return over how many connections."""
    for _ in range(2):
        answer = await client.send(request(provider.url))
        assert await answer.read(LIMIT) == b"{}"
        await asyncio.sleep(0.02)
    return provider.connections


async def test_what_arrives_is_poured_in_order(upstream: HttpUpstream) -> None:
    got: list[bytes] = []
    parts = [b"a", b"bc", b"def"]
    async with raw_provider(saying(CHUNKED, *map(chunk, parts), END)) as provider:
        answer = await upstream.send(request(provider.url))
        await answer.pour(got.append)
    assert b"".join(got) == b"abcdef"
    assert len(got) > 1


async def test_who_is_poured_to_may_ask_for_time(upstream: HttpUpstream) -> None:
    got: list[bytes] = []
    busy = False

    async def rest() -> None:
        nonlocal busy
        busy = True
        await asyncio.sleep(0.03)
        busy = False

    def take(data: bytes) -> Callable[[], Awaitable[None]] | None:
        assert not busy
        got.append(data)
        return rest if len(got) % 2 else None

    pieces = [chunk(b"%d" % number) for number in range(9)]
    async with raw_provider(saying(CHUNKED, *pieces, END)) as provider:
        answer = await upstream.send(request(provider.url))
        await answer.pour(take)
        assert not busy
    assert b"".join(got) == b"012345678"


async def test_a_loop_that_reads_many_times_a_turn_is_held_back_as_well() -> None:
    loop, end = asyncio.get_running_loop(), asyncio.Event()
    got: list[bytes] = []

    async def wait() -> None:
        await end.wait()

    def into(data: bytes) -> Callable[[], Awaitable[None]] | None:
        got.append(data)
        return wait if len(got) > 1 else None

    async with raw_provider(saying()) as provider:
        port = int(provider.url.rpartition(":")[2])
        _, line = await loop.create_connection(lambda: Line(loop), "127.0.0.1", port)
        transport = line.transport
        assert transport is not None
        line.send([b"GET / HTTP/1.1\r\n\r\n"])
        line.data_received(CHUNKED)
        await line.head()
        pouring = loop.create_task(line.pour(into))
        line.data_received(chunk(b"a"))
        await asyncio.sleep(0)
        assert got == [b"a"]
        sent = 0
        while transport.is_reading() and sent < LIMIT:
            line.data_received(chunk(bytes(16384)))
            sent += 16384
        assert sent <= MOST_WAITING + 2 * 16384
        end.set()
        line.data_received(END)
        await pouring
        assert len(b"".join(got)) == 1 + sent
        line.close()


@pytest.mark.parametrize("error", [ValueError("x"), ConnectionError("x")])
async def test_a_fault_of_who_is_poured_to_is_not_the_providers(
    upstream: HttpUpstream, error: Exception
) -> None:
    gone = asyncio.Event()

    async def endless(call: Call) -> None:
        await call.send(CHUNKED + chunk(b"a"))
        await asyncio.sleep(0.01)
        await call.send(chunk(b"b"))
        await call.left()
        gone.set()

    def take(data: bytes) -> None:
        if data == b"b":
            raise error

    async with raw_provider(endless) as provider:
        answer = await upstream.send(request(provider.url))
        with pytest.raises(type(error)) as caught:
            await answer.pour(take)
        await asyncio.wait_for(gone.wait(), 5)
    assert caught.value is error


async def test_giving_up_while_it_pours_closes_the_connection(
    upstream: HttpUpstream,
) -> None:
    gone, begun = asyncio.Event(), asyncio.Event()

    async def endless(call: Call) -> None:
        await call.send(CHUNKED + chunk(b"a"))
        await call.left()
        gone.set()

    def take(_data: bytes) -> None:
        begun.set()

    async with raw_provider(endless) as provider:
        answer = await upstream.send(request(provider.url))
        pouring = asyncio.get_running_loop().create_task(answer.pour(take))
        await asyncio.wait_for(begun.wait(), 5)
        pouring.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pouring
        await asyncio.wait_for(gone.wait(), 5)


async def test_what_came_before_a_break_is_poured(upstream: HttpUpstream) -> None:
    got: list[bytes] = []

    async def breaks(call: Call) -> None:
        await call.send(CHUNKED + chunk(b"a") + b"zz\r\n")

    async with raw_provider(breaks) as provider:
        answer = await upstream.send(request(provider.url))
        with pytest.raises(UpstreamError) as caught:
            await answer.pour(got.append)
    assert got == [b"a"]
    assert (caught.value.kind, caught.value.sent) == (FaultKind.RESET, True)


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
ONCE = {
    "it_says_so": WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    "more_follows": WHOLE + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "rubbish_follows": WHOLE + b"rubbish",
    "http_1_0": WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"),
}


@pytest.mark.parametrize("data", ONCE.values(), ids=list(ONCE))
async def test_a_connection_that_serves_once_is_not_used_again(
    upstream: HttpUpstream, data: bytes
) -> None:
    async with raw_provider(saying(data)) as provider:
        assert await twice(upstream, provider) == 2


async def test_a_word_that_nobody_asked_for_ends_a_connection(
    upstream: HttpUpstream,
) -> None:
    late = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
    async with raw_provider(saying(WHOLE, late)) as provider, asyncio.timeout(10):
        answer = await upstream.send(request(provider.url))
        assert await answer.read(LIMIT) == b"{}"
        while upstream.idle:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.002)
        answer = await upstream.send(request(provider.url))
        assert await answer.read(LIMIT) == b"{}"
        assert provider.connections == 2


@pytest.mark.parametrize(
    "data",
    [
        WHOLE,
        CHUNKED + chunk(b"{}") + b"0\r\nX-Trailer: x\r\n\r\n",
        CHUNKED.replace(b"\r\n", b"\n") + chunk(b"{}") + END,
    ],
    ids=["length", "trailer", "bare_line_feeds"],
)
async def test_a_connection_serves_on(upstream: HttpUpstream, data: bytes) -> None:
    async with raw_provider(saying(data)) as provider:
        assert await twice(upstream, provider) == 1
        assert upstream.idle == 1


async def test_a_trailer_is_no_header(upstream: HttpUpstream) -> None:
    data = CHUNKED + chunk(b"{}") + b"0\r\nX-Trailer: x\r\n\r\n"
    async with raw_provider(saying(data)) as provider:
        answer = await upstream.send(request(provider.url))
        assert "x-trailer" not in answer.headers
        await answer.read(LIMIT)


async def test_what_is_sent_twice_is_one_list(upstream: HttpUpstream) -> None:
    async def answer(call: Call) -> None:
        await call.answer(b"{}", "Vary: a", "vary: b", "X-A: 1", "x-a: 1")

    async with raw_provider(answer) as provider:
        got = await upstream.send(request(provider.url))
        await got.read(LIMIT)
    assert (got.headers["vary"], got.headers["x-a"]) == ("a, b", "1")


async def test_an_endless_body_that_is_reset_is_not_whole(
    upstream: HttpUpstream,
) -> None:
    async def resets(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
        await asyncio.sleep(0.02)
        sock = call.writer.get_extra_info("socket")
        sock.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: a reset
        call.reset()

    async with raw_provider(resets) as provider:
        answer = await upstream.send(request(provider.url))
        with pytest.raises(UpstreamError) as caught:
            await answer.read(LIMIT)
    assert caught.value.kind is FaultKind.RESET
