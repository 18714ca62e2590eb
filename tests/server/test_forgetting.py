"""The text of a conversation that nobody goes on with is let go of."""

from __future__ import annotations

import asyncio

from faregate.protocols.body_memory import BodyMemory
from faregate.server.forgetting import forget_idle


class Watched(BodyMemory):
    """Tells how often it was asked to forget."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Semaphore(0)

    def forget_idle(self) -> None:
        super().forget_idle()
        self.asked.release()


async def test_it_is_done_again_and_again() -> None:
    bodies = Watched()
    body = b'{"a":1}'
    bodies.learn(body, frozenset(), {"a": b"1"}, {"a": (1, 5, 6)})
    task = asyncio.create_task(forget_idle(bodies, 0))
    try:
        await bodies.asked.acquire()
        await bodies.asked.acquire()
        assert bodies.of(body) is None
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
