"""What one message of a conversation is, without reading what tools brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from faregate.core.loops.arguments import tried
from faregate.core.transcript import Said, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.transcript import Item


class Glance(NamedTuple):
    """One message, seen at a glance."""

    calls: tuple[tuple[str, int], ...]
    """Each tool that is called, with the hash of what is `tried` with it."""
    speaks: bool
    """The model calls or says something."""
    answers: bool
    """Somebody else says something, or a tool brought something."""


ANSWERING = Glance((), speaks=False, answers=True)


def glance_of(items: Sequence[Item]) -> Glance:
    """Return the same of a message that was read."""
    calls = [
        (item.name, tried(item.name, item.arguments))
        for item in items
        if isinstance(item, ToolCall)
    ]
    roles = {item.role for item in items if isinstance(item, Said)}
    results = any(isinstance(item, ToolResult) for item in items)
    return Glance(
        tuple(calls),
        speaks=bool(calls) or "assistant" in roles,
        answers=results or "user" in roles,
    )
