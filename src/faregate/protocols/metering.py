"""The meter that every dialect shares: bytes pass through, an answer is read.

Owns cutting out a usage event that nobody asked for, and what has been seen so far.
What the events mean belongs to the dialects.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import msgspec

from faregate.core.usage import Usage
from faregate.protocols.codec import Answer, StreamTooLargeError
from faregate.protocols.counters import larger, plausible
from faregate.protocols.error_bodies import read_error
from faregate.protocols.framing import LEADING, Framing
from faregate.protocols.sse import event_data

LONGEST_NAME = 256
"""Characters kept of a name that a provider states: names are stored for good."""
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


class Tally:
    """What has been seen of one answer; a dialect's reader writes it."""

    complete: bool = False
    final: bool = False
    """No usage can follow that says more than what was seen."""
    started: bool = False
    output_bytes: int = 0
    tool_calls: int = 0
    usage: Usage | None = None
    input_usage: Usage | None = None
    error: str | None = None
    error_code: str | None = None
    model: str | None = None
    finish: str | None = None
    response_id: str | None = None
    service_tier: str | None = None

    def wrote(self, text: str) -> None:
        """Count model output."""
        if text:
            self.started = True
            self.output_bytes += (
                len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
            )

    def wrote_bytes(self, size: int) -> None:
        """Count model output of so many UTF-8 bytes."""
        if size:
            self.started = True
            self.output_bytes += size

    def reported(self, usage: Usage | None) -> None:
        """Take usage that the provider stated; the larger of two counts."""
        self.usage = larger(self.usage, usage)

    def failed(self, body: bytes) -> None:
        """Take an error body or event; the first one counts."""
        found = read_error(body)
        if found is not None and self.error is None:
            self.error, self.error_code = found.message, found.code

    def answer(self) -> Answer:
        """Return what was seen so far."""
        usage, early = self.usage, self.input_usage
        if usage is not None and not (
            self.final and plausible(usage, self.output_bytes)
        ):
            early, usage = early or _input_of(usage), None
        return Answer(
            usage,
            early if usage is None else None,
            self.complete,
            self.error,
            self.error_code,
            self.started,
            self.output_bytes,
            self.tool_calls,
            self.model and self.model[:LONGEST_NAME],
            self.finish and self.finish[:LONGEST_NAME],
            self.response_id and self.response_id[:LONGEST_NAME],
            self.service_tier and self.service_tier[:LONGEST_NAME],
        )


def _input_of(usage: Usage) -> Usage | None:
    if usage.input_tokens == 0:
        return None
    return Usage(
        usage.uncached_input,
        usage.cache_read,
        usage.cache_write_5m,
        usage.cache_write_1h,
    )


class Reader(ABC):
    """What a dialect adds to a meter: the meaning of events and bodies."""

    __slots__ = ("seen", "tally")

    def __init__(self) -> None:
        self.tally = Tally()
        self.seen: object = None
        """The last event, decoded, for who reads the same answer; None where it could
        not be."""

    @abstractmethod
    def event(self, data: bytes) -> bool:
        """Read one event; return whether it carries usage and nothing else."""

    @abstractmethod
    def body(self, data: bytes) -> None:
        """Read a complete answer that was not streamed."""

    def whole(self, data: bytes) -> None:
        """Read what should be such an answer; raise DecodeError for what is cut.

        A body that is cut says nothing, not even what stands before the cut.
        """
        _MEMBERS.decode(data)
        self.body(data)

    def answer(self) -> Answer:
        """Return what was seen so far."""
        return self.tally.answer()


class Meter:
    """Meters one streamed answer in any dialect; see `StreamMeter`."""

    __slots__ = ("_strip", "framing", "reader")

    def __init__(self, reader: Reader, *, strip_usage: bool = False) -> None:
        self.reader = reader
        self.framing = Framing()
        self._strip = strip_usage

    @property
    def started(self) -> bool:
        """Tell whether model output has been seen."""
        return self.reader.tally.started

    @property
    def ended(self) -> bool:
        """Tell whether the answer and its usage are known to be over."""
        tally = self.reader.tally
        return tally.complete and tally.final

    def answer(self) -> Answer:
        """Return what was seen so far."""
        return self.reader.answer()

    def feed(self, chunk: bytes) -> bytes:
        """Read the next bytes; return those to pass on.

        Without `strip_usage` that is `chunk` itself. With it, an event is passed on
        once it is whole, because only then it is known whether it stays.
        """
        framing = self.framing
        if self._strip:
            splitter = framing.splitter(chunk)
            if splitter is not None:
                return self._stripped(splitter.feed(chunk), chunk)
        found = framing.feed(chunk)
        read = self.reader.body if framing.whole else self.reader.event
        for data in found:
            read(data)
        return chunk

    def finish(self) -> bytes:
        """Read the end of the stream; return bytes that were held back."""
        rest, data = self.framing.finish()
        dropped = self.reader.event(data) if data else False
        self.over()
        return rest if self._strip and not dropped else b""

    def over(self) -> None:
        """Take note that nothing follows."""
        tally = self.reader.tally
        tally.final = tally.final or tally.complete

    def _stripped(self, events: list[bytes], chunk: bytes) -> bytes:
        read = self.reader.event
        kept: list[bytes] = []
        for event in events:
            data = event_data(event)
            if not (data and read(data)):
                kept.append(event)
        if len(kept) == 1 and kept[0] == chunk:
            return chunk
        return b"".join(kept)


def read_answer(reader: Reader, body: bytes) -> Answer:
    """Return what a complete body says, be it JSON or SSE."""
    text = body.strip(LEADING)
    try:
        if text.startswith(b"{"):
            reader.whole(text)
        elif text.startswith(b"["):
            for element in _ELEMENTS.decode(text):
                reader.event(bytes(element))
        else:
            meter = Meter(reader)
            meter.feed(body)
            meter.finish()
    except (msgspec.DecodeError, RecursionError, StreamTooLargeError):
        return Answer()
    return reader.answer()


def text_size(value: Any) -> int:
    """Return the UTF-8 bytes of all text inside a decoded JSON value."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace"))
    if isinstance(value, dict):
        return sum(text_size(item) for item in value.values())
    if isinstance(value, list):
        return sum(text_size(item) for item in value)
    return 0
