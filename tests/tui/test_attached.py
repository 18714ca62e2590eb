"""Screens come, hang and die; agents notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path

import aiohttp

from tests.running import MODEL, RunningGate, running_gate
from tests.tui.terminal import Terminal

HUNG_READERS = 8
REQUESTS = 30


def hang(stack: contextlib.ExitStack, path: Path) -> None:
    """Ask for the feed and never read a byte of it."""
    connection = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    connection.connect(str(path))
    connection.sendall(b"GET /v1/feed HTTP/1.1\r\nHost: localhost\r\n\r\n")


async def answer(gate: RunningGate, session: aiohttp.ClientSession) -> tuple[int, str]:
    """Return status and text of one answer, as an agent gets it."""
    body = {
        "model": MODEL,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "hi"}],
    }
    url = f"{gate.url}/v1/chat/completions"
    async with session.post(url, json=body, headers=gate.bearer) as got:
        told = await got.json()
        return got.status, told["choices"][0]["message"]["content"]


async def test_ten_screens_that_hang_or_are_killed_change_nothing(
    tmp_path: Path,
) -> None:
    async with (
        running_gate(tmp_path / "h", monthly="50.0") as gate,
        aiohttp.ClientSession() as session,
    ):
        alone = await answer(gate, session)
        with contextlib.ExitStack() as stack:
            for _ in range(HUNG_READERS):
                hang(stack, gate.paths.socket)
            stopped, killed = Terminal(gate.paths.socket), Terminal(gate.paths.socket)
            for screen in (stopped, killed):
                await asyncio.to_thread(screen.read_until, b" cap")
            os.kill(stopped.pid, signal.SIGSTOP)
            os.kill(killed.pid, signal.SIGKILL)
            answers = await asyncio.gather(
                *(answer(gate, session) for _ in range(REQUESTS))
            )
            assert set(answers) == {alone}
            await gate.settled()
            assert gate.month().held.pico == 0
            os.kill(stopped.pid, signal.SIGKILL)
            for screen in (stopped, killed):
                assert await asyncio.to_thread(screen.close) == -signal.SIGKILL
        assert await answer(gate, session) == alone
