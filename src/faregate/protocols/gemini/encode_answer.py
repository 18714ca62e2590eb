"""Writes an answer as generateContent: SSE, a JSON array piece by piece, or one body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols.assembling import Assembled, Called, Said, Thought
from faregate.protocols.blocks import LIMIT
from faregate.protocols.codec import StreamTooLargeError
from faregate.protocols.events import (
    BlockEnded,
    CallDelta,
    CallStarted,
    Failed,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Seal,
    Sealed,
    Started,
    StopReason,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from faregate.protocols.gemini.signatures import signature_of
from faregate.protocols.members import json_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faregate.core.usage import Usage
    from faregate.protocols.dialects import AnswerForm

_TO_JSON = msgspec.json.Encoder()
_TEXT = b'data: {"candidates":[{"content":{"parts":[{"text":'
_REASONS: Mapping[StopReason, str] = {
    StopReason.STOP: "STOP",
    StopReason.STOP_SEQUENCE: "STOP",
    StopReason.TOOL_CALLS: "STOP",
    StopReason.PAUSED: "STOP",
    StopReason.LENGTH: "MAX_TOKENS",
    StopReason.CONTEXT_WINDOW: "MAX_TOKENS",
    StopReason.CONTENT_FILTER: "SAFETY",
    StopReason.REFUSAL: "SAFETY",
    StopReason.MALFORMED_CALL: "MALFORMED_FUNCTION_CALL",
}


def content_type(form: AnswerForm) -> str:
    """Return the media type of streams."""
    return "text/event-stream" if form.sse else "application/json; charset=UTF-8"


def usage_block(usage: Usage) -> dict[str, Any]:
    """Return usage as this dialect states it: thoughts beside the answer."""
    block = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.total_tokens,
    }
    if usage.cache_read:
        block["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        block["thoughtsTokenCount"] = usage.reasoning
    return block


class GenerateContentEncoder:
    """Writes one answer; see `AnswerEncoder`."""

    __slots__ = (
        "_call",
        "_form",
        "_head",
        "_kept",
        "_pieces",
        "_seal",
        "_tail",
        "_usage",
        "_written",
    )

    def __init__(self, form: AnswerForm) -> None:
        self._form = form
        self._head: dict[str, Any] = {
            "modelVersion": form.model,
            "responseId": form.request_id,
        }
        self._call: CallStarted | None = None
        self._pieces: list[str] = []
        self._kept = 0
        self._seal: Seal | None = None
        self._usage: Usage | None = None
        self._written = False
        self._tail = b""
        """What each chunk of text ends with, once it is known."""

    def stream(self, events: Sequence[StreamEvent]) -> bytes:
        """Return the chunks of these events; a call is written once it is whole."""
        parts = [
            self._more(event.text)
            if type(event) is TextDelta and self._seal is None
            else self._event(event)
            for event in events
        ]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def whole(self, events: Sequence[StreamEvent]) -> bytes:
        """Return the answer as one body."""
        answer = Assembled()
        for event in events:
            answer.take(event)
        self._named(answer.id, answer.model)
        body = self._response(self._parts(answer), _REASONS[answer.reason])
        if answer.usage is not None:
            body["usageMetadata"] = usage_block(answer.usage)
        return _TO_JSON.encode(body)

    def _event(self, event: StreamEvent) -> bytes:
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text):
                return self._chunk(self._signed({"text": text}))
            case ReasoningDelta(text=text):
                return self._chunk({"text": text, "thought": True})
            case CallDelta(arguments=arguments):
                self._keep(arguments)
            case BlockEnded():
                return self._ended()
            case Finished(reason=reason):
                return self._finished(reason)
            case Failed(message=message):
                return self._failed(message)
            case _:
                self._note(event)
        return b""

    def _note(self, event: StreamEvent) -> None:
        match event:
            case Started(id=answer_id, model=model):
                self._named(answer_id, model)
            case Sealed(seal=seal):
                self._seal = seal
            case CallStarted():
                self._call = event
                self._pieces = []
            case UsageSeen(usage=usage):
                self._usage = usage
            case _:
                pass

    def _named(self, answer_id: str, model: str) -> None:
        self._tail = b""
        if answer_id:
            self._head["responseId"] = answer_id
        if model:
            self._head["modelVersion"] = model

    def _keep(self, text: str) -> None:
        self._kept += len(text)
        if self._kept > LIMIT:
            raise StreamTooLargeError(f"tool calls are longer than {LIMIT} characters")
        self._pieces.append(text)

    def _signed(self, part: dict[str, Any]) -> dict[str, Any]:
        """Return a part with the signature of the thought before it."""
        if self._seal is not None:
            part["thoughtSignature"] = signature_of(self._seal)
            self._seal = None
        return part

    def _ended(self) -> bytes:
        call, self._call = self._call, None
        if call is None:
            return b""
        part = _call(call.id, call.name, "".join(self._pieces))
        return self._chunk(self._signed(part))

    def _response(
        self, parts: list[dict[str, Any]], finish: str | None
    ) -> dict[str, Any]:
        content = {"parts": parts, "role": "model"}
        candidate: dict[str, Any] = {"content": content, "index": 0}
        if finish is not None:
            candidate["finishReason"] = finish
        return {"candidates": [candidate], **self._head}

    def _chunk(self, part: dict[str, Any]) -> bytes:
        return self._framed(self._response([part], None))

    def _more(self, text: str) -> bytes:
        """Return a chunk of text: `_chunk`, for each of thousands."""
        if not self._form.sse:
            return self._chunk({"text": text})
        if not self._tail:
            self._tail = _TO_JSON.encode(self._head)[1:] + b"\r\n\r\n"
        said = _TO_JSON.encode(text)
        return _TEXT + said + b'}],"role":"model"},"index":0}],' + self._tail

    def _framed(self, value: dict[str, Any], end: bytes = b"") -> bytes:
        text = _TO_JSON.encode(value)
        if self._form.sse:
            return b"data: " + text + b"\r\n\r\n"
        start = b",\r\n" if self._written else b"["
        self._written = True
        return start + text + end

    def _finished(self, reason: StopReason) -> bytes:
        part = self._signed({"text": ""})
        last = self._response([part], _REASONS[reason])
        if self._usage is not None:
            last["usageMetadata"] = usage_block(self._usage)
        return self._framed(last, b"]")

    def _failed(self, message: str) -> bytes:
        error = {"code": 500, "message": message, "status": "INTERNAL"}
        return self._framed({"error": error}, b"]")

    def _parts(self, answer: Assembled) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        for block in answer.blocks:
            match block:
                case Said(text=text):
                    parts.append(self._signed({"text": text}))
                case Thought(text=text, seal=seal):
                    self._seal = seal or self._seal
                    if text:
                        parts.append({"text": text, "thought": True})
                case Called(id=call_id, name=name, arguments=arguments):
                    parts.append(self._signed(_call(call_id, name, arguments)))
        if self._seal is not None or not parts:
            parts.append(self._signed({"text": ""}))
        return parts


def _call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    found = json_object(arguments)
    if found is None:
        found = {"arguments": arguments}
    return {"functionCall": {"id": call_id, "name": name, "args": found}}
