"""The text of a conversation that nobody goes on with is let go of."""

from __future__ import annotations

import asyncio
import gc

from faregate.protocols import json_object
from faregate.protocols.body_memory import BODIES
from faregate.server.forgetting import forget_idle
from tests.protocols.requests import inspect


async def test_it_is_done_again_and_again() -> None:
    text = "what nobody goes on with " * 300
    asked = {"model": "m", "messages": [{"role": "user", "content": text}]}
    inspect("/v1/chat/completions", asked)
    latest = json_object._latest[0]
    assert latest is not None
    body = latest.body
    assert BODIES.of(body) is not None
    del latest
    done = asyncio.Semaphore(0)

    def forget() -> None:
        json_object.forget_idle()
        done.release()

    task = asyncio.create_task(forget_idle(forget, 0))
    try:
        await done.acquire()
        await done.acquire()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert BODIES.of(body) is None
    assert not [each for each in gc.get_referrers(body) if isinstance(each, dict)]
