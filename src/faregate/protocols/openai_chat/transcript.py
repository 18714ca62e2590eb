"""The conversation that a Chat Completions request carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.protocols.transcripts import (
    Fields,
    json_text,
    messages_in,
    messages_of,
    plain_text,
    role_of,
    speaker,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faregate.core.transcript import Item, Transcript

_RESULT_ROLES = frozenset({"tool", "function"})


def read_messages(body: bytes, last: int | None = None) -> tuple[Transcript, ...]:
    """Return the items of each message, or of only the `last` so many."""
    messages = messages_in(body, "messages", last)
    if messages is None:
        messages = messages_of(Fields(body).member("messages"), last)
    return tuple(tuple(_items(message)) for message in messages)


class _Part(msgspec.Struct, gc=False):
    text: str


class _Function(msgspec.Struct, gc=False):
    arguments: str
    name: str | None = None


class _Call(msgspec.Struct, gc=False):
    function: _Function
    id: str | None = None


class _Message(msgspec.Struct, gc=False):
    """One message in the form that agents send."""

    role: str | None = None
    content: str | list[_Part] | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None
    function_call: None = None


_MESSAGE = msgspec.json.Decoder(_Message)


def _items(raw: bytes) -> Sequence[Item]:
    message = typed(_MESSAGE, raw)
    return list(_patiently(Fields(raw))) if message is None else _usual(message)


def _usual(message: _Message) -> list[Item]:
    content = message.content or ""
    if not isinstance(content, str):
        content = "\n".join([part.text for part in content])
    if message.role in _RESULT_ROLES:
        return [ToolResult(call_id=message.tool_call_id or "", text=content)]
    found: list[Item] = []
    if content:
        found.append(Said(role=speaker(message.role), text=content))
    for call in message.tool_calls or ():
        name, arguments = call.function.name or "", call.function.arguments
        found.append(ToolCall(id=call.id or "", name=name, arguments=arguments))
    return found


def _patiently(message: Fields) -> Iterator[Item]:
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
