"""Reads generateContent answers: SSE, a JSON array piece by piece, or one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.protocols.gemini.usage import Counts, larger, read_counts
from faregate.protocols.metering import Reader

if TYPE_CHECKING:
    from faregate.protocols.codec import Answer

_NULL = msgspec.Raw(b"null")


class Call(msgspec.Struct, gc=False):
    """A call of a function."""

    name: str | None = None
    id: str | None = None
    args: msgspec.Raw = msgspec.Raw()


class Part(msgspec.Struct, gc=False, rename="camel"):
    """A part of an answer, with all that a translation reads of it."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: Call | None = None
    executable_code: msgspec.Raw = msgspec.Raw()


class Content(msgspec.Struct, gc=False):
    """What a candidate says."""

    parts: list[Part] | None = None


class Token(msgspec.Struct, gc=False, rename="camel"):
    """The probability of one token."""

    log_probability: float = 0.0


class Tokens(msgspec.Struct, gc=False, rename="camel"):
    """The probabilities of a chunk's tokens."""

    chosen_candidates: list[Token] | None = None


class Grounding(msgspec.Struct, gc=False, rename="camel"):
    """What was searched for."""

    web_search_queries: list[str] | None = None


class Candidate(msgspec.Struct, gc=False, rename="camel"):
    """One of the answers that were asked for."""

    index: int | None = None
    content: Content | None = None
    finish_reason: str | None = None
    grounding_metadata: Grounding | None = None
    logprobs_result: Tokens | None = None


class Feedback(msgspec.Struct, gc=False, rename="camel"):
    """Why a request was not answered."""

    block_reason: str | None = None


class _Answer(msgspec.Struct, gc=False, rename="camel"):
    candidates: list[Candidate] | None = None
    model_version: str | None = None
    response_id: str | None = None
    prompt_feedback: Feedback | None = None
    error: msgspec.Raw = msgspec.Raw()


class Chunk(_Answer, gc=False, rename="camel"):
    """One event of a stream, or a whole answer."""

    usage_metadata: Counts | None = None


class OddChunk(_Answer, gc=False, rename="camel"):
    """The same with a usage block that nobody expected."""

    usage_metadata: msgspec.Raw = msgspec.Raw()


class _Call(msgspec.Struct, gc=False):
    name: str | None = None
    args: msgspec.Raw = msgspec.Raw()


class _Part(msgspec.Struct, gc=False, rename="camel"):
    text: str | None = None
    function_call: _Call | None = None
    executable_code: msgspec.Raw = msgspec.Raw()


class _Content(msgspec.Struct, gc=False):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, gc=False, rename="camel"):
    index: int | None = None
    content: _Content | None = None
    finish_reason: str | None = None
    grounding_metadata: Grounding | None = None


class _Chunk(msgspec.Struct, gc=False, rename="camel"):
    """The same without what the money does not hang on."""

    candidates: list[_Candidate] | None = None
    usage_metadata: msgspec.Raw = msgspec.Raw()
    model_version: str | None = None
    response_id: str | None = None
    prompt_feedback: Feedback | None = None
    error: msgspec.Raw = msgspec.Raw()


class _Loose(msgspec.Struct, gc=False, rename="camel"):
    """The same chunk where some field has a type that nobody expected."""

    usage_metadata: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


_WHOLE = msgspec.json.Decoder(Chunk)
_ODD = msgspec.json.Decoder(OddChunk)
_CHUNK = msgspec.json.Decoder(_Chunk)
_LOOSE = msgspec.json.Decoder(_Loose)


class GenerateContentReader(Reader):
    """Reads the chunks or the body of one answer."""

    __slots__ = ("_counts", "_finished", "_running", "_searches")

    def __init__(self, _flags: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._running: set[int] = set()
        self._finished: set[int] = set()
        self._searches = 0
        self._counts: Counts | None = None

    def event(self, data: bytes) -> bool:
        """Read one chunk; none of this dialect's carries usage alone."""
        self.seen = None
        try:
            chunk: Chunk | OddChunk | _Chunk = read_chunk(data)
            self.seen = chunk
        except msgspec.ValidationError:
            chunk = _loosely(data)
        except (msgspec.DecodeError, RecursionError):
            return False
        tally = self.tally
        if chunk.error and chunk.error != _NULL:
            tally.failed(data)
        tally.model = chunk.model_version or tally.model
        tally.response_id = chunk.response_id or tally.response_id
        for candidate in chunk.candidates or ():
            self._candidate(candidate)
        feedback = chunk.prompt_feedback
        if feedback is not None and feedback.block_reason:
            tally.finish = feedback.block_reason
            tally.complete = True
        self._usage(chunk)
        return False

    def body(self, data: bytes) -> None:
        """Read a complete answer that was not streamed."""
        self.event(data)
        tally = self.tally
        if self._counts is None and tally.finish is None:
            tally.failed(data)
        if tally.error is None:
            tally.complete = tally.final = True

    def answer(self) -> Answer:
        """Return what was seen so far."""
        if self._counts is not None:
            self.tally.usage = self._counts.usage(self._searches)
        return self.tally.answer()

    def _candidate(self, candidate: Candidate | _Candidate) -> None:
        index = candidate.index or 0
        if candidate.content is not None:
            for part in candidate.content.parts or ():
                self._part(part)
        grounding = candidate.grounding_metadata
        if grounding is not None:
            queries = len(grounding.web_search_queries or ())
            self._searches = max(self._searches, queries)
        if candidate.finish_reason:
            self.tally.finish = candidate.finish_reason
            self._finished.add(index)
            self._running.discard(index)
            self.tally.complete = not self._running
        elif index not in self._finished:
            self._running.add(index)
            self.tally.complete = self.tally.final = False

    def _part(self, part: Part | _Part) -> None:
        tally = self.tally
        if part.text:
            tally.wrote(part.text)
        if part.function_call is not None:
            tally.tool_calls += 1
            tally.wrote(part.function_call.name or "")
            tally.output_bytes += len(memoryview(part.function_call.args))
        if part.executable_code:
            tally.started = True
            tally.output_bytes += len(memoryview(part.executable_code))

    def _usage(self, chunk: Chunk | OddChunk | _Chunk) -> None:
        if not chunk.usage_metadata:
            return
        self._counts = larger(self._counts, read_counts(chunk.usage_metadata))
        if self.tally.complete:
            self.tally.final = True


def read_chunk(data: bytes) -> Chunk | OddChunk:
    """Return a chunk with all that a translation reads; raises msgspec.DecodeError."""
    try:
        return _WHOLE.decode(data)
    except msgspec.ValidationError:
        return _ODD.decode(data)


def _loosely(data: bytes) -> _Chunk:
    try:
        return _CHUNK.decode(data)
    except msgspec.DecodeError:
        pass
    try:
        loose = _LOOSE.decode(data)
    except msgspec.DecodeError:
        return _Chunk()
    return _Chunk(usage_metadata=loose.usage_metadata, error=loose.error)
