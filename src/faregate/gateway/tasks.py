"""Background tasks with a name and an owner.

asyncio keeps only weak references to tasks: one that nobody holds may vanish in
the middle of a settlement.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

AGAIN_S = 1.0
"""Seconds before what failed is begun anew."""
_log = logging.getLogger("faregate.gateway")
_T = TypeVar("_T")
Lasting = Callable[[], Coroutine[Any, Any, None]]
"""Begins what runs until it is cancelled."""
_running: set[asyncio.Task[Any]] = set()


def spawn(
    work: Coroutine[Any, Any, _T],
    name: str,
    loop: asyncio.AbstractEventLoop | None = None,
) -> asyncio.Task[_T]:
    """Start `work` as a named task and keep a reference until it ends.

    Whoever knows the running `loop` saves asking the system for it.
    """
    task = (loop or asyncio.get_running_loop()).create_task(work, name=name)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


async def lasting(work: Lasting, name: str, told: Callable[[str], None]) -> None:
    """Run what lasts as long as the process, and begin it anew each time it fails.

    `told` hears of the first time: without it raises would last for good, and who
    waits would wait for ever.
    """
    failed = False
    while True:
        try:
            return await work()
        except Exception as error:  # noqa: BLE001 - logged and told
            _log.exception("%s failed and begins anew", name)
            if not failed:
                told(f"A fault of Faregate's own in {name}, which goes on: {error!r}")
            failed = True
        await asyncio.sleep(AGAIN_S)
