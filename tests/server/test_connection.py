"""Bytes that are no request: each is answered clearly, and the connection closed."""

from __future__ import annotations

import asyncio
import json
import logging
from unittest import mock

import pytest

from faregate.server import connection
from faregate.smoke.simulated.script import Step
from tests.running import MODEL, RunningGate
from tests.server.wire import CHAT, Wire, connected, exchange, head, post

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = json.dumps(
    {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
).encode()


def lines(*found: str) -> bytes:
    return "\r\n".join([*found, "", ""]).encode("latin-1")


JSON = "Content-Type: application/json"
# What is sent, with HOST and AUTH filled in; the status; a word of the answer.
BROKEN: dict[str, tuple[bytes, int, str]] = {
    "no_host": (lines(f"POST {CHAT} HTTP/1.1", "AUTH", JSON), 400, "Host"),
    "two_hosts": (
        lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", "Host: HOST", JSON),
        400,
        "Host",
    ),
    "length_and_chunked": (
        lines(
            f"POST {CHAT} HTTP/1.1",
            "Host: HOST",
            "AUTH",
            JSON,
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
        ),
        400,
        "HTTP",
    ),
    "two_lengths": (
        lines(
            f"POST {CHAT} HTTP/1.1",
            "Host: HOST",
            "Content-Length: 5",
            "Content-Length: 6",
        ),
        400,
        "sent twice",
    ),
    **{
        f"length_{length}": (
            lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", f"Content-Length: {length}"),
            400,
            "HTTP",
        )
        for length in ("-1", "+5", "0x5", "5,5", "5 5", "", "9" * 30)
    },
    **{
        f"coding_{number}": (
            lines(
                f"POST {CHAT} HTTP/1.1",
                "Host: HOST",
                "AUTH",
                JSON,
                f"Transfer-Encoding: {coding}",
            )
            + b"5\r\nhello\r\n0\r\n\r\n",
            400,
            "HTTP",
        )
        for number, coding in enumerate(
            ("chunked, chunked", "xchunked", "chunked, gzip", "gzip", "chunked;q=1")
        )
    },
    "folded_header": (
        lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", "X-A: 1", " 2"),
        400,
        "HTTP",
    ),
    "space_in_name": (
        lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", "X A: 1"),
        400,
        "HTTP",
    ),
    "space_before_colon": (
        lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", "X-A : 1"),
        400,
        "HTTP",
    ),
    "null_in_name": (
        lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", "X\0A: 1"),
        400,
        "HTTP",
    ),
    "null_in_value": (
        lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", "X-A: 1\0"),
        400,
        "HTTP",
    ),
    "escape_in_value": (
        lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", "AUTH", JSON, "X-A: \x1b[2J"),
        400,
        "",
    ),
    "bare_line_feeds": (f"POST {CHAT} HTTP/1.1\nHost: HOST\n\n".encode(), 400, "HTTP"),
    "bare_carriage_returns": (
        f"POST {CHAT} HTTP/1.1\rHost: HOST\r\r".encode(),
        400,
        "",
    ),
    "long_header": (
        lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", "X-A: " + "a" * 8193),
        431,
        "header is longer than 8190",
    ),
    "long_header_name": (
        lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", "a" * 8193 + ": 1"),
        431,
        "header is longer",
    ),
    "many_headers": (
        lines(
            f"POST {CHAT} HTTP/1.1", "Host: HOST", *(f"X-{n}: 1" for n in range(200))
        ),
        431,
        "More than 128 headers",
    ),
    "long_url": (
        lines(f"GET /v1/models?{'a' * 8192} HTTP/1.1", "Host: HOST"),
        414,
        "URL is longer than 8192",
    ),
    "huge_token": (
        lines(f"POST {CHAT} HTTP/1.1", "Host: HOST", f"x-api-key: fg-{'a' * 2**20}"),
        431,
        "header is longer",
    ),
    "http2_preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "HTTP"),
    "tls_hello": (
        bytes.fromhex("16030100a5010000a10303") + bytes(160),
        400,
        "use http://",
    ),
    "another_version": (lines("GET /v1/models HTTP/3.1", "Host: HOST"), 400, "HTTP"),
    "no_version": (b"GET /v1/models\r\n\r\n", 421, "Host"),
    "unknown_method": (lines("BREW /v1/models HTTP/1.1", "Host: HOST"), 400, "HTTP"),
    "garbage": (b"\x00\xff" * 40 + b"\r\n\r\n", 400, "HTTP"),
    "json_alone": (b'{"model": "x"}\r\n\r\n', 400, "HTTP"),
}


def filled(data: bytes, gate: RunningGate) -> bytes:
    host = gate.url.removeprefix("http://")
    return data.replace(b"HOST", host.encode()).replace(
        b"AUTH", f"Authorization: Bearer {gate.token}".encode()
    )


@pytest.mark.parametrize(
    ("name", "data", "status", "word"),
    [(name, *row) for name, row in BROKEN.items()],
    ids=list(BROKEN),
)
async def test_what_is_no_request_is_refused_and_closed(
    gate: RunningGate,
    caplog: pytest.LogCaptureFixture,
    name: str,
    data: bytes,
    status: int,
    word: str,
) -> None:
    async with connected(gate.url) as wire:
        await wire.send(filled(data, gate))
        answer = await wire.answer()
        assert answer.status == status
        assert word in answer.error["message"]
        assert answer.error["code"]
        assert answer.headers["server"] == "faregate"
        if answer.closes:
            assert await wire.rest() == b""
        else:
            assert name in {"escape_in_value", "no_version"}
    assert gate.provider.requests == []
    loud = [r for r in caplog.records if r.levelno > logging.DEBUG]
    assert loud == []


async def test_an_answer_repeats_nothing_of_a_broken_head(gate: RunningGate) -> None:
    secret = "sk-mine-canary"
    data = head(gate.url, CHAT, f"Authorization: Bearer {secret}\0")
    async with connected(gate.url) as wire:
        await wire.send(data)
        await wire.rest()
        assert secret.encode() not in wire.seen


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello world\r\n0\r\n\r\n",
        b"5;" + b"e" * 65536 + b"\r\nhello\r\n0\r\n\r\n",
        b"FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
    ],
    ids=["letters", "negative", "hex_mark", "too_much", "extension", "huge"],
)
async def test_a_body_that_is_badly_chunked(gate: RunningGate, chunks: bytes) -> None:
    auth = f"Authorization: Bearer {gate.token}"
    data = head(gate.url, CHAT, auth, JSON, "Transfer-Encoding: chunked")
    async with connected(gate.url) as wire:
        await wire.send(data)
        await asyncio.sleep(0.02)
        await wire.send(chunks)
        answer = await wire.answer()
        assert answer.status == 400
        assert answer.error["message"]
        if b"5;" not in chunks:
            assert answer.closes
            assert await wire.rest() == b""
    assert gate.provider.requests == []


async def test_a_chunked_body_is_read_whole(gate: RunningGate) -> None:
    auth = f"Authorization: Bearer {gate.token}"
    data = head(gate.url, CHAT, auth, JSON, "Transfer-Encoding: chunked")
    half = len(BODY) // 2
    async with connected(gate.url) as wire:
        await wire.send(data)
        for part in (BODY[:half], BODY[half:], b""):
            await wire.send(f"{len(part):x};x=y\r\n".encode() + part + b"\r\n")
        assert (await wire.answer()).status == 200
    assert gate.provider.generations[0].json["messages"][0]["content"] == "hi"


@pytest.mark.parametrize("kind", ["length", "chunked"])
async def test_a_body_that_never_ends_reaches_no_provider(
    gate: RunningGate, kind: str
) -> None:
    auth = f"Authorization: Bearer {gate.token}"
    framing = (
        "Transfer-Encoding: chunked" if kind == "chunked" else "Content-Length: 99"
    )
    async with connected(gate.url) as wire:
        await wire.send(head(gate.url, CHAT, auth, JSON, framing))
        await wire.send(b'5\r\n{"mod\r\n' if kind == "chunked" else b'{"mod')
        await asyncio.sleep(0.02)
        wire.writer.write_eof()
        await wire.rest()
    assert gate.provider.requests == []


async def test_a_head_that_drips_is_answered_408(gate: RunningGate) -> None:
    async def drip(wire: Wire) -> None:
        for byte in b"POST /v1/chat/completions/" + b"x" * 10_000:
            await wire.send(bytes([byte]))
            await asyncio.sleep(0.02)

    with mock.patch.object(connection, "HEAD_TIMEOUT", 0.3):
        async with connected(gate.url) as wire:
            dripping = asyncio.create_task(drip(wire))
            try:
                answer = await wire.answer()
            finally:
                # What is sent to a closed connection would take the answer along.
                dripping.cancel()
            assert (answer.status, answer.closes) == (408, True)
            assert answer.error["code"] == "request_timeout"


async def test_a_silent_connection_is_answered_408(gate: RunningGate) -> None:
    with mock.patch.object(connection, "HEAD_TIMEOUT", 0.1):
        async with connected(gate.url) as wire:
            assert (await wire.answer()).status == 408
            assert await wire.rest() == b""


async def test_a_second_head_that_drips_is_answered_408(gate: RunningGate) -> None:
    auth = f"Authorization: Bearer {gate.token}"
    with mock.patch.object(connection, "HEAD_TIMEOUT", 0.2):
        async with connected(gate.url) as wire:
            await wire.send(post(gate.url, BODY, auth))
            assert (await wire.answer()).status == 200
            # An idle connection is not what is timed here.
            await asyncio.sleep(0.3)
            await wire.send(b"POST /v1/")
            answer = await wire.answer()
            assert (answer.status, answer.closes) == (408, True)


async def test_a_long_request_is_not_timed_as_a_head(gate: RunningGate) -> None:
    gate.provider.script(Step(first_byte=0.3))
    auth = f"Authorization: Bearer {gate.token}"
    with mock.patch.object(connection, "HEAD_TIMEOUT", 0.1):
        async with connected(gate.url) as wire:
            await wire.send(post(gate.url, BODY, auth) + b"POST /v1/")
            assert (await wire.answer()).status == 200


async def test_who_hangs_up_before_a_stream_begins_is_no_fault(
    gate: RunningGate, caplog: pytest.LogCaptureFixture
) -> None:
    gate.provider.script(Step(first_byte=0.2))
    body = {**json.loads(BODY), "stream": True}
    auth = f"Authorization: Bearer {gate.token}"
    async with connected(gate.url) as wire:
        await wire.send(post(gate.url, json.dumps(body).encode(), auth))
        for _ in range(1000):
            if gate.provider.generations:
                break
            await asyncio.sleep(0.005)
    await gate.settled()
    assert [r for r in caplog.records if r.levelno > logging.INFO] == []


async def test_http_1_0_is_served(gate: RunningGate) -> None:
    auth = f"Authorization: Bearer {gate.token}"
    async with connected(gate.url) as wire:
        length = f"Content-Length: {len(BODY)}"
        await wire.send(head(gate.url, CHAT, auth, JSON, length, version="1.0") + BODY)
        answer = await wire.answer()
        assert answer.status == 200
        assert await wire.rest() == b""


async def test_http_1_0_needs_the_host_as_well(gate: RunningGate) -> None:
    data = f"GET /v1/models HTTP/1.0\r\nx-api-key: {gate.token}\r\n\r\n".encode()
    assert (await exchange(gate.url, data)).status == 421


async def test_a_refused_body_is_not_waited_for_for_ever(gate: RunningGate) -> None:
    length = "Content-Length: 99"
    with mock.patch.object(connection, "LINGER", 0.1):
        async with connected(gate.url) as wire:
            await wire.send(head(gate.url, CHAT, "x-api-key: fg-no", JSON, length))
            assert (await wire.answer()).status == 401
            await wire.send(b"{")
            assert await wire.rest() == b""


async def test_a_refused_body_is_heard_out_so_that_its_answer_is_read(
    gate: RunningGate,
) -> None:
    size = 4 * 1024 * 1024
    async with connected(gate.url) as wire:
        lines = ("x-api-key: fg-no", JSON, f"Content-Length: {size}")
        await wire.send(head(gate.url, CHAT, *lines))
        for _ in range(size // 65536):
            await wire.send(b" " * 65536)
        answer = await wire.answer()
        assert (answer.status, answer.closes) == (401, True)
        assert await wire.rest() == b""


async def test_an_idle_connection_is_closed_in_the_end(gate: RunningGate) -> None:
    auth = f"Authorization: Bearer {gate.token}"
    with mock.patch.object(connection, "IDLE_TIMEOUT", 0.1):
        async with connected(gate.url) as wire:
            await wire.send(post(gate.url, BODY, auth))
            assert (await wire.answer()).status == 200
            assert await wire.rest() == b""
