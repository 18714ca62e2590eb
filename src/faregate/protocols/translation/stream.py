"""A streamed answer of one dialect, as bytes of another while it passes.

Owns cutting the stream into payloads and passing keep-alives on. The meter beside it
reads the provider's own bytes: money never depends on a translation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.codec import StreamBrokenError, StreamTooLargeError
from faregate.protocols.json_splitter import JsonSplitter
from faregate.protocols.metering import Meter, Reader
from faregate.protocols.sse import SseSplitter, event_data

if TYPE_CHECKING:
    from faregate.protocols.codec import Answer, StreamMeter
    from faregate.protocols.dialects import AnswerDecoder, AnswerEncoder
    from faregate.protocols.events import StreamEvent
    from faregate.protocols.translation.flattening import Restorer

# Blank lines and the bytes of a byte order mark may precede an answer.
_LEADING = b" \t\r\n\xef\xbb\xbf"
_KEEP_ALIVE = b": keep-alive\n\n"
_SIGNS_OF_LIFE = (b":", b"event: ping")
_SILENT = 50
"""Chunks with nothing to pass on after which the client gets a sign of life."""


class Payloads:
    """Reads the payloads of an answer, SSE or JSON, with their decoder."""

    __slots__ = ("_decoder", "_json", "_sse")

    def __init__(self, decoder: AnswerDecoder) -> None:
        self._decoder = decoder
        self._sse: SseSplitter | None = None
        self._json: JsonSplitter | None = None

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """Return the events that these bytes complete."""
        splitter = self._sse
        if splitter is None:
            splitter = self._choose(chunk)
            if splitter is None:
                return self._values(chunk)
        decode = self._decoder.event
        out: list[StreamEvent] = []
        for event in splitter.feed(chunk):
            data = event_data(event)
            if data:
                out += decode(data)
        return out

    def finish(self) -> list[StreamEvent]:
        """Return the events at the end of the stream."""
        rest = b"" if self._sse is None else self._sse.finish()
        data = event_data(rest) if rest else b""
        out = self._decoder.event(data) if data else []
        return [*out, *self._decoder.finish()]

    def _choose(self, chunk: bytes) -> SseSplitter | None:
        if self._json is None:
            start = chunk.lstrip(_LEADING)[:1]
            if start and start not in b"{[":
                self._sse = SseSplitter()
            elif start:
                self._json = JsonSplitter()
        return self._sse

    def _values(self, chunk: bytes) -> list[StreamEvent]:
        if self._json is None:
            return []
        out: list[StreamEvent] = []
        for value in self._json.feed(chunk):
            read = self._decoder.event if self._json.is_array else self._decoder.body
            out += read(value)
        return out


class _Both(Reader):
    """The meter's reader and a decoder, over the same payloads.

    What the decoder cannot take ends the translation, never the metering.
    """

    __slots__ = ("_decoder", "_reader", "broken", "out")

    def __init__(self, reader: Reader, decoder: AnswerDecoder) -> None:
        self.tally = reader.tally
        self._reader = reader
        self._decoder = decoder
        self.out: list[StreamEvent] = []
        self.broken: StreamBrokenError | StreamTooLargeError | None = None

    def event(self, data: bytes) -> bool:
        """Read one event with both."""
        self._reader.event(data)
        if self.broken is None:
            try:
                self.out += self._decoder.event(data)
            except (StreamBrokenError, StreamTooLargeError) as error:
                self.broken = error
        return False

    def body(self, data: bytes) -> None:
        """Read a whole answer with both."""
        self._reader.body(data)
        if self.broken is None:
            try:
                self.out += self._decoder.body(data)
            except (StreamBrokenError, StreamTooLargeError) as error:
                self.broken = error

    def answer(self) -> Answer:
        """Return what was seen so far."""
        return self._reader.answer()

    def finish(self) -> None:
        """Take the end of the stream."""
        if self.broken is None:
            self.out += self._decoder.finish()

    def take(self) -> list[StreamEvent]:
        """Return the events since the last time; raise what broke."""
        if self.broken is not None:
            raise self.broken
        out, self.out = self.out, []
        return out


class TranslatingMeter:
    """Meters the provider's stream and passes the client's on; see `StreamMeter`."""

    __slots__ = ("_both", "_encoder", "_keep_alive", "_meter", "_restorer", "_silent")

    def __init__(
        self,
        meter: StreamMeter,
        decoder: AnswerDecoder,
        restorer: Restorer,
        encoder: AnswerEncoder,
        *,
        sse: bool,
    ) -> None:
        self._meter = meter
        self._restorer = restorer
        self._encoder = encoder
        self._keep_alive = _KEEP_ALIVE if sse else b""
        if not isinstance(meter, Meter):
            raise TypeError("only a codec's own meter can be read with a decoder")
        self._silent = 0
        self._both = _Both(meter.reader, decoder)
        meter.reader = self._both

    @property
    def ended(self) -> bool:
        """Tell whether the answer and its usage are known to be over."""
        return self._meter.ended

    @property
    def started(self) -> bool:
        """Tell whether model output has been seen."""
        return self._meter.started

    def answer(self) -> Answer:
        """Return what was seen so far."""
        return self._meter.answer()

    def feed(self, chunk: bytes) -> bytes:
        """Read the provider's next bytes; return the client's.

        Raises StreamTooLargeError and StreamBrokenError.
        """
        self._meter.feed(chunk)
        events = self._both.take()
        if events:
            out = self._encoder.stream(self._restorer.restored(events))
            if out:
                return out
            # Text that is passed on once it is whole, such as a patch, takes long.
            self._silent += 1
            return b"" if self._silent % _SILENT else self._keep_alive
        return self._keep_alive if chunk.startswith(_SIGNS_OF_LIFE) else b""

    def finish(self) -> bytes:
        """Read the end of the stream; return the client's last bytes."""
        self._meter.finish()
        self._both.finish()
        events = self._both.take()
        return self._encoder.stream(self._restorer.restored(events)) if events else b""
