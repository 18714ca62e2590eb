"""Starts the proxy for a person whose screen found none."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = (sys.executable, "-P", "-m", "faregate")
_WITHIN_S = 60.0


class StartError(Exception):
    """The proxy did not start; the message says why."""


async def start_proxy(command: Sequence[str] = COMMAND) -> str:
    """Run `faregate up` and return the proxy's address; raises StartError."""
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            "up",
            "--json",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise StartError(f"faregate cannot be started: {error.strerror}") from error
    try:
        async with asyncio.timeout(_WITHIN_S):
            out, _ = await child.communicate()
    except TimeoutError:
        # Left to itself: it may yet come up, and the screen connects by itself.
        raise StartError(f"no proxy within {_WITHIN_S:g} s") from None
    return _address(out)


def _address(out: bytes) -> str:
    try:
        told = json.loads(out)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise StartError("faregate up ended without an answer")
    error = told.get("error")
    if isinstance(error, dict):
        raise StartError(str(error.get("message", "it failed")))
    return str(told.get("url", ""))
