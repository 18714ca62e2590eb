"""A running gate that captures, and what it captured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from faregate.control.capture import CaptureView
from faregate.control.capture_client import CaptureClient
from faregate.control.errors import ControlError
from tests.running import RunningGate

_T = TypeVar("_T")


def person_of(gate: RunningGate) -> CaptureClient:
    """Return a client that speaks for a person."""
    secret = gate.paths.admin_secret.read_text().strip()
    return CaptureClient(gate.paths.socket, admin_secret=secret)


async def do(call: Callable[..., _T], *args: Any, **named: Any) -> _T:
    """Make a blocking call beside the proxy's loop."""
    return await asyncio.to_thread(lambda: call(*args, **named))


async def captured(gate: RunningGate, request: str) -> CaptureView:
    """Return what was captured of a request, once it is on the disk."""
    client = person_of(gate)
    async with asyncio.timeout(10):
        while True:
            try:
                return await do(client.capture, request)
            except ControlError as error:
                if error.code != "not_captured":
                    raise
            await asyncio.sleep(0.01)
