"""What a test leaves behind: descriptors and tasks."""

from __future__ import annotations

import asyncio
from pathlib import Path

_FOLDER = Path("/proc/self/fd")


def descriptors() -> dict[int, str]:
    """Return what this process has open; nothing where the system does not tell."""
    if not _FOLDER.is_dir():
        return {}
    found = {}
    for entry in _FOLDER.iterdir():
        try:
            found[int(entry.name)] = str(entry.readlink())
        except FileNotFoundError:
            continue  # The folder that is being read.
    return found


def sockets() -> int:
    """Return how many sockets this process has open, each with all its descriptors."""
    return len({t for t in descriptors().values() if t.startswith("socket:")})


def other_tasks() -> set[str]:
    """Return the names of all tasks but the running one."""
    running = asyncio.current_task()
    return {task.get_name() for task in asyncio.all_tasks() if task is not running}


async def until_sockets(most: int) -> None:
    """Wait until no more than `most` sockets are open."""
    for _ in range(1000):
        if sockets() <= most:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"more than {most} sockets stay open: {descriptors()}")


async def settled_sockets() -> int:
    """Return how many sockets are open once their number no longer changes."""
    last, same = -1, 0
    for _ in range(1000):
        now = sockets()
        last, same = now, same + 1 if now == last else 0
        if same == 10:
            return now
        await asyncio.sleep(0.005)
    raise AssertionError("the number of sockets never comes to rest")
