"""The conversation that a generateContent request carries."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.protocols.transcripts import (
    Fields,
    json_text,
    messages_in,
    messages_of,
    part_text,
    plain_text,
    role_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.transcript import Item, Transcript

_CALL = ("functionCall", "function_call")
_RESPONSE = ("functionResponse", "function_response")


def read_messages(body: bytes, last: int | None = None) -> tuple[Transcript, ...]:
    """Return the items of each content, or of only the `last` so many."""
    contents = messages_in(body, "contents", last)
    if contents is None:
        raw = Fields(body).member("contents")
        if raw is not None and raw[:1] == b"{":
            raw = b"[" + raw + b"]"
        contents = messages_of(raw, last)
    reader = _Reader()
    return tuple(tuple(reader.items(Fields(each))) for each in contents)


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
