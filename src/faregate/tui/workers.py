"""Starts work beside the screen's own loop, one of a group at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.dom import DOMNode
    from textual.worker import Worker

    Work = Callable[[], Coroutine[Any, Any, None]]


def start(node: DOMNode, work: Work, group: str) -> None:
    """Run `work` for `node`; what it did before in this group is called off.

    It takes a function, because a coroutine that is called off before it began would
    be left over.
    """
    _worker: Worker[None] = node.run_worker(
        work, name=group, group=group, exclusive=True
    )
