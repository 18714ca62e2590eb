"""Reads a Chat Completions answer, streamed or not, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.protocols.blocks import Blocks
from faregate.protocols.chat_answers import (
    CallPiece,
    Choice,
    Chunk,
    Delta,
    arguments_of,
    read_chunk,
)
from faregate.protocols.chat_usage import read_chat_usage
from faregate.protocols.events import (
    CallKind,
    Finished,
    Logprobs,
    Started,
    StopReason,
    StreamEvent,
    UsageSeen,
)
from faregate.protocols.failures import failure_in
from faregate.protocols.foreign import refuse_foreign, refuse_unreadable
from faregate.protocols.openai_chat.request import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.usage import Usage

_DONE = b"[DONE]"
_NULL = msgspec.Raw(b"null")
_REASONS: Mapping[str, StopReason] = {
    "stop": StopReason.STOP,
    "eos": StopReason.STOP,
    "length": StopReason.LENGTH,
    "tool_calls": StopReason.TOOL_CALLS,
    "function_call": StopReason.TOOL_CALLS,
    "content_filter": StopReason.CONTENT_FILTER,
}


class ChatDecoder:
    """Reads one answer; see `AnswerDecoder`."""

    __slots__ = (
        "_blocks",
        "_current",
        "_finish",
        "_flags",
        "_nameless",
        "_over",
        "_request_id",
        "_say",
        "_started",
        "_usage",
    )

    def __init__(self, flags: frozenset[str], request_id: str) -> None:
        self._flags = flags
        self._request_id = request_id
        self._blocks = Blocks()
        self._say = self._blocks.text
        """How the last text was taken."""
        self._started = False
        self._finish: str | None = None
        self._usage: Usage | None = None
        self._over = False
        self._current: dict[int, tuple[int, str]] = {}
        self._nameless: dict[int, CallPiece] = {}

    def event(self, data: bytes, seen: object = None) -> list[StreamEvent]:
        """Read one chunk."""
        if self._over:
            return []
        if type(seen) is Chunk:
            return self._chunk(seen, data)
        if type(seen) is bytes:
            return self._again(seen, data)
        if data == _DONE:
            return self._end(self._finish or "stop")
        try:
            chunk = read_chunk(data)
        except (msgspec.DecodeError, RecursionError):
            refuse_foreign(data, PROTOCOL)
            refuse_unreadable(data)
            return []
        return self._chunk(chunk, data)

    def _again(self, text: bytes, data: bytes) -> list[StreamEvent]:
        """Read an event that is the last one again, but for its text."""
        try:
            said = text.decode()
        except UnicodeDecodeError:
            return self.event(data)
        if said:
            self._say(said)
        return self._blocks.take()

    def body(self, data: bytes) -> list[StreamEvent]:
        """Read an answer that was not streamed."""
        events = self.event(data)
        if self._over:
            return events
        if self._finish is None and not self._started:
            return self._failed(data)
        return [*events, *self._end(self._finish or "stop")]

    def finish(self) -> list[StreamEvent]:
        """Take the end of the stream; one without an end is no answer."""
        if self._over or self._finish is None:
            return []
        return self._end(self._finish)

    def _chunk(self, chunk: Chunk, data: bytes) -> list[StreamEvent]:
        if chunk.error and chunk.error != _NULL:
            return self._failed(data)
        if chunk.choices is None and not chunk.usage:
            refuse_foreign(data, PROTOCOL)
            return []
        blocks = self._blocks
        if not self._started:
            self._started = True
            blocks.out.append(Started(chunk.id or "", chunk.model or ""))
        usage: object = chunk.usage or chunk.vendor
        for choice in chunk.choices or ():
            if not choice.index:
                self._choice(choice)
            usage = usage or choice.usage
        if usage:
            self._note_usage(chunk)
        return blocks.take()

    def _failed(self, data: bytes) -> list[StreamEvent]:
        self._over = True
        return [failure_in(data)]

    def _choice(self, choice: Choice) -> None:
        said = choice.delta or choice.message
        if said is not None:
            self._said(said)
        if choice.logprobs is not None and choice.logprobs.content:
            values = tuple(token.logprob for token in choice.logprobs.content)
            self._blocks.out.append(Logprobs(values))
        if choice.finish_reason:
            self._finish = choice.finish_reason

    def _said(self, said: Delta) -> None:
        blocks = self._blocks
        thought = said.reasoning_content or said.reasoning
        self._say = blocks.reasoning if thought else blocks.text
        if thought:
            blocks.reasoning(thought)
        content = said.content
        if content:
            if not isinstance(content, str):
                texts = [part.get("text") for part in content]
                content = "".join(each for each in texts if isinstance(each, str))
            blocks.text(content)
        if said.refusal:
            blocks.refusal(said.refusal)
        if said.tool_calls:
            for position, call in enumerate(said.tool_calls):
                self._call(position if call.index is None else call.index, call)

    def _call(self, index: int, call: CallPiece) -> None:
        key = self._current.get(index)
        # Some servers give every parallel call the same index.
        if key is None or (call.id and key[1] and call.id != key[1]):
            key = self._begin(index, call)
            if key is None:
                return
        function, custom = call.function, call.custom
        if function is not None and function.arguments:
            self._blocks.arguments(key, arguments_of(function))
        elif custom is not None and custom.input:
            self._blocks.arguments(key, custom.input)

    def _begin(self, index: int, call: CallPiece) -> tuple[int, str] | None:
        """Begin a call once its name is known."""
        inner = call.custom or call.function
        if inner is None or not inner.name:
            waiting = self._nameless.setdefault(index, call)
            waiting.id = waiting.id or call.id
            return None
        early = self._nameless.pop(index, None)
        call_id = call.id or (early.id if early else None) or ""
        key = (index, call_id)
        if self._blocks.knows(key):
            key = (index, f"{call_id}#{len(self._current)}")
        self._current[index] = key
        number = len(self._current)
        self._blocks.call(
            key,
            call_id or f"call_{self._request_id}_{number}",
            inner.name,
            kind=CallKind.CUSTOM if call.custom is not None else CallKind.FUNCTION,
        )
        return key

    def _note_usage(self, chunk: Chunk) -> None:
        blocks = [chunk.usage]
        if chunk.vendor is not None:
            blocks.append(chunk.vendor.usage)
        blocks += [choice.usage for choice in chunk.choices or () if choice.usage]
        for raw in blocks:
            if raw and raw != _NULL:
                self._usage = read_chat_usage(raw, self._flags) or self._usage

    def _end(self, reason: str) -> list[StreamEvent]:
        self._over = True
        blocks = self._blocks
        blocks.close()
        if self._usage is not None:
            blocks.out.append(UsageSeen(self._usage))
        stop = _REASONS.get(reason, StopReason.STOP)
        if blocks.called and stop is StopReason.STOP:
            stop = StopReason.TOOL_CALLS
        blocks.out.append(Finished(stop))
        return blocks.take()
