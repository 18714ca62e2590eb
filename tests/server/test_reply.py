"""Streams to clients that read slowly, not at all, or no longer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

import pytest

from faregate.core.money import Money
from faregate.gateway.settings import Patience
from faregate.server import connection
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.script import Step
from tests import leaks
from tests.running import RunningGate, running_gate
from tests.server.dialects import DIALECTS, Dialect, each_dialect
from tests.server.wire import Wire, connected, head, post

HASTE = Patience(write_stall=0.2, drain=0.3, idle=5.0, last_words=0.2, look=0.05)
MEGABYTE = 1024 * 1024
LONG = "word " * (4 * MEGABYTE // 5)
"""Less than a million of the simulated tokens, more than the system takes at once."""


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    tasks, sockets = leaks.other_tasks(), leaks.sockets()
    async with running_gate(tmp_path / "home", monthly="999", patience=HASTE) as gate:
        yield gate
        await gate.settled()
        assert gate.month().held == Money(0)
    for _ in range(400):
        if leaks.other_tasks() <= tasks:
            break
        await asyncio.sleep(0.005)
    assert leaks.other_tasks() <= tasks
    await leaks.until_sockets(sockets)


@contextlib.asynccontextmanager
async def narrow(url: str, room: int = 4096) -> AsyncIterator[Wire]:
    """Connect with so little room that a client which reads nothing is soon felt."""
    where = urlsplit(url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, (where.hostname, where.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=room)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


async def served(gate: RunningGate) -> None:
    """Wait until a request was there, and is over."""
    for _ in range(2000):
        if gate.provider.generations and not len(gate.daemon.gate.flights):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the request is not over")


def stream(gate: RunningGate, dialect: Dialect, version: str = "1.1") -> bytes:
    target, body = dialect.streamed(**dialect.with_bound(MEGABYTE))
    data = json.dumps(body).encode()
    auth = f"Authorization: Bearer {gate.token}"
    if version == "1.1":
        return post(gate.url, data, auth, target=target)
    lines = (auth, "Content-Type: application/json", f"Content-Length: {len(data)}")
    return head(gate.url, target, *lines, version=version) + data


def whole(gate: RunningGate, dialect: Dialect) -> bytes:
    auth = f"Authorization: Bearer {gate.token}"
    data = json.dumps(dialect.with_bound(5 * MEGABYTE)).encode()
    return post(gate.url, data, auth, target=dialect.target)


@each_dialect
async def test_a_client_that_reads_nothing_of_a_stream_is_cut(
    gate: RunningGate, dialect: Dialect
) -> None:
    gate.provider.script(Step(text=LONG))
    async with narrow(gate.url) as wire:
        await wire.send(stream(gate, dialect))
        await served(gate)
    month = gate.month()
    assert month.spent + month.unknown > Money(0)


async def test_a_client_that_reads_nothing_of_an_answer_is_cut(
    gate: RunningGate,
) -> None:
    gate.provider.script(Step(text=LONG * 4))
    before = leaks.sockets()
    with mock.patch.object(connection, "WRITE_STALL", 0.2):
        async with narrow(gate.url) as wire:
            await wire.send(whole(gate, DIALECTS["chat"]))
            await served(gate)
            # What is left is the client's end, and a connection to the provider,
            # both ends of which are here.
            await leaks.until_sockets(before + 3)
            wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
            await wire.rest()
    assert gate.month().spent > Money(0)


async def test_a_client_that_reads_slowly_is_not_cut(gate: RunningGate) -> None:
    gate.provider.script(Step(text=LONG * 4))
    with mock.patch.object(connection, "WRITE_STALL", 0.4):
        async with narrow(gate.url, 65536) as wire:
            await wire.send(whole(gate, DIALECTS["chat"]))
            await served(gate)
            wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
            head = await wire.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split()[0])
            assert length > 16 * MEGABYTE - 100
            while length:
                length -= len(await wire.reader.readexactly(min(length, MEGABYTE)))
                await asyncio.sleep(0.05)


async def test_a_slow_reader_slows_the_provider_and_nobody_else(
    gate: RunningGate,
) -> None:
    gate.provider.script(Step(text=LONG))
    async with narrow(gate.url) as slow:
        await slow.send(stream(gate, DIALECTS["chat"]))
        async with connected(gate.url) as wire:
            for _ in range(20):
                await wire.send(whole(gate, DIALECTS["messages"]))
                assert (await wire.answer()).status == 200


@each_dialect
async def test_a_stream_is_passed_on_whole(gate: RunningGate, dialect: Dialect) -> None:
    async with connected(gate.url) as wire:
        await wire.send(stream(gate, dialect))
        answer = await wire.answer()
        assert (answer.status, answer.whole) == (200, True)
        assert answer.headers["content-type"].startswith("text/event-stream")
        # The connection serves on.
        await wire.send(whole(gate, dialect))
        assert (await wire.answer()).status == 200


@each_dialect
@pytest.mark.parametrize("fault", ["reset_midway", "cut_midway"])
async def test_a_stream_that_breaks_never_ends_cleanly(
    gate: RunningGate, dialect: Dialect, fault: str
) -> None:
    gate.provider.script(Step(text="word " * 50, fault=TABLE[fault]))
    async with connected(gate.url) as wire:
        await wire.send(stream(gate, dialect))
        answer = await wire.answer()
        assert (answer.status, answer.whole) == (200, False)
        body = answer.body.replace(b"\r\n", b"\n")
        events = [event for event in body.split(b"\n\n") if event.strip()]
        last = events[-1].partition(b"data: ")[2]
        assert b"error" in events[-1]
        assert json.loads(last)
        assert b"[DONE]" not in answer.body
        assert await wire.rest() == b""


@each_dialect
async def test_http_1_0_gets_its_stream_unframed(
    gate: RunningGate, dialect: Dialect
) -> None:
    async with connected(gate.url) as wire:
        await wire.send(stream(gate, dialect, "1.0"))
        answer = await wire.answer()
        assert answer.status == 200
        assert "transfer-encoding" not in answer.headers
        assert answer.body.replace(b"\r", b"").endswith(b"\n\n")


@each_dialect
async def test_a_client_that_leaves_a_stream(
    gate: RunningGate, dialect: Dialect
) -> None:
    gate.provider.script(Step(text="word " * 100, gap=0.01))
    async with connected(gate.url) as wire:
        await wire.send(stream(gate, dialect))
        await wire.reader.readuntil(b"data: ")
        wire.writer.transport.abort()
    await served(gate)
    month = gate.month()
    assert month.spent + month.unknown > Money(0)


async def test_a_client_that_leaves_before_the_answer(gate: RunningGate) -> None:
    gate.provider.script(Step(first_byte=0.5))
    async with connected(gate.url) as wire:
        await wire.send(whole(gate, DIALECTS["chat"]))
        await asyncio.sleep(0.1)
    await served(gate)
    async with connected(gate.url) as wire:
        await wire.send(whole(gate, DIALECTS["chat"]))
        assert (await wire.answer()).status == 200
