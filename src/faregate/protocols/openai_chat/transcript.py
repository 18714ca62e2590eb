"""The conversation that a Chat Completions request carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.protocols.transcripts import (
    Fields,
    json_text,
    messages_in,
    messages_of,
    plain_text,
    role_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.transcript import Item, Transcript

_RESULT_ROLES = frozenset({"tool", "function"})


def read_messages(body: bytes, last: int | None = None) -> tuple[Transcript, ...]:
    """Return the items of each message, or of only the `last` so many."""
    messages = messages_in(body, "messages", last)
    if messages is None:
        messages = messages_of(Fields(body).member("messages"), last)
    return tuple(tuple(_items(message)) for message in messages)


def _items(message: Fields) -> Iterator[Item]:
    content = plain_text(message.member("content"))
    if message.text("role") in _RESULT_ROLES:
        yield ToolResult(call_id=message.text("tool_call_id"), text=content)
        return
    if content:
        yield Said(role=role_of(message), text=content)
    for call in message.objects("tool_calls"):
        yield _call(call)
    if message.member("function_call") is not None:
        # The older form has no id; its result stands next and has none either.
        yield _function("", message.object("function_call"))


def _call(call: Fields) -> ToolCall:
    return _function(call.text("id"), call.object("function", "custom"))


def _function(call_id: str, function: Fields) -> ToolCall:
    return ToolCall(
        id=call_id,
        name=function.text("name"),
        arguments=json_text(function.member("arguments", "input")),
    )
