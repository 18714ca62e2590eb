"""Reads again what a screen shows, one reading at a time and not too often."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.control.errors import ControlError
from faregate.control.sanitise import sanitise
from faregate.tui.workers import start

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.dom import DOMNode

READ_EVERY_S = 1.0
"""Seconds between two readings at least, however fast news come."""


class Reading:
    """Runs `load` when it is wanted; `done` is told what went wrong, "" for nothing."""

    def __init__(
        self,
        node: DOMNode,
        load: Callable[[], Awaitable[None]],
        done: Callable[[str], None],
    ) -> None:
        self._node = node
        self._load = load
        self._done = done
        self._running = False
        self._again = False

    def want(self) -> None:
        """Read now, or once more after the reading that runs."""
        self._again = True
        if not self._running:
            self._running = True
            start(self._node, self._read, "read")

    async def _read(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._once()
                if self._again:
                    await asyncio.sleep(READ_EVERY_S)
        finally:
            self._running = False

    async def _once(self) -> None:
        trouble = ""
        try:
            await self._load()
        except ControlError as error:
            trouble = sanitise(error.message, limit=120)
        self._done(trouble)
