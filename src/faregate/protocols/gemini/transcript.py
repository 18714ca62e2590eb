"""The conversation that a generateContent request carries."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from faregate.core.loops.glance import ANSWERING, Glance
from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.protocols.transcripts import (
    Dialect,
    Fields,
    called,
    json_text,
    part_text,
    plain_text,
    role_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faregate.core.transcript import Item

_CALL = ("functionCall", "function_call")
# So begins what only brings results, the bulk of all that is sent: not worth reading
# for a glance, as long as no call stands in it.
_BRINGS = re.compile(
    rb'\{\s*(?:"role":\s*"(?:user|function)",\s*)?"parts":\s*\[\s*\{\s*'
    rb'"functionResponse":\s*\{'
)
_CALLS = tuple(key.encode() for key in _CALL)
_RESPONSE = ("functionResponse", "function_response")


def _items(contents: Sequence[bytes]) -> Iterator[list[Item]]:
    reader = _Reader()
    for each in contents:
        yield list(reader.items(Fields(each)))


def _glance(raw: bytes) -> Glance:
    if _BRINGS.match(raw) is not None and not any(call in raw for call in _CALLS):
        return ANSWERING
    content = Fields(raw)
    role = role_of(content)
    calls: list[tuple[str, int]] = []
    said = answers = False
    for part in content.objects("parts"):
        if part.member(*_CALL) is not None:
            call = part.object(*_CALL)
            calls.append(called(call.text("name"), json_text(call.member("args"))))
        elif part.member(*_RESPONSE) is not None:
            answers = True
        else:
            said = said or not part.flag("thought")
    return Glance(
        tuple(calls),
        speaks=bool(calls) or (said and role == "assistant"),
        answers=answers or (said and role == "user"),
    )


class _Reader:
    """Joins calls and responses that carry no ids by name and order."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[str]] = {}
        self._made = 0

    def items(self, content: Fields) -> Iterator[Item]:
        """Yield the items of one content."""
        for part in content.objects("parts"):
            item = self._item(role_of(content), part)
            if item is not None:
                yield item

    def _item(self, role: str, part: Fields) -> Item | None:
        if part.member(*_CALL) is not None:
            return self._call(part.object(*_CALL))
        if part.member(*_RESPONSE) is not None:
            return self._response(part.object(*_RESPONSE))
        if part.flag("thought"):
            return None
        return Said(role=role, text=part_text(part.raw))

    def _call(self, call: Fields) -> ToolCall:
        name, call_id = call.text("name"), call.text("id")
        if not call_id:
            self._made += 1
            call_id = f"{name}#{self._made}"
            self._waiting.setdefault(name, deque()).append(call_id)
        return ToolCall(id=call_id, name=name, arguments=json_text(call.member("args")))

    def _response(self, response: Fields) -> ToolResult:
        name, call_id = response.text("name"), response.text("id")
        if not call_id and (waiting := self._waiting.get(name)):
            call_id = waiting.popleft()
        said = response.object("response")
        error = said.member("error")
        text = said.member("output", "result", "content") if error is None else error
        if text is None:
            text = response.member("response")
        return ToolResult(
            call_id=call_id, text=plain_text(text), is_error=error is not None
        )


CONVERSATION = Dialect("contents", _items, _glance, alone=b"{")
