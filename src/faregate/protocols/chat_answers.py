"""Answers of Chat Completions and of the legacy Completions, streamed or not.

Owns their reading and the event that ends a stream of theirs: the two dialects
differ in the request alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.protocols.chat_usage import read_chat_usage
from faregate.protocols.metering import Reader, text_size
from faregate.protocols.refusals import hybrid_error, sse_event

if TYPE_CHECKING:
    from faregate.core.refusal import Refusal

_DONE = b"[DONE]"
_NULL = msgspec.Raw(b"null")


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None
    function_call: _Function | None = None


class _Choice(msgspec.Struct, gc=False):
    index: int | None = None
    delta: _Delta | None = None
    message: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None
    usage: msgspec.Raw = msgspec.Raw()


class _Vendor(msgspec.Struct, gc=False):
    usage: msgspec.Raw = msgspec.Raw()


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    vendor: _Vendor | None = msgspec.field(name="x_groq", default=None)


class _Loose(msgspec.Struct, gc=False):
    """The same chunk where some field has a type that nobody expected."""

    choices: list[dict[str, object]] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


_CHUNK = msgspec.json.Decoder(_Chunk)
_LOOSE = msgspec.json.Decoder(_Loose)


class ChatReader(Reader):
    """Reads the events or the body of one answer."""

    __slots__ = ("_calls", "_done", "_finished", "_flags", "_running")

    def __init__(self, flags: frozenset[str]) -> None:
        super().__init__()
        self._flags = flags
        self._running: set[int] = set()
        self._done = False
        self._finished: set[int] = set()
        self._calls: dict[tuple[int, int], str | None] = {}

    def event(self, data: bytes) -> bool:
        """Read one chunk; return whether it carries usage and nothing else."""
        if data == _DONE:
            self._done = self.tally.complete = self.tally.final = True
            return False
        try:
            chunk = _CHUNK.decode(data)
        except msgspec.ValidationError:
            self._loosely(data)
            return False
        except (msgspec.DecodeError, RecursionError):
            return False
        if chunk.error and chunk.error != _NULL:
            self.tally.failed(data)
        self._note(chunk)
        choices = chunk.choices
        for choice in choices or ():
            self._choice(choice)
        return self._usage(chunk)

    def body(self, data: bytes) -> None:
        """Read a complete answer that was not streamed."""
        self.event(data)
        tally = self.tally
        if tally.usage is None and tally.finish is None:
            tally.failed(data)
        if tally.error is None:
            tally.complete = tally.final = True

    def _note(self, chunk: _Chunk) -> None:
        tally = self.tally
        if tally.response_id is None and chunk.id:
            tally.response_id = chunk.id
        if chunk.model:
            tally.model = chunk.model
        if chunk.service_tier:
            tally.service_tier = chunk.service_tier

    def _choice(self, choice: _Choice) -> None:
        index = choice.index or 0
        said = choice.delta or choice.message
        if said is not None:
            self._said(index, said)
        if choice.text:
            self.tally.wrote(choice.text)
        if choice.finish_reason:
            self._ends(index, choice.finish_reason)
        elif index not in self._finished and not self._done:
            self._running.add(index)
            self.tally.complete = self.tally.final = False

    def _ends(self, index: int, reason: str) -> None:
        self.tally.finish = reason
        self._finished.add(index)
        self._running.discard(index)
        self.tally.complete = self._done or not self._running

    def _said(self, index: int, said: _Delta) -> None:
        wrote = self.tally.wrote
        if said.content:
            wrote(said.content)
        # Some providers send the same reasoning under both names.
        if said.reasoning_content or said.reasoning:
            wrote(said.reasoning_content or said.reasoning or "")
        if said.refusal:
            wrote(said.refusal)
        if said.tool_calls:
            for position, call in enumerate(said.tool_calls):
                self._call(index, position, call)
        if said.function_call is not None:
            call = _ToolCall(index=0, function=said.function_call)
            self._call(index, 0, call)

    def _call(self, choice: int, position: int, call: _ToolCall) -> None:
        key = (choice, position if call.index is None else call.index)
        known = self._calls.get(key, "")
        if key not in self._calls or (call.id and known and call.id != known):
            self.tally.tool_calls += 1
            self.tally.started = True
        self._calls[key] = call.id or known or None
        if call.function is not None:
            self.tally.wrote(call.function.name or "")
            self.tally.wrote(call.function.arguments or "")

    def _usage(self, chunk: _Chunk) -> bool:
        tally = self.tally
        alone = chunk.choices is not None and not chunk.choices
        stated = chunk.usage and chunk.usage != _NULL
        if stated:
            tally.reported(read_chat_usage(chunk.usage, self._flags))
        elif chunk.vendor is not None:
            tally.reported(read_chat_usage(chunk.vendor.usage, self._flags))
        for choice in chunk.choices or ():
            if choice.usage:
                tally.reported(read_chat_usage(choice.usage, self._flags))
        if stated and (alone or tally.complete):
            # No content can follow a chunk of usage alone, or the finish reason.
            tally.final = True
        return bool(alone and stated)

    def _loosely(self, data: bytes) -> None:
        """Read a chunk that has a field of an unexpected type."""
        try:
            chunk = _LOOSE.decode(data)
        except (msgspec.DecodeError, RecursionError):
            return
        tally = self.tally
        if chunk.error and chunk.error != _NULL:
            tally.failed(data)
        for choice in chunk.choices or ():
            said = choice.get("delta") or choice.get("message") or choice.get("text")
            size = text_size(said)
            tally.output_bytes += size
            tally.started = tally.started or size > 0
            calls = said.get("tool_calls") if isinstance(said, dict) else None
            if isinstance(calls, list):
                tally.tool_calls += sum(1 for c in calls if _names_a_function(c))
            reason = choice.get("finish_reason")
            if isinstance(reason, str) and reason:
                index = choice.get("index")
                self._ends(index if isinstance(index, int) else 0, reason)
        if chunk.usage:
            tally.reported(read_chat_usage(chunk.usage, self._flags))


def _names_a_function(call: object) -> bool:
    function = call.get("function") if isinstance(call, dict) else None
    return isinstance(function, dict) and bool(function.get("name"))


def error_event(refusal: Refusal, request_id: str) -> bytes:
    """Return the data line on which every SDK raises; no `[DONE]` follows it."""
    return sse_event({"error": hybrid_error(refusal), "request_id": request_id})
