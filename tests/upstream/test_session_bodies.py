"""What a provider's bytes may do to us, and what reaches the reader of them."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import brotli  # type: ignore[import-untyped]
import pytest

from faregate.core.faults import FaultKind, UpstreamError
from faregate.upstream.session import HttpUpstream
from tests.upstream.raw_provider import Call, raw_provider, request

MEGABYTE = 1024 * 1024
TEXT = b'data: {"x": 1}\n\n' * 100
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def upstream() -> AsyncIterator[HttpUpstream]:
    client = HttpUpstream()
    yield client
    await client.close()


async def read(
    client: HttpUpstream,
    data: bytes,
    *,
    limit: int = MEGABYTE,
    then_close: bool = False,
) -> bytes:
    """Return what is read of an answer that is these bytes."""

    async def answer(call: Call) -> None:
        await call.send(data)
        if then_close:
            call.writer.close()

    async with raw_provider(answer) as provider:
        got = await client.send(request(provider.url))
        return await got.read(limit)


def encoded(body: bytes, encoding: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:])),
        ("deflate", zlib.compress(TEXT)),
        ("br", brotli.compress(TEXT)),
        ("identity", TEXT),
    ],
    ids=["gzip", "two_gzips", "deflate", "br", "identity"],
)
async def test_an_encoded_answer_is_decoded(
    upstream: HttpUpstream, encoding: str, body: bytes
) -> None:
    assert await read(upstream, encoded(body, encoding)) == TEXT


async def test_an_empty_answer_may_be_flagged(upstream: HttpUpstream) -> None:
    assert await read(upstream, encoded(b"", "gzip")) == b""


@pytest.mark.parametrize(
    "body",
    [TEXT, gzip.compress(TEXT)[:-9], gzip.compress(TEXT) + b"x", zlib.compress(TEXT)],
    ids=["not_encoded", "cut_short", "with_a_tail", "another_encoding"],
)
async def test_a_false_flag_is_a_fault(upstream: HttpUpstream, body: bytes) -> None:
    with pytest.raises(UpstreamError) as caught:
        await read(upstream, encoded(body, "gzip"))
    assert (caught.value.kind, caught.value.sent) == (FaultKind.MALFORMED, True)


@pytest.mark.parametrize("encoding", ["gzip, br", "compress", "unknown"])
async def test_an_encoding_that_nobody_asked_for(
    upstream: HttpUpstream, encoding: str
) -> None:
    with pytest.raises(UpstreamError, match="cannot be decoded") as caught:
        await read(upstream, encoded(TEXT, encoding))
    assert (caught.value.kind, caught.value.sent) == (FaultKind.MALFORMED, True)


@pytest.mark.parametrize("encode", [gzip.compress, brotli.compress])
async def test_a_bomb_stops_at_the_limit_and_stays_small(
    upstream: HttpUpstream, encode: object
) -> None:
    bomb = gzip.compress(bytes(64 * MEGABYTE))
    tracemalloc.start()
    try:
        with pytest.raises(UpstreamError, match="larger than") as caught:
            await read(upstream, encoded(bomb, "gzip"), limit=2 * MEGABYTE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.kind is FaultKind.TOO_LARGE
    assert peak < 12 * MEGABYTE


async def test_a_bomb_lets_others_run(upstream: HttpUpstream) -> None:
    """Other work gets a turn for each piece that is decoded."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counter = asyncio.get_running_loop().create_task(count())
    bomb = gzip.compress(bytes(32 * MEGABYTE))
    assert len(bomb) < 64 * 1024

    async def answer(call: Call) -> None:
        await call.send(encoded(bomb, "gzip"))

    async with raw_provider(answer) as provider:
        got = await upstream.send(request(provider.url))
        before = turns
        assert len(await got.read(64 * MEGABYTE)) == 32 * MEGABYTE
        assert turns - before > 20
    counter.cancel()


async def test_an_answer_beyond_the_limit_is_cut_off(upstream: HttpUpstream) -> None:
    gone = asyncio.Event()

    async def endless(call: Call) -> None:
        await call.send(CHUNKED)
        try:
            while True:
                await call.send(b"10000\r\n" + bytes(65536) + b"\r\n")
        except ConnectionError:
            gone.set()

    async with raw_provider(endless) as provider:
        got = await upstream.send(request(provider.url))
        with pytest.raises(UpstreamError) as caught:
            await got.read(MEGABYTE)
        await asyncio.wait_for(gone.wait(), 5)
    assert caught.value.kind is FaultKind.TOO_LARGE


async def test_a_reader_that_waits_slows_the_provider(upstream: HttpUpstream) -> None:
    sent = 0

    async def endless(call: Call) -> None:
        nonlocal sent
        await call.send(CHUNKED)
        while True:
            await call.send(b"10000\r\n" + bytes(65536) + b"\r\n")
            sent += 65536

    async with raw_provider(endless) as provider:
        got = await upstream.send(request(provider.url))
        chunks = got.chunks()
        await anext(chunks)
        last = -1
        while sent != last:
            last = sent
            await asyncio.sleep(0.05)
        assert sent < 32 * MEGABYTE
        got.abort()


CUT = {
    "chunked": CHUNKED + b"5\r\nhello\r\n",
    "inside_a_chunk": CHUNKED + b"50\r\nhello",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello",
}


@pytest.mark.parametrize("data", CUT.values(), ids=list(CUT))
async def test_a_body_that_is_cut(upstream: HttpUpstream, data: bytes) -> None:
    with pytest.raises(UpstreamError) as caught:
        await read(upstream, data, then_close=True)
    assert (caught.value.kind, caught.value.sent) == (FaultKind.RESET, True)


@pytest.mark.parametrize("beside", [b"0\r\nX: ", b"0\r\n", b"5\r\nhello\r\n5;"])
async def test_what_comes_beside_a_body_is_bounded(
    upstream: HttpUpstream, beside: bytes
) -> None:
    async def endless(call: Call) -> None:
        await call.send(CHUNKED + beside)
        line = b"X: aaaa\r\n" if beside.endswith(b"\n") else b"aaaaaaa"
        while True:
            await call.send(line * 4000)

    async with raw_provider(endless) as provider:
        answer = await upstream.send(request(provider.url))
        with pytest.raises(UpstreamError) as caught:
            await answer.read(100)
    assert caught.value.kind is FaultKind.RESET
    assert caught.value.sent


async def test_a_space_behind_a_name_is_no_part_of_it(upstream: HttpUpstream) -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhel"
    with pytest.raises(UpstreamError):
        await read(upstream, data, then_close=True)


async def test_a_body_without_length_ends_with_the_connection(
    upstream: HttpUpstream,
) -> None:
    data = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"
    assert await read(upstream, data, then_close=True) == b"hello"


BROKEN = {
    "no_http": b"220 mail.example ready\r\n\r\n",
    "mid_header": b"HTTP/1.1 200 OK\r\nContent-",
    "empty": b"",
    "status": b"HTTP/1.1 20000 OK\r\n\r\n",
    "chunk_size": CHUNKED + b"zz\r\nhello\r\n",
    "long_header": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 20_000 + b"\r\n\r\n",
    "many_headers": b"HTTP/1.1 200 OK\r\n"
    + b"".join(b"x-%d: y\r\n" % number for number in range(3000))
    + b"\r\n",
    "one_header_many_times": b"HTTP/1.1 200 OK\r\n"
    + b"".join(b"x: %d\r\n" % number for number in range(3000))
    + b"\r\n",
    "no_status": b"HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\n{}",
    "two_lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "null_in_header": b"HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=list(BROKEN))
async def test_an_answer_that_is_no_http(upstream: HttpUpstream, data: bytes) -> None:
    with pytest.raises(UpstreamError) as caught:
        await read(upstream, data, then_close=True)
    assert caught.value.kind in {FaultKind.MALFORMED, FaultKind.RESET}
    assert caught.value.sent
    assert not caught.value.reused


async def test_headers_that_no_client_may_be_sent(upstream: HttpUpstream) -> None:
    async def answer(call: Call) -> None:
        await call.answer(
            b"{}",
            "x-fine: yes",
            "x-tab: a\tb",
            "x-escape: \x1b]52;c;aGk=\x07",
            "x-latin: caf\udce9",
            "x-utf8: caf\xe9",
        )

    async with raw_provider(answer) as provider:
        got = await upstream.send(request(provider.url))
        await got.read(100)
    kept = {name.lower(): got.headers[name] for name in got.headers}
    assert kept == {
        "content-length": "2",
        "x-fine": "yes",
        "x-tab": "a b",
        "x-utf8": "caf\xe9",
    }


async def test_interim_answers_are_passed_over(upstream: HttpUpstream) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    assert await read(upstream, hints * 1000 + final) == b"{}"


async def test_a_flood_of_interim_answers_can_be_given_up(
    upstream: HttpUpstream,
) -> None:
    gone = asyncio.Event()

    async def flood(call: Call) -> None:
        try:
            while True:
                await call.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
                await asyncio.sleep(0)
        except ConnectionError:
            gone.set()

    async with raw_provider(flood) as provider:
        sending = asyncio.get_running_loop().create_task(
            upstream.send(request(provider.url))
        )
        await asyncio.sleep(0.1)
        assert not sending.done()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await asyncio.wait_for(gone.wait(), 5)


async def test_giving_up_closes_the_connection(upstream: HttpUpstream) -> None:
    gone = asyncio.Event()
    arrived = asyncio.Event()

    async def silent(call: Call) -> None:
        arrived.set()
        await call.left()
        gone.set()

    async with raw_provider(silent) as provider:
        sent = request(provider.url)
        sending = asyncio.get_running_loop().create_task(upstream.send(sent))
        await asyncio.wait_for(arrived.wait(), 5)
        assert not sent.departure.connecting
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await asyncio.wait_for(gone.wait(), 5)


async def test_an_unread_answer_is_not_reused(upstream: HttpUpstream) -> None:
    async def answer(call: Call) -> None:
        await call.answer(b"x" * 10 * MEGABYTE)

    async with raw_provider(answer) as provider:
        for _ in range(2):
            got = await upstream.send(request(provider.url))
            got.release()
        assert provider.connections == 2


async def test_a_whole_answer_gives_its_connection_back(upstream: HttpUpstream) -> None:
    async def answer(call: Call) -> None:
        await call.answer(b"{}")

    async with raw_provider(answer) as provider:
        got = await upstream.send(request(provider.url))
        body = got.arrived()
        assert body == b"{}"
        assert upstream.idle == 1
        assert got.arrived() is None


async def test_an_encoded_answer_is_decoded_first(upstream: HttpUpstream) -> None:
    async def answer(call: Call) -> None:
        await call.send(encoded(gzip.compress(TEXT), "gzip"))

    async with raw_provider(answer) as provider:
        got = await upstream.send(request(provider.url))
        assert got.arrived() is None
        assert await got.read(MEGABYTE) == TEXT
