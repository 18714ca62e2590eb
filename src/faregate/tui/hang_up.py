"""Ends a program whose terminal is gone, where no signal says so.

A hang-up reaches a program only from its controlling terminal, and not where it is
ignored (nohup). The screen's library would then read the end of its input for ever,
with a whole core, while its writer is dead and the loop waits for it.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXIT_CODE = 129
"""What a shell reports of a program that a hang-up ended."""


@contextlib.contextmanager
def told_of_hang_up(
    descriptor: int, then: Callable[[], None] | None = None
) -> Iterator[None]:
    """Call `then` in a thread once the terminal behind `descriptor` is gone.

    Without `then` the program ends at once: nothing that it could write would be read.
    Costs nothing until then, for the thread waits in the kernel.
    """
    ours, theirs = os.pipe()
    act = then or _end
    thread = threading.Thread(
        target=_wait, args=(descriptor, ours, act), name="hang-up", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        os.close(theirs)
        thread.join()
        os.close(ours)


def _wait(descriptor: int, ours: int, act: Callable[[], None]) -> None:
    watched = select.poll()
    # Asked for nothing, the kernel tells of a hang-up alone.
    watched.register(descriptor, 0)
    watched.register(ours, 0)
    told = dict(watched.poll())
    if ours not in told and told.get(descriptor, 0) & select.POLLHUP:
        act()


def _end() -> None:
    # The loop may wait for a writer that is dead: no exception would get through.
    os._exit(EXIT_CODE)
