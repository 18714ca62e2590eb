"""Whose turn it is: many answers that come as fast as they can share one loop.

Owns how much of them is handed on before everything else that the loop has to do
gets its turn. Knows no answer and reads nothing.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

PER_TURN = 128 * 1024
"""Bytes of all answers together: what it takes to meter them is a few milliseconds."""
AT_ONCE = 32 * 1024
"""Most bytes of one answer, so that others have a part in the turn."""


class Turns:
    """Counts what is handed on; made for one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._left = PER_TURN
        self._queue: deque[tuple[Callable[[], None], int]] = deque()

    def take(self, size: int) -> bool:
        """Tell whether these bytes may be handed on now; else `wait` for a turn."""
        if self._left <= 0 or self._queue:
            return False
        self._left -= size
        return True

    def wait(self, go_on: Callable[[], None], size: int) -> None:
        """Call `go_on` when it is its turn to hand on these bytes, first come first."""
        if not self._queue:
            self._loop.call_soon(self._next)
        self._queue.append((go_on, size))

    async def turn(self, size: int) -> None:
        """Return when these bytes may be handed on."""
        waiter = self._loop.create_future()

        def go_on() -> None:
            if not waiter.done():
                waiter.set_result(None)

        self.wait(go_on, size)
        await waiter

    def _next(self) -> None:
        """Hand on as much as a turn has; the rest waits until the loop comes by again."""
        self._left = PER_TURN
        queue, self._queue = self._queue, deque()
        while queue and self._left > 0:
            go_on, size = queue.popleft()
            self._left -= size
            go_on()
        # Who is not through yet is behind those that waited longer.
        again, self._queue = self._queue, queue
        if not again and queue:
            self._loop.call_soon(self._next)
        self._queue.extend(again)
