"""Work beside the screen's own loop: workers of a group, and threads that block.

A thread that waits for a proxy that hangs must not keep the screen from being left.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from faregate.control.calling import spelled
from faregate.control.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.app import App
    from textual.dom import DOMNode
    from textual.widget import Widget
    from textual.worker import Worker

    Work = Callable[[], Coroutine[Any, Any, None]]

_T = TypeVar("_T")


def start(node: DOMNode, work: Work, group: str) -> None:
    """Run `work` for `node`; what it did before in this group is called off.

    It takes a function, because a coroutine that is called off before it began would
    be left over.
    """
    _worker: Worker[None] = node.run_worker(
        work, name=group, group=group, exclusive=True
    )


async def attempt(node: App[None] | Widget, work: Work) -> None:
    """Do what the person asked for; what the proxy refuses is told, nothing breaks."""
    try:
        await work()
    except ControlError as error:
        tell_trouble(node, error.message)


def tell_trouble(node: App[None] | Widget, told: str) -> None:
    """Say what went wrong, long enough to be read."""
    node.notify(spelled(told), severity="error", timeout=15, markup=False)


async def in_thread(work: Callable[[], _T]) -> _T:
    """Return what `work` returns, run in a thread that nobody waits for at the end."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_T] = loop.create_future()

    def tell(result: _T | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, fault = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            fault = error
        # The screen may have been left meanwhile.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, result, fault)

    threading.Thread(target=run, name="desk", daemon=True).start()
    return await answer
