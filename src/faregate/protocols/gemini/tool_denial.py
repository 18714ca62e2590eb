"""Denied function calls of a generateContent answer: a text part for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.core.transcript import ToolCall
from faregate.protocols.refusals import sse_event
from faregate.protocols.screening import (
    BodyCalls,
    Screen,
    decoded,
    dicts,
    document_of,
    encoded,
    text_of,
)
from faregate.protocols.sse import event_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMES = ("functionCall", "function_call")


class GenerateContentScreen(Screen):
    """One streamed answer; each call comes whole, inside one chunk."""

    def begins(self, data: bytes) -> bool:
        """Tell whether a chunk has a call in question."""
        return self._take(data)

    def note(self, data: bytes) -> bool:
        """Take one chunk behind the first call in question."""
        self._take(data)
        return False

    def settled(self) -> bool:
        """Tell that no call is ever incomplete."""
        return True

    def close(self) -> None:
        """Do nothing: no call is ever incomplete."""

    def is_document(self, _event: dict[str, Any]) -> bool:
        """Tell that a whole answer is a chunk like any other."""
        return False

    def rewrite(self, events: Sequence[bytes], texts: Mapping[int, str]) -> list[bytes]:
        """Return the chunks with a text part for each denied call."""
        out: list[bytes] = []
        number = 0
        for raw in events:
            chunk = decoded(event_data(raw))
            changed = False
            for part in _call_parts(chunk):
                if not self._judge.questions(_tool_call(part)):
                    continue
                if number in texts:
                    _replace(part, texts[number])
                    changed = True
                number += 1
            out.append(sse_event(chunk) if changed else raw)
        return out

    def read(self, body: bytes) -> BodyCalls:
        """Read an answer, or the array of one that was streamed without events."""
        document = document_of(body)
        return BodyCalls(
            document, tuple(_tool_call(part) for part in _all_parts(document))
        )

    def rewritten(self, body: BodyCalls, texts: Mapping[int, str]) -> bytes:
        """Return the answer with a text part for each denied call."""
        parts = _all_parts(body.document)
        for number, text in texts.items():
            _replace(parts[number], text)
        return encoded(body.document)

    def _take(self, data: bytes) -> bool:
        found = [self.ask(_tool_call(part)) for part in _call_parts(decoded(data))]
        return any(found)


def _all_parts(document: Any) -> list[dict[str, Any]]:
    chunks = dicts(document) if isinstance(document, list) else [document]
    return [part for chunk in chunks for part in _call_parts(chunk)]


def _call_parts(chunk: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    candidates = chunk.get("candidates") if isinstance(chunk, dict) else None
    for candidate in dicts(candidates):
        content = candidate.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        found += [part for part in dicts(parts) if _call_of(part) is not None]
    return found


def _call_of(part: dict[str, Any]) -> dict[str, Any] | None:
    for name in _NAMES:
        call = part.get(name)
        if isinstance(call, dict):
            return call
    return None


def _tool_call(part: dict[str, Any]) -> ToolCall:
    call = _call_of(part) or {}
    return ToolCall(
        id=str(call.get("id") or ""),
        name=str(call.get("name") or ""),
        arguments=text_of(call.get("args")),
    )


def _replace(part: dict[str, Any], text: str) -> None:
    part.clear()
    part["text"] = text
