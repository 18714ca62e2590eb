"""The live feed, over the real socket: what it tells, and whom it waits for."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from unittest import mock

import pytest

from faregate.control.errors import ControlError
from faregate.control.feed import feed
from faregate.control.models import Delta, Snapshot
from faregate.core.holds import LedgerError
from faregate.core.money import Money
from faregate.server import broadcast, control_routes
from faregate.smoke.simulated.script import Step
from tests import leaks
from tests.running import RunningGate, running_gate
from tests.server.dialects import DIALECTS, ask

CHAT = DIALECTS["chat"]
SOON = 0.01


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    tasks, sockets = leaks.other_tasks(), leaks.sockets()
    with mock.patch.object(broadcast, "INTERVAL", SOON):
        async with running_gate(tmp_path / "home") as gate:
            yield gate
    await leaks.until_sockets(sockets)
    assert leaks.other_tasks() <= tasks


@contextlib.asynccontextmanager
async def watching(gate: RunningGate) -> AsyncIterator[AsyncIterator[Snapshot | Delta]]:
    messages = feed(gate.paths.socket)
    async with contextlib.aclosing(messages), asyncio.timeout(10):
        yield messages


async def until(
    messages: AsyncIterator[Snapshot | Delta], session: str, requests: int
) -> Delta:
    """Return the delta that tells of a session's requests."""
    async for message in messages:
        if isinstance(message, Delta):
            for view in message.sessions:
                if (view.id, view.requests, view.held) == (session, requests, "0"):
                    return message
    raise AssertionError("the feed ended")


def test_there_are_at_most_four_lines_a_second() -> None:
    assert broadcast.INTERVAL >= 0.25


async def test_the_feed_is_a_snapshot_and_then_what_changes(gate: RunningGate) -> None:
    async with watching(gate) as messages:
        first = await anext(messages)
        assert isinstance(first, Snapshot)
        assert first.status.sessions == []
        assert (await ask(gate, CHAT, target="/s/run-1" + CHAT.target)).status == 200
        delta = await until(messages, "run-1", 1)
        month = next(b for b in delta.budgets if b.window == "month")
        assert month.spent == gate.month().spent.exact() != "0"
        assert delta.setup is not None
        assert delta.setup.first_request_seen
        assert (await ask(gate, CHAT, target="/s/run-1" + CHAT.target)).status == 200
        await until(messages, "run-1", 2)


async def test_a_running_request_is_told_and_goes_again(gate: RunningGate) -> None:
    gate.provider.script(Step(first_byte=0.3))
    async with watching(gate) as messages:
        await anext(messages)
        asking = asyncio.get_running_loop().create_task(ask(gate, CHAT))
        seen = set()
        async for message in messages:
            assert isinstance(message, Delta)
            seen |= {flight.state for flight in message.flights}
            if seen and not message.flights:
                break
        assert (await asking).status == 200
        assert "connecting" in seen


async def test_ten_watchers_cost_no_more_than_one(gate: RunningGate) -> None:
    live = gate.daemon.live
    async with contextlib.AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(watching(gate)) for _ in range(10)]
        for messages in watchers:
            assert isinstance(await anext(messages), Snapshot)
        with mock.patch.object(live, "delta", wraps=live.delta) as made:
            assert (
                await ask(gate, CHAT, target="/s/run-1" + CHAT.target)
            ).status == 200
            told = [await until(messages, "run-1", 1) for messages in watchers]
            assert made.call_count < 10 * len(told)
    # One and the same line went to all of them.
    assert len({delta.seq for delta in told}) == 1


async def test_nothing_is_made_while_nobody_watches(gate: RunningGate) -> None:
    live = gate.daemon.live
    async with watching(gate) as messages:
        await anext(messages)
        assert "feed" in leaks.other_tasks()
    for _ in range(400):
        if "feed" not in leaks.other_tasks():
            break
        await asyncio.sleep(0.005)
    with mock.patch.object(live, "delta") as made:
        await asyncio.sleep(5 * SOON)
        made.assert_not_called()


@contextlib.asynccontextmanager
async def deaf(gate: RunningGate) -> AsyncIterator[socket.socket]:
    """Ask for the feed, and read nothing of it."""
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_UNIX)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    sock.setblocking(False)
    await loop.sock_connect(sock, str(gate.paths.socket))
    await loop.sock_sendall(sock, b"GET /v1/feed HTTP/1.0\r\n\r\n")
    try:
        yield sock
    finally:
        sock.close()


def a_lot_to_tell(gate: RunningGate) -> None:
    for number in range(400):
        text = f"{number} " + "x" * 500
        gate.daemon.gate.events.publish("error", text, at_ms=1)


async def test_a_watcher_that_never_reads_holds_up_nobody(gate: RunningGate) -> None:
    async with deaf(gate), watching(gate) as messages:
        await anext(messages)
        for number in range(1, 6):
            a_lot_to_tell(gate)
            target = "/s/run-1" + CHAT.target
            assert (await ask(gate, CHAT, target=target)).status == 200
            await until(messages, "run-1", number)


async def test_a_watcher_that_never_reads_is_dropped(gate: RunningGate) -> None:
    before = leaks.sockets()
    with mock.patch.object(control_routes, "WRITE_TIMEOUT", 0.1):
        async with deaf(gate):
            for _ in range(20):
                a_lot_to_tell(gate)
                await asyncio.sleep(2 * SOON)
            # Our end is gone, while the deaf watcher still holds its own.
            await leaks.until_sockets(before + 1)


async def test_a_watcher_that_fell_behind_is_told_everything_anew(
    gate: RunningGate,
) -> None:
    hub = broadcast.Broadcast(gate.daemon.live)
    with hub.watcher() as watcher:
        assert b'"snapshot"' in (await watcher.next_line() or b"")
        for number in range(broadcast.MOST_WAITING):
            watcher.tell(b"%d" % number)
        assert await watcher.next_line() == b"0"
        watcher.tell(b"more")
        watcher.tell(b"too much")
        assert b'"snapshot"' in (await watcher.next_line() or b"")
        watcher.tell(b"news")
        assert await watcher.next_line() == b"news"


async def test_a_ledger_that_cannot_be_read_ends_no_feed(gate: RunningGate) -> None:
    live = gate.daemon.live
    async with watching(gate) as messages:
        await anext(messages)
        failing = mock.patch.object(live, "delta", side_effect=LedgerError("busy"))
        with failing as failed:
            for _ in range(400):
                if failed.call_count > 2:
                    break
                await asyncio.sleep(0.005)
            assert failed.call_count > 2
        assert (await ask(gate, CHAT, target="/s/run-1" + CHAT.target)).status == 200
        await until(messages, "run-1", 1)
    assert gate.month().held == Money(0)


async def test_a_feed_that_cannot_begin_is_a_problem(gate: RunningGate) -> None:
    failing = mock.patch.object(
        gate.daemon.live, "snapshot", side_effect=LedgerError("busy")
    )
    messages = feed(gate.paths.socket)
    with failing, pytest.raises(ControlError, match="busy"):
        await anext(messages)


async def test_the_feed_ends_with_the_proxy(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "home") as gate:
        messages = feed(gate.paths.socket)
        await anext(messages)
        stopping = asyncio.get_running_loop().create_task(gate.daemon.stop())
        async with asyncio.timeout(5):
            assert [message async for message in messages] == []
        await stopping
