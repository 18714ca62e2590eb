"""Background tasks are named and kept until they end."""

from __future__ import annotations

import asyncio
import gc

from faregate.gateway import tasks
from faregate.gateway.tasks import spawn


async def test_a_task_that_nobody_holds_is_kept() -> None:
    done = asyncio.Event()
    go = asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    assert spawn(work(), "some work").get_name() == "some work"
    gc.collect()
    go.set()
    await asyncio.wait_for(done.wait(), 5)
    await asyncio.sleep(0)
    assert not tasks._running
