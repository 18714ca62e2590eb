"""The conversation that a Messages request carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.protocols.transcripts import (
    Fields,
    elements,
    json_text,
    messages_in,
    messages_of,
    plain_text,
    role_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.transcript import Item, Transcript

_RESULT = "tool_result"
_CALL = "tool_use"
_UNSAID = frozenset({"thinking", "redacted_thinking"})


def read_messages(body: bytes, last: int | None = None) -> tuple[Transcript, ...]:
    """Return the items of each message, or of only the `last` so many."""
    messages = messages_in(body, "messages", last)
    if messages is None:
        messages = messages_of(Fields(body).member("messages"), last)
    return tuple(tuple(_items(message)) for message in messages)


def _items(message: Fields) -> Iterator[Item]:
    role = role_of(message)
    content = message.member("content")
    if content is None:
        return
    if content[:1] != b"[":
        yield Said(role=role, text=plain_text(content))
        return
    for raw in elements(content):
        item = _item(role, raw)
        if item is not None:
            yield item


def _item(role: str, raw: bytes) -> Item | None:
    part = Fields(raw)
    kind = part.text("type")
    # Tools that the provider runs carry the same forms under longer names.
    if kind.endswith(_CALL):
        return ToolCall(
            id=part.text("id"),
            name=part.text("name"),
            arguments=json_text(part.member("input")),
        )
    if kind.endswith(_RESULT):
        return ToolResult(
            call_id=part.text("tool_use_id"),
            text=plain_text(part.member("content")),
            is_error=part.flag("is_error"),
        )
    if kind in _UNSAID:
        return None
    return Said(role=role, text=plain_text(b"[" + raw + b"]"))
