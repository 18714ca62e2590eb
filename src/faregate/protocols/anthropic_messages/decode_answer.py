"""Reads a Messages answer, streamed or not, as events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from faregate.protocols.anthropic_messages.decode_request import REDACTED
from faregate.protocols.anthropic_messages.request import PROTOCOL
from faregate.protocols.anthropic_messages.stream import Block, Event, read_event
from faregate.protocols.anthropic_messages.usage import Counts, merged, read_counts
from faregate.protocols.blocks import Blocks
from faregate.protocols.events import (
    Finished,
    Seal,
    Started,
    StopReason,
    StreamEvent,
    UsageSeen,
)
from faregate.protocols.failures import failure_in
from faregate.protocols.foreign import refuse_foreign, refuse_unreadable
from faregate.protocols.seals import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NULL = msgspec.Raw(b"null")
_REASONS: Mapping[str, StopReason] = {
    "end_turn": StopReason.STOP,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "max_tokens": StopReason.LENGTH,
    "tool_use": StopReason.TOOL_CALLS,
    "pause_turn": StopReason.PAUSED,
    "refusal": StopReason.REFUSAL,
    "model_context_window_exceeded": StopReason.CONTEXT_WINDOW,
}


class _Message(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    content: list[Block] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: msgspec.Raw = msgspec.Raw()


_BODY = msgspec.json.Decoder(_Message)


class MessagesDecoder:
    """Reads one answer; see `AnswerDecoder`."""

    __slots__ = (
        "_blocks",
        "_called",
        "_counts",
        "_over",
        "_reason",
        "_request_id",
        "_say",
        "_sequence",
        "_started",
    )

    def __init__(self, _flags: frozenset[str], request_id: str) -> None:
        self._request_id = request_id
        self._blocks = Blocks()
        self._counts: Counts | None = None
        self._reason: str | None = None
        self._say: Callable[[str], None] | None = None
        """How the last piece was taken."""
        self._sequence: str | None = None
        self._over = False
        self._started = False
        self._called: set[int] = set()

    def event(self, data: bytes, seen: object = None) -> list[StreamEvent]:
        """Read one event."""
        if self._over:
            return []
        if type(seen) is Event:
            return self._event(seen, data)
        if type(seen) is bytes:
            return self._again(seen, data)
        try:
            event = read_event(data)
        except (msgspec.DecodeError, RecursionError):
            refuse_foreign(data, PROTOCOL)
            refuse_unreadable(data)
            return []
        return self._event(event, data)

    def _again(self, text: bytes, data: bytes) -> list[StreamEvent]:
        """Read an event that is the last one again, but for its text."""
        try:
            said = text.decode()
        except UnicodeDecodeError:
            return self.event(data)
        if said and self._say is not None:
            self._say(said)
        return self._blocks.take()

    def body(self, data: bytes) -> list[StreamEvent]:
        """Read an answer that was not streamed."""
        try:
            message = _BODY.decode(data)
        except (msgspec.DecodeError, RecursionError):
            return self._failed(data)
        if message.stop_reason is None and message.content is None:
            return self._failed(data)
        self._start(message)
        for index, block in enumerate(message.content or ()):
            self._begin(index, block)
            self._stop(index)
        self._reason, self._sequence = message.stop_reason, message.stop_sequence
        return self._end()

    def finish(self) -> list[StreamEvent]:
        """Take the end of the stream; one without an end is no answer."""
        if self._over or self._reason is None:
            return []
        return self._end()

    def _event(self, event: Event, data: bytes) -> list[StreamEvent]:
        match event.type:
            case "content_block_delta":
                if event.delta is not None:
                    self._more(event.index, event.delta)
            case "content_block_start":
                if event.content_block is not None:
                    self._begin(event.index, event.content_block)
            case "content_block_stop":
                self._stop(event.index)
            case _:
                return self._frame(event, data)
        return self._blocks.take()

    def _frame(self, event: Event, data: bytes) -> list[StreamEvent]:
        match event.type:
            case "message_start":
                self._begun(event.message)
            case "message_delta":
                self._take(event.usage)
                if event.delta is not None and event.delta.stop_reason:
                    self._reason = event.delta.stop_reason
                    self._sequence = event.delta.stop_sequence
            case "message_stop":
                return self._end()
            case "message":
                return self.body(data)
            case kind:
                if kind == "error" or (event.error and event.error != _NULL):
                    return self._failed(data)
                refuse_foreign(data, PROTOCOL)
        return self._blocks.take()

    def _failed(self, data: bytes) -> list[StreamEvent]:
        self._over = True
        return [failure_in(data)]

    def _begun(self, raw: msgspec.Raw) -> None:
        if not raw or raw == _NULL:
            return
        try:
            message = _BODY.decode(raw)
        except msgspec.DecodeError:
            refuse_unreadable(bytes(raw))
            return
        self._start(message)

    def _start(self, message: _Message) -> None:
        if self._started:
            return
        self._started = True
        self._blocks.out.append(Started(message.id or "", message.model or ""))
        self._take(message.usage)

    def _take(self, raw: msgspec.Raw) -> None:
        counts = read_counts(raw)
        if counts is not None:
            self._counts = merged(self._counts, counts)

    def _begin(self, index: int, block: Block) -> None:
        blocks = self._blocks
        match block.type:
            case "tool_use":
                call_id = block.id or f"call_{self._request_id}_{index}"
                blocks.call(index, call_id, block.name or "")
                self._called.add(index)
                given = bytes(block.input)
                if given and given != b"{}":
                    blocks.arguments(index, given.decode("utf-8", "replace"))
            case "redacted_thinking":
                blocks.boundary()
                blocks.sealed(Seal(PROTOCOL, REDACTED + (block.data or "")))
                blocks.boundary()
            case "text" | "thinking":
                blocks.boundary()
                self._more(index, block)
            case _:
                pass

    def _more(self, index: int, delta: Block) -> None:
        blocks = self._blocks
        self._say = None
        if delta.text:
            self._say = blocks.text
        elif delta.partial_json:
            # The provider's own tools stream their input alike.
            if index in self._called:
                self._say = partial(blocks.arguments, index)
        elif delta.thinking:
            self._say = blocks.reasoning
        if self._say is not None:
            self._say(delta.text or delta.partial_json or delta.thinking or "")
        if delta.signature:
            seal = opened(delta.signature, PROTOCOL)
            if seal is not None:
                blocks.sealed(seal)

    def _stop(self, index: int) -> None:
        if index in self._called:
            self._blocks.end_call(index)
        else:
            self._blocks.boundary()

    def _end(self) -> list[StreamEvent]:
        self._over = True
        blocks = self._blocks
        blocks.close()
        if self._counts is not None and self._counts.input + self._counts.output:
            blocks.out.append(UsageSeen(self._counts.usage()))
        reason = _REASONS.get(self._reason or "end_turn", StopReason.STOP)
        if blocks.called and reason is StopReason.STOP:
            reason = StopReason.TOOL_CALLS
        blocks.out.append(Finished(reason, self._sequence))
        return blocks.take()
