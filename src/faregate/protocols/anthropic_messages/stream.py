"""Reads Messages answers, streamed or not."""

from __future__ import annotations

import msgspec

from faregate.protocols.anthropic_messages.usage import Counts, merged, read_counts
from faregate.protocols.metering import Reader
from faregate.protocols.repeats import Repeats

_NULL = msgspec.Raw(b"null")
_TOOL_CALL = "tool_use"


class _Block(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw()


class Block(_Block, gc=False):
    """A block of content, or a piece of it."""

    signature: str | None = None
    data: str | None = None
    stop_sequence: str | None = None
    id: str | None = None


class _Message(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    usage: msgspec.Raw = msgspec.Raw()


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    message: msgspec.Raw = msgspec.Raw()
    content_block: _Block | None = None
    delta: _Block | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


class Event(_Event, gc=False):
    """One event, with all that a translation reads of it."""

    index: int = 0
    content_block: Block | None = None
    delta: Block | None = None


class _Bare(_Message, gc=False):
    type: str = ""
    stop_reason: str | None = None
    error: msgspec.Raw = msgspec.Raw()


class _Body(_Bare, gc=False):
    content: list[_Block] | None = None


read_event = msgspec.json.Decoder(Event).decode
_EVENT = msgspec.json.Decoder(_Event)
_MESSAGE = msgspec.json.Decoder(_Message)
_BARE = msgspec.json.Decoder(_Bare)
_BODY = msgspec.json.Decoder(_Body)


class MessagesReader(Reader):
    """Reads the events or the body of one answer."""

    __slots__ = ("_counts", "_repeats", "_reported")

    def __init__(self, _flags: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._counts: Counts | None = None
        self._repeats: Repeats | None = None
        """What streams say again and again; made with the first event."""
        self._reported = False

    def event(self, data: bytes) -> bool:
        """Read one event; none of this dialect's carries usage alone."""
        repeats = self._repeats
        if repeats is None:
            repeats = self._repeats = Repeats()
        again = repeats.text(data)
        if again is not None:
            self.tally.output_bytes += len(again)
            self.seen = again
            return False
        self.seen = None
        try:
            event = read_event(data)
        except (msgspec.DecodeError, RecursionError) as error:
            repeats.forget()
            if isinstance(error, msgspec.ValidationError):
                self._take_event(_narrowly(data), data)
            return False
        self.seen = event
        repeats.after(data, event, _only_text)
        self._take_event(event, data)
        return False

    def _take_event(self, event: _Event, data: bytes) -> None:
        kind = event.type
        if kind == "content_block_delta":
            if event.delta is not None:
                self._wrote(event.delta)
        elif kind == "content_block_start":
            if event.content_block is not None:
                self._began(event.content_block)
        else:
            self._frame(event, data)

    def _frame(self, event: _Event, data: bytes) -> None:
        match event.type:
            case "message_start":
                self._start(event.message)
            case "message_delta":
                self._ending(event)
            case "message_stop":
                self.tally.complete = self.tally.final = True
                self._report()
            case "message":
                self.body(data)
            case kind:
                if kind == "error" or (event.error and event.error != _NULL):
                    self.tally.failed(data)

    def body(self, data: bytes) -> None:
        """Read a complete answer that was not streamed."""
        tally = self.tally
        try:
            body = _body_of(data)
        except (msgspec.DecodeError, RecursionError):
            return
        if body.type == "error" or (body.error and body.error != _NULL):
            tally.failed(data)
            return
        self._note(body)
        for block in body.content or ():
            self._began(block)
        tally.finish = body.stop_reason
        if body.usage and body.usage != _NULL:
            self._take(body.usage)
        elif body.stop_reason is None:
            tally.failed(data)
        if tally.error is None:
            tally.complete = tally.final = True
            self._report()

    def whole(self, data: bytes) -> None:
        """Read a body that should be complete; what is cut says nothing."""
        self.body(data)

    def _note(self, message: _Message) -> None:
        self.tally.response_id = message.id or self.tally.response_id
        self.tally.model = message.model or self.tally.model

    def _start(self, raw: msgspec.Raw) -> None:
        if not raw:
            return
        try:
            message = _MESSAGE.decode(raw)
        except msgspec.DecodeError:
            return
        self._note(message)
        counts = read_counts(message.usage)
        if counts is None:
            return
        # What it says of output is a placeholder; only a delta counts it.
        self._counts = merged(self._counts, _input_only(counts))
        if self._counts.input:
            self.tally.input_usage = self._counts.usage()

    def _ending(self, event: _Event) -> None:
        tally = self.tally
        if event.usage:
            self._take(event.usage)
        if event.delta is not None and event.delta.stop_reason:
            tally.finish = event.delta.stop_reason
            tally.final = self._reported
        if self._reported:
            self._report()

    def _take(self, raw: msgspec.Raw) -> None:
        counts = read_counts(raw)
        if counts is None:
            return
        self._counts = merged(self._counts, counts)
        self._reported = True
        self.tally.service_tier = counts.service_tier or self.tally.service_tier

    def _report(self) -> None:
        if self._counts is not None and self._reported:
            self.tally.reported(self._counts.usage())

    def _began(self, block: _Block) -> None:
        tally = self.tally
        if block.type == _TOOL_CALL:
            tally.tool_calls += 1
            tally.wrote(block.name or "")
            # An empty object stands here while the input is still to be streamed.
            if block.input and len(memoryview(block.input)) > len(b"{}"):
                tally.output_bytes += len(memoryview(block.input))
        self._wrote(block)

    def _wrote(self, block: _Block) -> None:
        tally = self.tally
        if block.text:
            tally.wrote(block.text)
        elif block.partial_json:
            tally.wrote(block.partial_json)
        elif block.thinking:
            tally.wrote(block.thinking)


def _only_text(event: Event) -> tuple[bytes, str] | None:
    """Return the member and text of an event that says that text and nothing else.

    Said again with other text, it changes nothing but what was written.
    """
    delta = event.delta
    if event.type != "content_block_delta" or delta is None or delta.signature:
        return None
    pieces = (
        (b"text", delta.text),
        (b"thinking", delta.thinking),
        (b"partial_json", delta.partial_json),
    )
    said = [(name, text) for name, text in pieces if text]
    return said[0] if len(said) == 1 else None


def _narrowly(data: bytes) -> _Event:
    """Read an event where something has a type that nobody expected."""
    try:
        return _EVENT.decode(data)
    except msgspec.DecodeError:
        return _Event()


def _body_of(data: bytes) -> _Body:
    try:
        return _BODY.decode(data)
    except msgspec.ValidationError:
        # A content block of an unexpected form must not cost us the usage.
        bare = _BARE.decode(data)
        return _Body(
            id=bare.id,
            model=bare.model,
            usage=bare.usage,
            type=bare.type,
            stop_reason=bare.stop_reason,
            error=bare.error,
        )


def _input_only(counts: Counts) -> Counts:
    return Counts(
        uncached=counts.uncached,
        read=counts.read,
        write_5m=counts.write_5m,
        write_1h=counts.write_1h,
        service_tier=counts.service_tier,
    )
