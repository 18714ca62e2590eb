"""The conversation that a Messages request carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.protocols.transcripts import (
    Fields,
    elements,
    given,
    json_text,
    messages_in,
    messages_of,
    part_text,
    plain_text,
    role_of,
    speaker,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


class _Part(msgspec.Struct, gc=False):
    """One text in the result of a tool."""

    text: str


class _Block(msgspec.Struct, gc=False):
    """One block of a message in the form that agents send."""

    type: str | None = None
    text: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw()
    tool_use_id: str | None = None
    content: str | list[_Part] | None = None
    is_error: bool | None = None


class _Message(msgspec.Struct, gc=False):
    role: str | None = None
    content: str | list[_Block] | None = None


_MESSAGE = msgspec.json.Decoder(_Message)


def _items(raw: bytes) -> Sequence[Item]:
    message = typed(_MESSAGE, raw)
    found = None if message is None else _usual(message)
    return list(_patiently(Fields(raw))) if found is None else found


def _usual(message: _Message) -> list[Item] | None:
    """Return what a message says that has the usual form; None for any other."""
    role, content = speaker(message.role), message.content
    if isinstance(content, str):
        return [Said(role=role, text=content)]
    found: list[Item] = []
    for block in content or ():
        kind = block.type or ""
        if kind.endswith(_CALL):
            arguments = json_text(given(block.input))
            name = block.name or ""
            found.append(ToolCall(id=block.id or "", name=name, arguments=arguments))
        elif kind.endswith(_RESULT):
            found.append(_result(block))
        elif kind not in _UNSAID:
            if block.text is None:
                return None
            found.append(Said(role=role, text=block.text))
    return found


def _result(block: _Block) -> ToolResult:
    content = block.content or ""
    if not isinstance(content, str):
        content = "\n".join([part.text for part in content])
    return ToolResult(
        call_id=block.tool_use_id or "",
        text=content,
        is_error=block.is_error is True,
    )


def _patiently(message: Fields) -> Iterator[Item]:
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
    return Said(role=role, text=part_text(raw))
