"""Writes an answer as Chat Completions, streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols.assembling import Assembled, Called, Said, Thought, assembled
from faregate.protocols.counters import cache_details
from faregate.protocols.events import (
    CallDelta,
    CallKind,
    CallStarted,
    Failed,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    StopReason,
    StreamEvent,
    TextDelta,
    UsageSeen,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faregate.core.usage import Usage
    from faregate.protocols.dialects import AnswerForm

_DONE = b"data: [DONE]\n\n"
_END = b'},"finish_reason":null}]}\n\n'
_to_json = msgspec.json.Encoder().encode
_REASONS: Mapping[StopReason, str] = {
    StopReason.STOP: "stop",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.PAUSED: "stop",
    StopReason.LENGTH: "length",
    StopReason.CONTEXT_WINDOW: "length",
    StopReason.TOOL_CALLS: "tool_calls",
    StopReason.MALFORMED_CALL: "stop",
    StopReason.CONTENT_FILTER: "content_filter",
    StopReason.REFUSAL: "content_filter",
}


def usage_block(usage: Usage) -> dict[str, Any]:
    """Return usage as this dialect states it: input with its cached part inside."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": cache_details(usage),
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


class ChatEncoder:
    """Writes one answer; see `AnswerEncoder`."""

    __slots__ = (
        "_calls",
        "_custom",
        "_form",
        "_head",
        "_id",
        "_model",
        "_text",
        "_usage",
    )

    def __init__(self, form: AnswerForm) -> None:
        self._form = form
        self._id = f"chatcmpl-{form.request_id}"
        self._model = form.model
        self._calls = -1
        self._custom = False
        self._usage: Usage | None = None
        self._head = b""
        self._text = b""
        """What each chunk of text begins with."""

    def stream(self, events: Sequence[StreamEvent]) -> bytes:
        """Return the chunks of these events."""
        parts: list[bytes] = []
        for event in events:
            kind = type(event)
            if kind is TextDelta:
                head = self._text or self._text_head()
                parts.append(head + _to_json(event.text) + _END)  # type: ignore[union-attr]
            elif kind is ReasoningDelta:
                parts.append(self._delta(b'"reasoning_content":', event.text))  # type: ignore[union-attr]
            else:
                parts.append(self._other(event))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def whole(self, events: Sequence[StreamEvent]) -> bytes:
        """Return the answer as one body."""
        answer = assembled(events)
        self._named(answer.id, answer.model)
        body: dict[str, Any] = {
            "id": self._id,
            "object": "chat.completion",
            "created": self._form.created,
            "model": self._model,
            "choices": [
                {
                    "index": 0,
                    "message": _message(answer),
                    "logprobs": None,
                    "finish_reason": _REASONS[answer.reason],
                }
            ],
        }
        if answer.usage is not None:
            body["usage"] = usage_block(answer.usage)
        return _to_json(body)

    def _other(self, event: StreamEvent) -> bytes:
        match event:
            case CallDelta(arguments=arguments):
                return self._more(arguments)
            case CallStarted():
                return self._called(event)
            case Started(id=answer_id, model=model):
                self._named(answer_id, model)
                return self._chunk(b'"role":"assistant","content":""')
            case RefusalDelta(text=text):
                return self._delta(b'"refusal":', text)
            case UsageSeen(usage=usage):
                self._usage = usage
            case _:
                return self._last(event)
        return b""

    def _last(self, event: StreamEvent) -> bytes:
        if isinstance(event, Finished):
            return self._finished(_REASONS[event.reason])
        if isinstance(event, Failed):
            return _error(event.message, event.code)
        return b""

    def _named(self, answer_id: str, model: str) -> None:
        if answer_id:
            self._id = answer_id
        if model:
            self._model = model

    def _prefix(self) -> bytes:
        """Return what every chunk begins with, up to its choices."""
        head = _to_json(
            {
                "id": self._id,
                "object": "chat.completion.chunk",
                "created": self._form.created,
                "model": self._model,
            }
        )
        return b"data: " + head[:-1]

    def _start(self) -> bytes:
        if not self._head:
            self._head = self._prefix() + b',"choices":[{"index":0,"delta":{'
        return self._head

    def _text_head(self) -> bytes:
        self._text = self._start() + b'"content":'
        return self._text

    def _chunk(self, delta: bytes, finish: bytes = b"null") -> bytes:
        return self._start() + delta + b'},"finish_reason":' + finish + b"}]}\n\n"

    def _delta(self, name: bytes, text: str) -> bytes:
        return self._chunk(name + _to_json(text))

    def _called(self, event: CallStarted) -> bytes:
        self._calls += 1
        self._custom = event.kind is CallKind.CUSTOM
        inner: dict[str, Any] = {"name": event.name}
        inner["input" if self._custom else "arguments"] = ""
        kind = "custom" if self._custom else "function"
        call = {"index": self._calls, "id": event.id, "type": kind, kind: inner}
        return self._chunk(b'"tool_calls":' + _to_json([call]))

    def _more(self, arguments: str) -> bytes:
        kind, field = ("custom", "input") if self._custom else ("function", "arguments")
        call = {"index": self._calls, kind: {field: arguments}}
        return self._chunk(b'"tool_calls":' + _to_json([call]))

    def _finished(self, reason: str) -> bytes:
        last = self._chunk(b"", _to_json(reason))
        if self._usage is None or not self._form.wants_usage:
            return last + _DONE
        block = _to_json(usage_block(self._usage))
        usage = self._prefix() + b',"choices":[],"usage":' + block + b"}\n\n"
        return last + usage + _DONE


def _error(message: str, code: str | None) -> bytes:
    error = {"message": message, "type": "api_error", "param": None, "code": code}
    return b"data: " + _to_json({"error": error}) + b"\n\n"


def _message(answer: Assembled) -> dict[str, Any]:
    said = [b for b in answer.blocks if isinstance(b, Said) and not b.refusal]
    refused = [b for b in answer.blocks if isinstance(b, Said) and b.refusal]
    thoughts = [b for b in answer.blocks if isinstance(b, Thought) and b.pieces]
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(b.text for b in said) if said else None,
        "refusal": "".join(b.text for b in refused) if refused else None,
    }
    if thoughts:
        message["reasoning_content"] = "\n\n".join(b.text for b in thoughts)
    if answer.called:
        message["tool_calls"] = [_call(call) for call in answer.called]
    elif not refused and message["content"] is None:
        message["content"] = ""
    return message


def _call(call: Called) -> dict[str, Any]:
    if call.kind is CallKind.CUSTOM:
        inner = {"name": call.name, "input": call.arguments}
        return {"id": call.id, "type": "custom", "custom": inner}
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}
