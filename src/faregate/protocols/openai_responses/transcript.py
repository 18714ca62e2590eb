"""The conversation that a Responses request carries.

What stands behind `previous_response_id` is not in the body and stays unseen.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from faregate.core.loops.glance import ANSWERING, Glance, glance_of
from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.protocols.transcripts import (
    Dialect,
    Fields,
    elements,
    json_text,
    plain_text,
    role_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from faregate.core.transcript import Item

# Where a call says what it is to do, whichever tool it is for.
_ARGUMENTS = ("arguments", "input", "action", "operation", "queries", "code")
_RESULTS = ("output", "tools")
_FAILED = frozenset({"failed", "incomplete"})
_OUTPUT = "_output"
# So begins what a tool brought, the bulk of all that is sent: not worth reading.
_BRINGS = re.compile(
    rb'\{\s*(?:"call_id":\s*"[\w-]*",\s*)?"type":\s*"function_call_output"'
)
_TEXT = b'"'


def _items(raw: bytes) -> Iterable[Item]:
    if raw[:1] == _TEXT:
        return (Said(role="user", text=plain_text(raw)),)
    return _said(Fields(raw))


def _glance(raw: bytes) -> Glance:
    if raw[:1] == _TEXT or _BRINGS.match(raw) is not None:
        return ANSWERING
    item = Fields(raw)
    if item.text("type").endswith(_OUTPUT):
        return ANSWERING
    return glance_of(tuple(_said(item)))


def _said(item: Fields) -> Iterator[Item]:
    kind = item.text("type")
    if kind in {"", "message"}:
        text = plain_text(item.member("content"))
        if text:
            yield Said(role=role_of(item), text=text)
    elif kind.endswith(_OUTPUT):
        yield _result(item)
    elif kind.endswith("_call"):
        yield _call(kind, item)
        if item.member("output", "error") is not None:
            # A call that the provider ran carries its result with it.
            yield _result(item)


def _call(kind: str, item: Fields) -> ToolCall:
    return ToolCall(
        id=item.text("call_id", "id"),
        name=item.text("name") or kind.removesuffix("_call"),
        arguments=json_text(item.member(*_ARGUMENTS)),
    )


def _result(item: Fields) -> ToolResult:
    error = item.member("error")
    return ToolResult(
        call_id=item.text("call_id", "id"),
        text=_output(item.member(*_RESULTS) if error is None else error),
        is_error=error is not None or item.text("status") in _FAILED,
    )


def _output(raw: bytes | None) -> str:
    """Return an output's text; that of a shell is a list of its streams."""
    if raw is None or raw[:1] != b"[":
        return plain_text(raw)
    streams = map(Fields, elements(raw))
    parts = [each.text("stdout") + each.text("stderr") for each in streams]
    return "\n".join(parts) if any(parts) else plain_text(raw)


CONVERSATION = Dialect("input", partial(map, _items), _glance, alone=b'"')
