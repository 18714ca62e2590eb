"""Requests that wait for a person in front of a whole gate, and who decides."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from faregate.control.client import ControlClient
from faregate.control.feed import feed
from faregate.control.models import FeedMessage
from faregate.gateway.approval_case import Case
from faregate.gateway.approvals import ApprovalDesk
from tests.running import RunningGate

ASK_ALWAYS = '[approvals]\nmodels = "ask"\nunattended = "wait"\n'
WITHIN_S = 20.0


def desk_of(gate: RunningGate) -> ApprovalDesk:
    desk = gate.daemon.gate.approvals
    assert desk is not None
    return desk


async def question(gate: RunningGate, *, alive: int = 0) -> Case:
    """Return the one question that waits, once its client was kept alive so often."""
    desk = desk_of(gate)
    await until(lambda: any(case.kept_alive >= alive for case in desk.waiting))
    return desk.waiting[0]


async def until(came: Callable[[], bool]) -> None:
    """Return once something came to be; TimeoutError when it does not."""
    for _ in range(int(WITHIN_S / 0.005)):
        if came():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


def person(gate: RunningGate) -> ControlClient:
    """Return a client that may decide."""
    secret = gate.paths.admin_secret.read_text().strip()
    return ControlClient(gate.paths.socket, admin_secret=secret)


@contextlib.asynccontextmanager
async def watching(socket: Path) -> AsyncIterator[list[FeedMessage]]:
    """Read the feed as a screen does; what it told is in the list."""
    told: list[FeedMessage] = []

    async def read() -> None:
        async for message in feed(socket):
            told[:] = [*told, message]

    task = asyncio.ensure_future(read())
    try:
        await until(lambda: bool(told))
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
