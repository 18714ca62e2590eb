from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import pytest

from faregate.core.refusal import Refusal
from faregate.gateway.inbound import Whole
from faregate.server.answer import Answer
from faregate.server.connection import AgentConnection
from faregate.server.incoming import Incoming
from faregate.server.listen import agent_socket, serve_agents
from faregate.server.responses import refusal_answer, whole_answer
from tests.server.wire import Wire, connected, head

MEGABYTE = 1024 * 1024


class Echo:
    """Answers everybody alike."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole

    def enter(self, _request: Incoming) -> Answer | None:
        return None

    def refuse(self, _request: Incoming, refusal: Refusal) -> Answer:
        return refusal_answer(refusal, "req_2", {}, None, "/")

    def expect(self) -> None:
        pass

    async def serve(self, _request: Incoming, _at: AgentConnection) -> Answer:
        return whole_answer(self._whole, "req_1")


@contextlib.asynccontextmanager
async def serving(whole: Whole) -> AsyncIterator[str]:
    """Answer everything with `whole`; yields the URL."""

    sock = agent_socket("127.0.0.1", 0)
    listener = await serve_agents(sock, Echo(whole))
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        await listener.cleanup()


async def ask(wire: Wire, url: str, *lines: str, version: str = "1.1") -> None:
    await wire.send(head(url, "/", "Content-Length: 0", *lines, version=version))


async def test_what_the_provider_said_passes_with_what_is_ours() -> None:
    whole = Whole(
        status=418,
        headers={"content-type": "x/y", "server": "theirs", "x-a": "1"},
        body=b"\x00\xff",
    )
    async with serving(whole) as url, connected(url) as wire:
        for _ in range(2):
            await ask(wire, url)
            answer = await wire.answer()
            assert (answer.status, answer.body) == (418, b"\x00\xff")
            date = (
                answer.headers.pop("date") if isinstance(answer.headers, dict) else ""
            )
            assert parsedate_to_datetime(date).year > 2000
            assert answer.headers == {
                "content-type": "x/y",
                "content-length": "2",
                "server": "faregate",
                "x-a": "1",
                "x-faregate-request-id": "req_1",
            }
        assert bytes(wire.seen).startswith(b"HTTP/1.1 418 I'm a Teapot\r\n")


@pytest.mark.parametrize(
    ("version", "line", "connection"),
    [
        ("1.1", "X-A: 1", None),
        ("1.1", "Connection: close", "close"),
        ("1.0", "X-A: 1", None),
        ("1.0", "Connection: keep-alive", "keep-alive"),
    ],
)
async def test_the_connection_is_kept_as_the_client_wants(
    version: str, line: str, connection: str | None
) -> None:
    kept = connection == "keep-alive" or (version == "1.1" and connection is None)
    async with serving(Whole(status=200, body=b"{}")) as url, connected(url) as wire:
        await ask(wire, url, line, version=version)
        answer = await wire.answer()
        assert answer.headers.get("connection") == connection
        if kept:
            await ask(wire, url)
            assert (await wire.answer()).body == b"{}"
        else:
            assert await wire.rest() == b""


async def test_an_unknown_status_and_an_empty_body() -> None:
    async with serving(Whole(status=529, body=b"")) as url, connected(url) as wire:
        await ask(wire, url)
        answer = await wire.answer()
    assert (answer.status, answer.body) == (529, b"")
    assert bytes(wire.seen).startswith(b"HTTP/1.1 529 \r\n")


async def test_a_header_that_breaks_the_line_is_not_sent() -> None:
    whole = Whole(status=200, headers={"x-a": "1\r\nx-evil: 1"}, body=b"{}")
    async with serving(whole) as url, connected(url) as wire:
        await ask(wire, url)
        assert b"x-evil" not in await wire.rest()


async def test_a_client_that_reads_nothing_holds_the_answer_back() -> None:
    whole = Whole(status=200, body=b"x" * (64 * MEGABYTE))
    async with serving(whole) as url, connected(url) as wire:
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await ask(wire, url)
        await asyncio.sleep(0.1)
        wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert len((await wire.answer()).body) == 64 * MEGABYTE


async def test_an_answer_to_head_has_no_body() -> None:
    async with serving(Whole(status=200, body=b"{}")) as url, connected(url) as wire:
        for _ in range(2):
            await wire.send(head(url, "/", method="HEAD"))
            answer = await wire.answer(head=True)
            assert (answer.headers["content-length"], answer.body) == ("2", b"")


async def test_who_is_served_at_the_end_gets_the_answer() -> None:
    class Slow(Echo):
        async def serve(self, request: Incoming, at: AgentConnection) -> Answer:
            begun.set()
            await asyncio.sleep(0.05)
            return await super().serve(request, at)

    begun = asyncio.Event()
    sock = agent_socket("127.0.0.1", 0)
    listener = await serve_agents(sock, Slow(Whole(status=200, body=b"{}")))
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    async with connected(url) as wire, connected(url) as idle:
        await ask(wire, url)
        await begun.wait()
        ending = asyncio.get_running_loop().create_task(listener.cleanup())
        answer = await wire.answer()
        assert (answer.status, answer.closes) == (200, True)
        assert await wire.rest() == await idle.rest() == b""
        await ending


async def test_who_is_served_too_long_at_the_end_is_dropped() -> None:
    class Stuck(Echo):
        async def serve(self, request: Incoming, at: AgentConnection) -> Answer:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

    begun = asyncio.Event()
    sock = agent_socket("127.0.0.1", 0)
    listener = await serve_agents(sock, Stuck(Whole(status=200)))
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    async with connected(url) as wire:
        await ask(wire, url)
        await begun.wait()
        await listener.cleanup()
        assert await wire.rest() == b""
