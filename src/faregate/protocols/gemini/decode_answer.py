"""Reads a generateContent answer, streamed or not, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.protocols.blocks import Blocks
from faregate.protocols.events import (
    Finished,
    Logprobs,
    Started,
    StopReason,
    StreamEvent,
    UsageSeen,
)
from faregate.protocols.failures import failure_in
from faregate.protocols.foreign import refuse_foreign, refuse_unreadable
from faregate.protocols.gemini.request import PROTOCOL
from faregate.protocols.gemini.signatures import seal_of
from faregate.protocols.gemini.stream import (
    Candidate,
    Chunk,
    OddChunk,
    Part,
    read_chunk,
)
from faregate.protocols.gemini.usage import Counts, larger, read_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

_NULL = msgspec.Raw(b"null")
_REASONS: Mapping[str, StopReason] = {
    "STOP": StopReason.STOP,
    "MAX_TOKENS": StopReason.LENGTH,
    "SAFETY": StopReason.CONTENT_FILTER,
    "RECITATION": StopReason.CONTENT_FILTER,
    "BLOCKLIST": StopReason.CONTENT_FILTER,
    "PROHIBITED_CONTENT": StopReason.CONTENT_FILTER,
    "SPII": StopReason.CONTENT_FILTER,
    "MALFORMED_FUNCTION_CALL": StopReason.MALFORMED_CALL,
    "UNEXPECTED_TOOL_CALL": StopReason.MALFORMED_CALL,
}


class GenerateContentDecoder:
    """Reads one answer; see `AnswerDecoder`."""

    __slots__ = (
        "_blocks",
        "_calls",
        "_counts",
        "_finish",
        "_over",
        "_request_id",
        "_started",
    )

    def __init__(self, _flags: frozenset[str], request_id: str) -> None:
        self._request_id = request_id
        self._blocks = Blocks()
        self._calls = 0
        self._counts: Counts | None = None
        self._finish: str | None = None
        self._over = False
        self._started = False

    def event(self, data: bytes, seen: object = None) -> list[StreamEvent]:
        """Read one chunk."""
        if self._over:
            return []
        if type(seen) is Chunk or type(seen) is OddChunk:
            return self._chunk(seen, data)
        try:
            chunk = read_chunk(data)
        except (msgspec.DecodeError, RecursionError):
            refuse_foreign(data, PROTOCOL)
            refuse_unreadable(data)
            return []
        return self._chunk(chunk, data)

    def _chunk(self, chunk: Chunk | OddChunk, data: bytes) -> list[StreamEvent]:
        if chunk.error and chunk.error != _NULL:
            return self._failed(data)
        if chunk.candidates is None and not chunk.usage_metadata:
            refuse_foreign(data, PROTOCOL)
        if not self._started:
            self._started = True
            started = Started(chunk.response_id or "", chunk.model_version or "")
            self._blocks.out.append(started)
        for candidate in chunk.candidates or ():
            if not candidate.index:
                self._candidate(candidate)
        feedback = chunk.prompt_feedback
        if feedback is not None and feedback.block_reason:
            self._finish = "SAFETY"
        self._counts = larger(self._counts, read_counts(chunk.usage_metadata))
        return self._blocks.take()

    def body(self, data: bytes) -> list[StreamEvent]:
        """Read an answer that was not streamed."""
        events = self.event(data)
        if self._over:
            return events
        if self._finish is None and self._counts is None:
            return self._failed(data)
        return [*events, *self._end(self._finish or "STOP")]

    def finish(self) -> list[StreamEvent]:
        """Take the end of the stream; one without an end is no answer."""
        if self._over or self._finish is None:
            return []
        return self._end(self._finish)

    def _failed(self, data: bytes) -> list[StreamEvent]:
        self._over = True
        return [failure_in(data)]

    def _candidate(self, candidate: Candidate) -> None:
        if candidate.content is not None:
            for part in candidate.content.parts or ():
                self._part(part)
        tokens = candidate.logprobs_result
        if tokens is not None and tokens.chosen_candidates:
            values = tuple(each.log_probability for each in tokens.chosen_candidates)
            self._blocks.out.append(Logprobs(values))
        if candidate.finish_reason:
            self._finish = candidate.finish_reason

    def _part(self, part: Part) -> None:
        blocks = self._blocks
        if part.thought and part.text:
            blocks.reasoning(part.text)
        if part.thought_signature:
            seal = seal_of(part.thought_signature)
            if seal is not None:
                blocks.sealed(seal)
                blocks.boundary()
        if part.text and not part.thought:
            blocks.text(part.text)
        call = part.function_call
        if call is None:
            return
        self._calls += 1
        call_id = call.id or f"call_{self._request_id}_{self._calls}"
        blocks.call(self._calls, call_id, call.name or "")
        given = bytes(call.args) if call.args else b"{}"
        blocks.arguments(self._calls, given.decode("utf-8", "replace"))
        blocks.end_call(self._calls)

    def _end(self, finish: str) -> list[StreamEvent]:
        self._over = True
        blocks = self._blocks
        blocks.close()
        if self._counts is not None:
            blocks.out.append(UsageSeen(self._counts.usage(0)))
        reason = _REASONS.get(finish, StopReason.STOP)
        if blocks.called and reason is StopReason.STOP:
            reason = StopReason.TOOL_CALLS
        blocks.out.append(Finished(reason))
        return blocks.take()
