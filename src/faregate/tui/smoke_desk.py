"""Where the TUI has smoke tests run, and reads what earlier ones found.

A test is a process of its own: it must not shake the screen, nor end with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faregate.control.client import ControlClient
from faregate.tui.workers import in_thread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from faregate.control.smoke_runs import SmokeRunView

COMMAND = (sys.executable, "-m", "faregate")
PRICE_S = 30.0
RUN_S = 1800.0
_LEAVE_S = 5.0


class DeskError(Exception):
    """A smoke test could not be run; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a smoke test would cost at most; amounts are decimal text in USD."""

    targets: tuple[str, ...]
    estimate: str
    max_cost: str


class SmokeDesk:
    """Runs `faregate smoke-test` and asks the proxy for the history."""

    def __init__(self, socket_path: Path, *, command: Sequence[str] = COMMAND) -> None:
        """Ask the proxy at `socket_path`; `command` starts faregate.

        An empty `command` runs nothing: a demo must not find the person's keys.
        """
        self._client = ControlClient(socket_path)
        self._command = tuple(command)

    async def history(self) -> list[SmokeRunView]:
        """Return the newest run of each target; raises ControlError."""
        return await in_thread(self._client.smoke_runs)

    async def price(self, targets: Sequence[str]) -> Offer:
        """Return what a test of these targets would cost; raises DeskError."""
        told = await self._ask([*targets, "--dry-run"], PRICE_S)
        try:
            return Offer(
                targets=tuple(str(name) for name in told["targets"]),
                estimate=str(told["estimate"]),
                max_cost=str(told["max_cost"]),
            )
        except (KeyError, TypeError) as error:
            raise DeskError("faregate smoke-test said something unknown") from error

    async def run(self, targets: Sequence[str]) -> list[tuple[str, str]]:
        """Run a test and return each target's readiness; raises DeskError."""
        told = await self._ask(list(targets), RUN_S)
        return [
            (str(each.get("target", "?")), str(each.get("readiness", "?")))
            for each in told.get("targets", [])
            if isinstance(each, dict)
        ]

    async def _ask(self, arguments: list[str], within_s: float) -> dict[str, Any]:
        if not self._command:
            raise DeskError("a demo runs no smoke test: use faregate smoke-test")
        try:
            child = await asyncio.create_subprocess_exec(
                *self._command,
                "smoke-test",
                "--json",
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise DeskError(f"faregate cannot be started: {error.strerror}") from error
        try:
            async with asyncio.timeout(within_s):
                out, _ = await child.communicate()
        except TimeoutError:
            raise DeskError(f"no end within {within_s:g} s") from None
        finally:
            await _end(child)
        return _document(out)


async def _end(child: asyncio.subprocess.Process) -> None:
    """End a child that still runs as Ctrl-C would, so that it books what it spent."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_S):
                await child.wait()


def _document(out: bytes) -> dict[str, Any]:
    try:
        told = json.loads(out)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise DeskError("faregate smoke-test ended without an answer")
    error = told.get("error")
    if isinstance(error, dict):
        raise DeskError(str(error.get("message", "it failed")))
    return told
