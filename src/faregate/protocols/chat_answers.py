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
from faregate.protocols.repeats import Repeats

if TYPE_CHECKING:
    from faregate.core.refusal import Refusal

_DONE = b"[DONE]"
_NULL = msgspec.Raw(b"null")
_NOTHING = (msgspec.Raw(), _NULL)


class Function(msgspec.Struct, gc=False):
    """A call's function, or a piece of it; some servers send arguments decoded."""

    name: str | None = None
    arguments: str | dict[str, object] | None = None


class Custom(msgspec.Struct, gc=False):
    """A call's tool that takes free text, or a piece of it."""

    name: str | None = None
    input: str | None = None


class CallPiece(msgspec.Struct, gc=False):
    """A tool call, or a piece of it."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: Function | None = None
    custom: Custom | None = None


class Delta(msgspec.Struct, gc=False):
    """What a chunk says, or a whole message."""

    content: str | list[dict[str, object]] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[CallPiece] | None = None
    function_call: Function | None = None


class Token(msgspec.Struct, gc=False):
    """The probability of one token."""

    logprob: float = 0.0


class Tokens(msgspec.Struct, gc=False):
    """The probabilities of a chunk's tokens."""

    content: list[Token] | None = None


class Choice(msgspec.Struct, gc=False):
    """One of the answers that were asked for."""

    index: int | None = None
    delta: Delta | None = None
    message: Delta | None = None
    text: str | None = None
    finish_reason: str | None = None
    logprobs: Tokens | None = None
    usage: msgspec.Raw = msgspec.Raw()


class Vendor(msgspec.Struct, gc=False):
    """Where one provider puts its usage."""

    usage: msgspec.Raw = msgspec.Raw()


class Chunk(msgspec.Struct, gc=False):
    """One event of a stream, or a whole answer."""

    choices: list[Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    vendor: Vendor | None = msgspec.field(name="x_groq", default=None)


class _Loose(msgspec.Struct, gc=False):
    """The same chunk where some field has a type that nobody expected."""

    choices: list[dict[str, object]] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


read_chunk = msgspec.json.Decoder(Chunk).decode
_LOOSE = msgspec.json.Decoder(_Loose)


class ChatReader(Reader):
    """Reads the events or the body of one answer."""

    __slots__ = ("_calls", "_done", "_finished", "_flags", "_repeats", "_running")

    def __init__(self, flags: frozenset[str]) -> None:
        super().__init__()
        self._flags = flags
        self._repeats: Repeats | None = None
        """What streams say again and again; made with the first event."""
        self._running: set[int] = set()
        self._done = False
        self._finished: set[int] = set()
        self._calls: dict[tuple[int, int], str | None] = {}

    def event(self, data: bytes) -> bool:
        """Read one chunk; return whether it carries usage and nothing else."""
        tally, repeats = self.tally, self._repeats
        if repeats is None:
            repeats = self._repeats = Repeats()
        again = repeats.text(data)
        if again is not None:
            tally.output_bytes += len(again)
            self.seen = again
            return False
        self.seen = None
        if data == _DONE:
            repeats.forget()
            self._done = tally.complete = tally.final = True
            return False
        try:
            chunk = read_chunk(data)
        except (msgspec.DecodeError, RecursionError) as error:
            repeats.forget()
            if isinstance(error, msgspec.ValidationError):
                self._loosely(data)
            return False
        self.seen = chunk
        repeats.after(data, chunk, _only_text)
        return self._take(chunk, data)

    def _take(self, chunk: Chunk, data: bytes) -> bool:
        tally = self.tally
        if chunk.error and chunk.error != _NULL:
            tally.failed(data)
        if chunk.id and tally.response_id is None:
            tally.response_id = chunk.id
        if chunk.model:
            tally.model = chunk.model
        if chunk.service_tier:
            tally.service_tier = chunk.service_tier
        for choice in chunk.choices or ():
            self._choice(choice)
        return self._usage(chunk)

    def body(self, data: bytes) -> None:
        """Read a complete answer that was not streamed."""
        self.event(data)
        self._over(data)

    def whole(self, data: bytes) -> None:
        """Read a body that should be complete; raise DecodeError for what is cut."""
        try:
            chunk = read_chunk(data)
        except msgspec.ValidationError:
            # It was not read to its end.
            super().whole(data)
            return
        self._take(chunk, data)
        self._over(data)

    def _over(self, data: bytes) -> None:
        """Take note that this was all of the answer."""
        tally = self.tally
        if tally.usage is None and tally.finish is None:
            tally.failed(data)
        if tally.error is None:
            tally.complete = tally.final = True

    def _choice(self, choice: Choice) -> None:
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

    def _said(self, index: int, said: Delta) -> None:
        wrote = self.tally.wrote
        content = said.content
        if isinstance(content, str):
            wrote(content)
        elif content:
            self.tally.wrote_bytes(text_size(content))
        # Some providers send the same reasoning under both names.
        if said.reasoning_content or said.reasoning:
            wrote(said.reasoning_content or said.reasoning or "")
        if said.refusal:
            wrote(said.refusal)
        if said.tool_calls:
            for position, call in enumerate(said.tool_calls):
                self._call(index, position, call)
        if said.function_call is not None:
            self._call(index, 0, CallPiece(index=0, function=said.function_call))

    def _call(self, choice: int, position: int, call: CallPiece) -> None:
        key = (choice, position if call.index is None else call.index)
        known = self._calls.get(key, "")
        if key not in self._calls or (call.id and known and call.id != known):
            self.tally.tool_calls += 1
            self.tally.started = True
        self._calls[key] = call.id or known or None
        wrote = self.tally.wrote
        if call.function is not None:
            wrote(call.function.name or "")
            wrote(arguments_of(call.function))
        elif call.custom is not None:
            wrote(call.custom.name or "")
            wrote(call.custom.input or "")

    def _usage(self, chunk: Chunk) -> bool:
        """Take what a chunk states of usage; return whether it says nothing else."""
        tally, choices = self.tally, chunk.choices
        stated = False
        if chunk.usage:
            stated = chunk.usage != _NULL
        if stated:
            tally.reported(read_chat_usage(chunk.usage, self._flags))
        elif chunk.vendor is not None:
            tally.reported(read_chat_usage(chunk.vendor.usage, self._flags))
        for choice in choices or ():
            if choice.usage:
                tally.reported(read_chat_usage(choice.usage, self._flags))
        alone = stated and choices is not None and not choices
        if alone or (stated and tally.complete):
            # No content can follow a chunk of usage alone, or the finish reason.
            tally.final = True
        return alone

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
            tally.wrote_bytes(text_size(said))
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


def _only_text(chunk: Chunk) -> tuple[bytes, str] | None:
    """Return the member and text of a chunk that says that text and nothing else.

    Said again with other text, it changes nothing but what was written.
    """
    choices = chunk.choices
    if not choices or len(choices) > 1 or chunk.vendor is not None:
        return None
    choice, said = choices[0], choices[0].delta
    facts = (chunk.usage, chunk.error, choice.usage)
    if said is None or choice.index or any(each not in _NOTHING for each in facts):
        return None
    other = (said.refusal, said.tool_calls, said.function_call, choice.text)
    if any((*other, choice.finish_reason, choice.logprobs)):
        return None
    texts = [
        (name, text)
        for name, text in (
            (b"content", said.content),
            (b"reasoning_content", said.reasoning_content),
            (b"reasoning", said.reasoning),
        )
        if text
    ]
    if len(texts) != 1:
        return None
    name, text = texts[0]
    return (name, text) if isinstance(text, str) else None


def arguments_of(function: Function) -> str:
    """Return a call's arguments, or a piece of them, as text."""
    arguments = function.arguments
    if isinstance(arguments, dict):
        return msgspec.json.encode(arguments).decode()
    return arguments or ""


def error_event(refusal: Refusal, request_id: str) -> bytes:
    """Return the data line on which every SDK raises; no `[DONE]` follows it."""
    return sse_event({"error": hybrid_error(refusal), "request_id": request_id})
