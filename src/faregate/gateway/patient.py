"""A time limit that a process does not run into because it was stopped itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

SLEPT = 5.0
"""Seconds by which something may be late before the process counts as stopped."""


class Within:
    """As `asyncio.timeout`; begins anew where the process was stopped meanwhile.

    Nothing could arrive then, so nobody is to blame: what did arrive is read first.
    """

    __slots__ = ("_due", "_handle", "_loop", "_seconds", "_timeout")

    def __init__(self, seconds: float) -> None:
        """Allow so many seconds."""
        self._seconds = seconds

    async def __aenter__(self) -> Within:
        """Begin to count; raises TimeoutError at the end of the block."""
        self._loop = asyncio.get_running_loop()
        self._timeout = asyncio.timeout(None)
        await self._timeout.__aenter__()
        self._begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Count no more."""
        self._handle.cancel()
        await self._timeout.__aexit__(kind, error, trace)

    def enough(self) -> None:
        """Take the limit off: what it was for has come, be it in the last moment."""
        self._handle.cancel()
        if not self._timeout.expired():
            self._timeout.reschedule(None)

    def _begin(self) -> None:
        self._due = self._loop.time() + self._seconds
        self._handle = self._loop.call_at(self._due, self._over)

    def _over(self) -> None:
        now = self._loop.time()
        if now - self._due > SLEPT:
            self._begin()
        else:
            self._timeout.reschedule(now)
