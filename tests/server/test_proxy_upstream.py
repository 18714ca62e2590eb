"""What a provider may do to a caller through the gate: nothing but answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from faregate.core.money import Money
from faregate.gateway.settings import Patience
from tests import leaks
from tests.running import KEY, RunningGate, running_gate
from tests.server.dialects import DIALECTS, Dialect, ask, each_dialect
from tests.server.wire import Answer
from tests.upstream.raw_provider import Call, RawProvider, raw_provider

HASTE = Patience(
    first_byte_stream=0.3, first_byte_whole=0.3, idle=0.3, drain=0.2, look=0.05
)
BODIES = {
    "chat": {
        "id": "1",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "hello"},
            }
        ],
        "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10},
    },
}
FINE = json.dumps(BODIES["chat"]).encode()
CHAT = DIALECTS["chat"]
JSON = "Content-Type: application/json"

Pair = tuple[RunningGate, RawProvider]
Open = Callable[[Callable[[Call], Awaitable[None]]], AbstractAsyncContextManager[Pair]]


@pytest.fixture
def behind(tmp_path: Path) -> Open:
    """Open a gate in front of a provider of raw bytes, and check it at the end."""

    @asynccontextmanager
    async def opened(answer: Callable[[Call], Awaitable[None]]) -> AsyncIterator[Pair]:
        tasks, sockets = leaks.other_tasks(), leaks.sockets()
        async with (
            raw_provider(answer) as provider,
            running_gate(tmp_path / "home", url=provider.url, patience=HASTE) as gate,
        ):
            yield gate, provider
            await gate.settled()
            month = gate.month()
            assert month.held == Money(0)
            assert month.spent + month.unknown <= Money.usd(1)
        await leaks.until_sockets(sockets)
        assert leaks.other_tasks() <= tasks

    return opened


def bounded(dialect: Dialect) -> dict[str, object]:
    return dialect.with_bound(100)


async def fine(call: Call) -> None:
    await call.answer(FINE, JSON)


async def test_a_connection_that_the_provider_closed_is_no_trouble(
    behind: Open,
) -> None:
    async with behind(fine) as (gate, provider):
        assert (await ask(gate, CHAT, bounded(CHAT))).status == 200
        for number in range(1, 4):
            # Our request crosses the notice that the connection is gone.
            provider.calls[-1].reset()
            assert (await ask(gate, CHAT, bounded(CHAT))).status == 200
            assert len(provider.calls) == number + 1
        month = gate.month()
        assert month.spent == Money.usd("0.000028") * 4
        assert month.unknown == Money(0)


async def test_a_request_that_was_taken_is_not_sent_again(behind: Open) -> None:
    async def once(call: Call) -> None:
        if call.number == 1:
            await fine(call)
        else:
            call.reset()

    async with behind(once) as (gate, provider):
        assert (await ask(gate, CHAT, bounded(CHAT))).status == 200
        answer = await ask(gate, CHAT, bounded(CHAT))
        CHAT.assert_refusal(answer, 502)
        assert len(provider.calls) == 2
        assert gate.month().unknown > Money(0)


async def test_a_stale_connection_is_tried_again_once_only(behind: Open) -> None:
    calls = 0

    async def first_only(call: Call) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await fine(call)
        else:
            call.reset()

    async with behind(first_only) as (gate, provider):
        assert (await ask(gate, CHAT, bounded(CHAT))).status == 200
        provider.calls[-1].reset()
        CHAT.assert_refusal(await ask(gate, CHAT, bounded(CHAT)), 502)
        assert calls == 2


@each_dialect
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_secret_follows_a_redirect(
    behind: Open, dialect: Dialect, status: int
) -> None:
    async with raw_provider(fine) as sink:

        async def elsewhere(call: Call) -> None:
            where = f"Location: {sink.url}/v1/chat/completions"
            await call.answer(b"", where, status=f"{status} Moved")

        async with behind(elsewhere) as (gate, provider):
            answer = await ask(gate, dialect, bounded(dialect))
            dialect.assert_refusal(answer, 502)
            assert "base_url" in answer.error["message"]
            assert "location" not in answer.headers
            assert len(provider.calls) == 1
            # These two may answer a request that was carried out, and billed.
            assert (gate.month().unknown > Money(0)) == (status in {302, 303})
        assert sink.connections == 0


async def odd_headers(call: Call) -> None:
    await call.answer(
        FINE,
        JSON,
        "x-escape: \x1b]0;owned\x07",
        "x-broken: \udcff\udcfe",
        "x-fine: yes",
        "set-cookie: a=b",
        "server: secret-software/1.0",
        "access-control-allow-origin: *",
        "strict-transport-security: max-age=1",
        "alt-svc: h3=:443",
        "retry-after: 86400",
        "x-faregate-refusal: forged",
        "x-faregate-request-id: forged",
        "connection: keep-alive, x-hop",
        "keep-alive: timeout=5",
    )


async def test_headers_of_the_provider_are_sifted(behind: Open) -> None:
    async with behind(odd_headers) as (gate, _):
        answer = await ask(gate, CHAT, bounded(CHAT))
        assert answer.status == 200
        assert answer.headers["x-fine"] == "yes"
        assert answer.headers["server"] == "faregate"
        assert answer.headers["x-faregate-request-id"].startswith("req_")
        gone = {
            "x-escape",
            "x-broken",
            "set-cookie",
            "access-control-allow-origin",
            "strict-transport-security",
            "alt-svc",
            "keep-alive",
        }
        assert gone.isdisjoint(answer.headers)
        assert int(answer.headers.get("retry-after", "0")) <= 60
        assert answer.json == BODIES["chat"]


async def silent(call: Call) -> None:
    await call.left()


async def interim_flood(call: Call) -> None:
    while True:
        await call.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 10)
        await asyncio.sleep(0.002)


async def half_a_head(call: Call) -> None:
    await call.send(b"HTTP/1.1 200 OK\r\nContent-")
    call.writer.close()


async def half_a_body(call: Call) -> None:
    await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + FINE[:40])
    call.writer.close()


async def stalled_body(call: Call) -> None:
    await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + FINE[:40])
    await call.left()


async def no_http(call: Call) -> None:
    await call.send(b"220 mail.example ESMTP\r\n\r\n")
    call.writer.close()


async def header_flood(call: Call) -> None:
    lines = b"".join(b"x-%d: y\r\n" % number for number in range(3000))
    await call.send(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n")


async def long_header(call: Call) -> None:
    await call.send(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 20_000 + b"\r\n\r\n")


async def false_gzip(call: Call) -> None:
    await call.answer(FINE, JSON, "Content-Encoding: gzip")


async def unknown_encoding(call: Call) -> None:
    await call.answer(FINE, JSON, "Content-Encoding: rot13")


async def html(call: Call) -> None:
    page = b"<html><body>Log in to the hotel's network</body></html>"
    await call.answer(page, "Content-Type: text/html")


async def cut_json(call: Call) -> None:
    await call.answer(FINE[:-10], JSON)


async def nothing(call: Call) -> None:
    await call.answer(b"", JSON)


async def no_content(call: Call) -> None:
    await call.send(b"HTTP/1.1 204 No Content\r\n\r\n")


async def switching(call: Call) -> None:
    await call.send(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
        b"Upgrade: websocket\r\n\r\n"
    )
    await call.left()


EVIL: dict[str, tuple[Callable[[Call], Awaitable[None]], set[int]]] = {
    "silent": (silent, {504}),
    "interim_flood": (interim_flood, {504}),
    "half_a_head": (half_a_head, {502}),
    "half_a_body": (half_a_body, {502}),
    "stalled_body": (stalled_body, {504}),
    "no_http": (no_http, {502}),
    "header_flood": (header_flood, {502}),
    "long_header": (long_header, {502}),
    "false_gzip": (false_gzip, {502}),
    "unknown_encoding": (unknown_encoding, {502}),
    "html": (html, {502}),
    "cut_json": (cut_json, {502}),
    "nothing": (nothing, {502}),
    "no_content": (no_content, {502}),
    "switching": (switching, {502, 504}),
}


@pytest.mark.parametrize(("answer", "statuses"), EVIL.values(), ids=list(EVIL))
@pytest.mark.parametrize("name", ["chat", "messages", "gemini"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
async def test_a_broken_provider_is_a_clear_fault_and_nothing_is_free(
    behind: Open,
    answer: Callable[[Call], Awaitable[None]],
    statuses: set[int],
    name: str,
    streamed: bool,
) -> None:
    dialect = DIALECTS[name]
    async with behind(answer) as (gate, provider):
        target, body = dialect.streamed(**bounded(dialect))
        told: Answer = await ask(
            gate,
            dialect,
            body if streamed else bounded(dialect),
            target=target if streamed else dialect.target,
        )
        if told.status == 200:
            # Its head was sent before the trouble: then it must not end as what is
            # whole, which clients take for success.
            assert streamed
            assert not told.whole
        else:
            assert told.status in statuses
            dialect.assert_refusal(told, told.status)
            assert "retry-after" not in told.headers
        assert KEY.encode() not in told.body
        assert len(provider.calls) == 1
        await gate.settled()
        # Whoever took the request may bill it.
        month = gate.month()
        assert month.spent + month.unknown > Money(0)
