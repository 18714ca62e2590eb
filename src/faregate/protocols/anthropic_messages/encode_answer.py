"""Writes an answer as Messages, streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols.anthropic_messages.decode_request import REDACTED
from faregate.protocols.anthropic_messages.request import PROTOCOL
from faregate.protocols.assembling import Block, Called, Said, Thought, assembled
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
from faregate.protocols.members import json_object
from faregate.protocols.refusals import sse_event
from faregate.protocols.seals import enveloped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faregate.core.usage import Usage
    from faregate.protocols.dialects import AnswerForm

_END = b"}}\n\n"
_PIECES: Mapping[type[StreamEvent], bytes] = {
    TextDelta: b'"text_delta","text":',
    CallStarted: b'"input_json_delta","partial_json":',
    ReasoningDelta: b'"thinking_delta","thinking":',
}
_to_json = msgspec.json.Encoder().encode
_REASONS: Mapping[StopReason, str] = {
    StopReason.STOP: "end_turn",
    StopReason.STOP_SEQUENCE: "stop_sequence",
    StopReason.LENGTH: "max_tokens",
    StopReason.CONTEXT_WINDOW: "model_context_window_exceeded",
    StopReason.TOOL_CALLS: "tool_use",
    StopReason.MALFORMED_CALL: "end_turn",
    StopReason.PAUSED: "pause_turn",
    StopReason.CONTENT_FILTER: "refusal",
    StopReason.REFUSAL: "refusal",
}


def usage_block(usage: Usage | None) -> dict[str, Any]:
    """Return usage as this dialect states it: input without its cached part."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0}
    return {
        "input_tokens": usage.uncached_input,
        "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_5m,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.output,
    }


class MessagesEncoder:
    """Writes one answer; see `AnswerEncoder`."""

    __slots__ = ("_form", "_head", "_index", "_kind", "_seal", "_started", "_usage")

    def __init__(self, form: AnswerForm) -> None:
        self._form = form
        self._index = -1
        self._head = b""
        """What each further piece of the open block begins with."""
        self._kind: type[StreamEvent] | None = None
        self._seal: Seal | None = None
        self._started = False
        self._usage: Usage | None = None

    def stream(self, events: Sequence[StreamEvent]) -> bytes:
        """Return the events of this dialect."""
        parts: list[bytes] = []
        for event in events:
            kind = type(event)
            if kind is TextDelta or kind is RefusalDelta:
                if self._kind is not TextDelta:
                    self._open(TextDelta, {"type": "text", "text": ""}, parts)
                parts.append(self._head + _to_json(event.text) + _END)  # type: ignore[union-attr]
            elif kind is CallDelta:
                parts.append(self._head + _to_json(event.arguments) + _END)  # type: ignore[union-attr]
            elif kind is ReasoningDelta:
                self._thought(parts)
                parts.append(self._head + _to_json(event.text) + _END)  # type: ignore[union-attr]
            else:
                self._other(event, parts)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def whole(self, events: Sequence[StreamEvent]) -> bytes:
        """Return the answer as one body."""
        answer = assembled(events)
        message = self._message(answer.id, answer.model)
        message["content"] = [_block(block) for block in answer.blocks]
        message["stop_reason"] = _REASONS[answer.reason]
        if answer.finished is not None:
            message["stop_sequence"] = answer.finished.sequence
        message["usage"] = usage_block(answer.usage)
        return _to_json(message)

    def _other(self, event: StreamEvent, parts: list[bytes]) -> None:
        match event:
            case Started(id=answer_id, model=model):
                self._start(answer_id, model, parts)
            case Sealed(seal=seal):
                self._sealed(seal, parts)
            case CallStarted(id=call_id, name=name):
                block = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
                self._open(CallStarted, block, parts)
            case BlockEnded():
                self._close(parts)
            case UsageSeen(usage=usage):
                self._usage = usage
            case Finished():
                self._finish(event, parts)
            case Failed(message=message):
                error = {"type": "api_error", "message": message}
                parts.append(
                    sse_event({"type": "error", "error": error}, event="error")
                )
            case _:
                pass

    def _message(self, answer_id: str, model: str) -> dict[str, Any]:
        own = answer_id or self._form.request_id
        return {
            "id": own if own.startswith("msg_") else f"msg_{own}",
            "type": "message",
            "role": "assistant",
            "model": model or self._form.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage_block(None),
        }

    def _start(self, answer_id: str, model: str, parts: list[bytes]) -> None:
        if self._started:
            return
        self._started = True
        message = self._message(answer_id, model)
        parts.append(
            sse_event(
                {"type": "message_start", "message": message}, event="message_start"
            )
        )

    def _open(
        self, kind: type[StreamEvent], block: dict[str, Any], parts: list[bytes]
    ) -> None:
        self._close(parts)
        if not self._started:
            self._start("", "", parts)
        self._kind = kind
        self._index += 1
        event = {
            "type": "content_block_start",
            "index": self._index,
            "content_block": block,
        }
        parts.append(sse_event(event, event="content_block_start"))
        if kind in _PIECES:
            self._head = self._piece(_PIECES[kind])

    def _close(self, parts: list[bytes]) -> None:
        if self._kind is None:
            return
        if self._kind is ReasoningDelta:
            # A client shows a thought only with a signature, and sends both back.
            head = self._piece(b'"signature_delta","signature":')
            parts.append(head + _to_json(enveloped(self._seal, PROTOCOL)) + _END)
            self._seal = None
        self._kind = None
        event = {"type": "content_block_stop", "index": self._index}
        parts.append(sse_event(event, event="content_block_stop"))

    def _thought(self, parts: list[bytes]) -> None:
        if self._kind is not ReasoningDelta:
            block = {"type": "thinking", "thinking": "", "signature": ""}
            self._open(ReasoningDelta, block, parts)

    def _sealed(self, seal: Seal, parts: list[bytes]) -> None:
        hidden = _redacted(seal) if self._kind is not ReasoningDelta else None
        if hidden is not None:
            self._open(Sealed, hidden, parts)
            return
        self._thought(parts)
        self._seal = seal

    def _piece(self, start: bytes) -> bytes:
        return (
            b"event: content_block_delta\n"
            b'data: {"type":"content_block_delta","index":%d,"delta":{"type":%b'
            % (self._index, start)
        )

    def _finish(self, event: Finished, parts: list[bytes]) -> None:
        self._close(parts)
        if not self._started:
            self._start("", "", parts)
        delta = {
            "stop_reason": _REASONS[event.reason],
            "stop_sequence": event.sequence,
        }
        last = {
            "type": "message_delta",
            "delta": delta,
            "usage": usage_block(self._usage),
        }
        parts.append(sse_event(last, event="message_delta"))
        parts.append(sse_event({"type": "message_stop"}, event="message_stop"))


def _redacted(seal: Seal | None) -> dict[str, Any] | None:
    """Return the block of a thought that the provider did not show."""
    if seal is None or seal.origin != PROTOCOL or not seal.data.startswith(REDACTED):
        return None
    data = seal.data.removeprefix(REDACTED)
    return {"type": "redacted_thinking", "data": data}


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Said():
            return {"type": "text", "text": block.text}
        case Thought(seal=seal):
            if not block.text and (hidden := _redacted(seal)) is not None:
                return hidden
            return {
                "type": "thinking",
                "thinking": block.text,
                "signature": enveloped(seal, PROTOCOL),
            }
        case Called():
            arguments = json_object(block.arguments)
            if arguments is None:
                arguments = {"arguments": block.arguments}
            return {
                "type": "tool_use",
                "id": block.id,
                "name": block.name,
                "input": arguments,
            }
