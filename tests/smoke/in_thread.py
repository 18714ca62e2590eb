"""A simulated provider in a thread of its own, for commands that own their loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import SimulatorSettings
from tests.smoke.probing import KEY, RATES

_T = TypeVar("_T")


@contextlib.contextmanager
def threaded(make: Callable[[], AbstractAsyncContextManager[_T]]) -> Iterator[_T]:
    """Enter an async context in another thread's loop, and leave it there."""
    ready: list[_T] = []
    failed: list[BaseException] = []
    started, done = threading.Event(), threading.Event()

    async def live() -> None:
        async with make() as made:
            ready.append(made)
            started.set()
            await asyncio.to_thread(done.wait)

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            failed.append(error)
            started.set()
            raise

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(20)
    if failed:
        raise failed[0]
    try:
        yield ready[0]
    finally:
        done.set()
        thread.join(20)


@contextlib.asynccontextmanager
async def simulated() -> AsyncIterator[SimulatedProvider]:
    """Run a simulated provider that wants a key."""
    settings = SimulatorSettings(keys=frozenset({KEY}))
    provider = SimulatedProvider(settings=settings, rates=RATES)
    await provider.start()
    try:
        yield provider
    finally:
        await provider.stop()
