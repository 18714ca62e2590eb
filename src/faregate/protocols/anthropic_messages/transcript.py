"""The conversation that a Messages request carries."""

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
    elements,
    given,
    json_text,
    part_text,
    plain_text,
    role_of,
    speaker,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faregate.core.transcript import Item

_RESULT = "tool_result"
_CALL = "tool_use"
_UNSAID = frozenset({"thinking", "redacted_thinking"})


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


class _BlockOutline(msgspec.Struct, gc=False):
    """The same without what is said and what tools brought."""

    type: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw()


class _Outline(msgspec.Struct, gc=False):
    role: str | None = None
    content: str | list[_BlockOutline] | None = None


# So begins what only brings results, the bulk of all that is sent: not worth reading
# for a glance, as long as no call stands in it.
_BRINGS = re.compile(
    rb'\{\s*"role":\s*"user",\s*"content":\s*\[\s*\{\s*'
    rb'(?:"tool_use_id":\s*"[\w-]*",\s*)?"type":\s*"tool_result"'
)
_CALLS = b'tool_use"'
_MESSAGE = msgspec.json.Decoder(_Message)
_OUTLINE = msgspec.json.Decoder(_Outline)


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


def _glance(raw: bytes) -> Glance:
    if _BRINGS.match(raw) is not None and _CALLS not in raw:
        return ANSWERING
    outline = typed(_OUTLINE, raw)
    if outline is None:
        return glance_of(_items(raw))
    content = outline.content
    said = isinstance(content, str)
    calls: list[tuple[str, int]] = []
    answers = False
    for block in () if content is None or isinstance(content, str) else content:
        kind = block.type or ""
        if kind.endswith(_CALL):
            calls.append(called(block.name or "", block.input))
        elif kind.endswith(_RESULT):
            answers = True
        elif kind not in _UNSAID:
            said = True
    role = speaker(outline.role)
    return Glance(
        tuple(calls),
        speaks=bool(calls) or (said and role == "assistant"),
        answers=answers or (said and role == "user"),
    )


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


CONVERSATION = Dialect("messages", partial(map, _items), _glance)
