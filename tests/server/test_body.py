"""Request bodies: how much, how long, and in which encoding."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from unittest import mock

import brotli  # type: ignore[import-untyped]
import pytest

from faregate.server import body
from tests.running import MODEL, RunningGate
from tests.server.wire import CHAT, connected, exchange, head, post

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEGABYTE = 1024 * 1024
BODY = json.dumps(
    {"model": MODEL, "messages": [{"role": "user", "content": "hi " * 500}]}
).encode()
JSON = "Content-Type: application/json"
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
    "br": lambda data: bytes(brotli.compress(data, quality=3)),
}
each_encoding = pytest.mark.parametrize("encoding", ENCODERS)


def auth(gate: RunningGate) -> str:
    return f"Authorization: Bearer {gate.token}"


def encoded(gate: RunningGate, data: bytes, encoding: str) -> bytes:
    return post(gate.url, data, auth(gate), f"Content-Encoding: {encoding}")


async def test_a_length_beyond_the_limit_is_refused_unread(gate: RunningGate) -> None:
    length = f"Content-Length: {body.BODY_LIMIT + 1}"
    async with connected(gate.url) as wire:
        await wire.send(head(gate.url, CHAT, auth(gate), JSON, length))
        answer = await wire.answer()
        assert (answer.status, answer.closes) == (413, True)
        assert "32 MB" in answer.error["message"]
    assert gate.provider.requests == []


async def test_a_body_of_no_length_stops_at_the_limit(gate: RunningGate) -> None:
    chunk = b"%x\r\n" % 65536 + b" " * 65536 + b"\r\n"
    with mock.patch.object(body, "BODY_LIMIT", MEGABYTE):
        async with connected(gate.url) as wire:
            coding = "Transfer-Encoding: chunked"
            await wire.send(head(gate.url, CHAT, auth(gate), JSON, coding))
            for _ in range(17):
                await wire.send(chunk)
            answer = await wire.answer()
            assert (answer.status, answer.closes) == (413, True)
    assert gate.provider.requests == []


async def test_a_body_at_the_limit_is_taken(gate: RunningGate) -> None:
    with mock.patch.object(body, "BODY_LIMIT", len(BODY)):
        assert (
            await exchange(gate.url, post(gate.url, BODY, auth(gate)))
        ).status == 200
    with mock.patch.object(body, "BODY_LIMIT", len(BODY) - 1):
        assert (
            await exchange(gate.url, post(gate.url, BODY, auth(gate)))
        ).status == 413


async def test_a_body_that_drips_is_answered_408(gate: RunningGate) -> None:
    with mock.patch.object(body, "BODY_TIMEOUT", 0.2):
        async with connected(gate.url) as wire:
            await wire.send(
                head(gate.url, CHAT, auth(gate), JSON, f"Content-Length: {len(BODY)}")
            )
            for byte in BODY[:20]:
                await wire.send(bytes([byte]))
                await asyncio.sleep(0.005)
            answer = await wire.answer()
            assert (answer.status, answer.closes) == (408, True)
            assert answer.error["code"] == "request_timeout"
    assert gate.provider.requests == []


@each_encoding
async def test_an_encoded_body_is_decoded(gate: RunningGate, encoding: str) -> None:
    data = encoded(gate, ENCODERS[encoding](BODY), encoding)
    assert (await exchange(gate.url, data)).status == 200
    (seen,) = gate.provider.generations
    assert seen.json["messages"] == json.loads(BODY)["messages"]
    assert "content-encoding" not in seen.headers
    assert seen.headers["content-length"] == str(len(seen.body))


async def test_a_large_encoded_body_is_decoded_elsewhere(gate: RunningGate) -> None:
    request = json.loads(BODY)
    request["messages"][0]["content"] = "x" * 2 * MEGABYTE
    data = encoded(gate, zstd.compress(json.dumps(request).encode()), "zstd")
    assert (await exchange(gate.url, data)).status == 200
    (seen,) = gate.provider.generations
    assert len(seen.body) > 2 * MEGABYTE


@each_encoding
async def test_a_bomb_is_refused_in_bounded_memory(
    gate: RunningGate, encoding: str
) -> None:
    bomb = ENCODERS[encoding](bytes(100 * MEGABYTE))
    tracemalloc.start()
    try:
        answer = await exchange(gate.url, encoded(gate, bomb, encoding))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status == 413
    assert peak < body.BODY_LIMIT + 16 * MEGABYTE
    assert gate.provider.requests == []


async def test_a_bomb_of_no_length_is_refused(gate: RunningGate) -> None:
    bomb = gzip.compress(bytes(64 * MEGABYTE))
    data = head(
        gate.url,
        CHAT,
        auth(gate),
        JSON,
        "Content-Encoding: gzip",
        "Transfer-Encoding: chunked",
    )
    chunks = b"%x\r\n" % len(bomb) + bomb + b"\r\n0\r\n\r\n"
    assert (await exchange(gate.url, data + chunks)).status == 413


@pytest.mark.parametrize(
    "encoding", ["gzip, gzip", "gzip, br", "compress", "unknown", "gzip,identity"]
)
async def test_nested_and_unknown_encodings_are_refused(
    gate: RunningGate, encoding: str
) -> None:
    data = encoded(gate, gzip.compress(gzip.compress(BODY)), encoding)
    answer = await exchange(gate.url, data)
    assert answer.status == 415
    assert "one at a time" in answer.error["message"]
    assert gate.provider.requests == []


async def test_a_second_layer_is_no_json(gate: RunningGate) -> None:
    data = encoded(gate, gzip.compress(gzip.compress(BODY)), "gzip")
    assert (await exchange(gate.url, data)).status == 400


@each_encoding
@pytest.mark.parametrize("kind", ["plain", "short", "long", "empty"])
async def test_a_body_that_is_not_what_its_flag_says(
    gate: RunningGate, encoding: str, kind: str
) -> None:
    whole = ENCODERS[encoding](BODY)
    data = {"plain": BODY, "short": whole[:-3], "long": whole + b"xx", "empty": b""}
    answer = await exchange(gate.url, encoded(gate, data[kind], encoding))
    assert answer.status == 400
    assert answer.error["message"]
    assert gate.provider.requests == []


async def test_leave_to_send_a_body_is_given_after_the_credentials(
    gate: RunningGate,
) -> None:
    length, expect = f"Content-Length: {len(BODY)}", "Expect: 100-continue"
    async with connected(gate.url) as wire:
        await wire.send(head(gate.url, CHAT, auth(gate), JSON, length, expect))
        assert await wire.reader.readuntil(b"\r\n\r\n") == (
            b"HTTP/1.1 100 Continue\r\n\r\n"
        )
        await wire.send(BODY)
        assert (await wire.answer()).status == 200
    assert "expect" not in gate.provider.generations[0].headers


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (("Authorization: Bearer fg-forged", JSON), 401),
        ((JSON,), 401),
        (("Content-Type: text/plain",), 415),
        (("Origin: https://evil.example", JSON), 403),
    ],
)
async def test_whoever_may_not_come_in_gets_no_leave(
    gate: RunningGate, lines: tuple[str, ...], status: int
) -> None:
    length, expect = f"Content-Length: {len(BODY)}", "Expect: 100-continue"
    async with connected(gate.url) as wire:
        await wire.send(head(gate.url, CHAT, *lines, length, expect))
        answer = await wire.answer()
        assert (answer.status, answer.interim) == (status, ())
        # The body may or may not come now: only the end of the connection is clear.
        assert answer.closes


async def test_a_body_that_did_not_wait_for_leave(gate: RunningGate) -> None:
    data = post(gate.url, BODY, auth(gate), "Expect: 100-continue")
    answer = await exchange(gate.url, data)
    assert answer.status == 200


async def test_an_old_client_gets_no_leave_that_it_would_not_understand(
    gate: RunningGate,
) -> None:
    lines = (auth(gate), JSON, f"Content-Length: {len(BODY)}", "Expect: 100-continue")
    async with connected(gate.url) as wire:
        await wire.send(head(gate.url, CHAT, *lines, version="1.0"))
        await asyncio.sleep(0.02)
        await wire.send(BODY)
        answer = await wire.answer()
        assert (answer.status, answer.interim) == (200, ())


@pytest.mark.parametrize("expected", ["200-ok", "100-continue, x", "x", ""])
async def test_another_expectation_fails(gate: RunningGate, expected: str) -> None:
    data = post(gate.url, BODY, auth(gate), f"Expect: {expected}")
    answer = await exchange(gate.url, data)
    assert (answer.status, answer.closes) == (417, True)
    assert gate.provider.requests == []


async def test_a_refused_body_is_not_the_next_request(gate: RunningGate) -> None:
    """Bytes of a body that nobody read must not be served as a request."""
    inner = head(gate.url, CHAT, auth(gate), JSON, "Content-Length: 0")
    async with connected(gate.url) as wire:
        length = f"Content-Length: {len(inner) + 100}"
        await wire.send(head(gate.url, CHAT, "x-api-key: fg-forged", JSON, length))
        answer = await wire.answer()
        assert (answer.status, answer.closes) == (401, True)
        await wire.send(inner)
        wire.writer.write_eof()
        assert await wire.rest() == b""
    assert gate.provider.requests == []
