"""Background tasks with a name and an owner.

asyncio keeps only weak references to tasks: one that nobody holds may vanish in
the middle of a settlement.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

_T = TypeVar("_T")
_running: set[asyncio.Task[Any]] = set()


def spawn(work: Coroutine[Any, Any, _T], name: str) -> asyncio.Task[_T]:
    """Start `work` as a named task and keep a reference until it ends."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task
