"""The conversation that a Chat Completions request carries."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from faregate.core.loops.glance import ANSWERING, Glance, glance_of
from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.protocols.transcripts import (
    Dialect,
    Fields,
    called,
    json_text,
    plain_text,
    role_of,
    speaker,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faregate.core.transcript import Item

_RESULT_ROLES = frozenset({"tool", "function"})


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


class _Outline(msgspec.Struct, gc=False):
    """The same without what is said and what tools brought."""

    role: str | None = None
    content: msgspec.Raw = msgspec.Raw()
    tool_calls: list[_Call] | None = None
    function_call: None = None


# So begins what a tool brought, the bulk of all that is sent: not worth reading.
_BRINGS = re.compile(rb'\{\s*"role":\s*"tool"')
_MESSAGE = msgspec.json.Decoder(_Message)
_OUTLINE = msgspec.json.Decoder(_Outline)
_SILENCE = frozenset({b"", b'""', b"null", b"[]"})
_TEXT = b'"'


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


def _glance(raw: bytes) -> Glance:
    if _BRINGS.match(raw) is not None:
        return ANSWERING
    outline = typed(_OUTLINE, raw)
    if outline is None:
        return glance_of(_items(raw))
    if outline.role in _RESULT_ROLES:
        return ANSWERING
    content = bytes(outline.content)
    says = content not in _SILENCE
    if says and content[:1] != _TEXT:
        # A list of parts may still say nothing.
        return glance_of(_items(raw))
    role = speaker(outline.role)
    calls = [
        called(call.function.name or "", call.function.arguments)
        for call in outline.tool_calls or ()
    ]
    return Glance(
        tuple(calls),
        speaks=bool(calls) or (says and role == "assistant"),
        answers=says and role == "user",
    )


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


CONVERSATION = Dialect("messages", partial(map, _items), _glance)
