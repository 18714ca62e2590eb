"""A streamed answer of one dialect, as bytes of another while it passes.

Owns feeding both who meters and who translates, and passing keep-alives on. The meter
reads the provider's own bytes: money never depends on a translation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.codec import StreamBrokenError, StreamTooLargeError
from faregate.protocols.framing import Framing
from faregate.protocols.metering import Meter

if TYPE_CHECKING:
    from faregate.protocols.codec import Answer, StreamMeter
    from faregate.protocols.dialects import AnswerDecoder, AnswerEncoder
    from faregate.protocols.events import StreamEvent
    from faregate.protocols.translation.flattening import Restorer

_KEEP_ALIVE = b": keep-alive\n\n"
_SIGNS_OF_LIFE = (b":", b"event: ping")
_SILENT = 50
"""Chunks with nothing to pass on after which the client gets a sign of life."""


class Payloads:
    """Reads the payloads of an answer, SSE or JSON, with their decoder."""

    __slots__ = ("_decoder", "_framing")

    def __init__(self, decoder: AnswerDecoder) -> None:
        self._decoder = decoder
        self._framing = Framing()

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """Return the events that these bytes complete."""
        found = self._framing.feed(chunk)
        decode = self._decoder.body if self._framing.whole else self._decoder.event
        out: list[StreamEvent] = []
        for data in found:
            out += decode(data)
        return out

    def finish(self) -> list[StreamEvent]:
        """Return the events at the end of the stream."""
        _, data = self._framing.finish()
        out = self._decoder.event(data) if data else []
        return [*out, *self._decoder.finish()]


class TranslatingMeter:
    """Meters the provider's stream and passes the client's on; see `StreamMeter`.

    What the decoder cannot take ends the translation, never the metering. Each event
    is decoded once: by who meters, for both.
    """

    __slots__ = (
        "_broken",
        "_decoder",
        "_encoder",
        "_framing",
        "_keep_alive",
        "_meter",
        "_reader",
        "_restorer",
        "_silent",
    )

    def __init__(
        self,
        meter: StreamMeter,
        decoder: AnswerDecoder,
        restorer: Restorer,
        encoder: AnswerEncoder,
        *,
        sse: bool,
    ) -> None:
        if not isinstance(meter, Meter):
            raise TypeError("only a codec's own meter can be read with a decoder")
        self._meter = meter
        self._framing = meter.framing
        self._reader = meter.reader
        self._decoder = decoder
        self._restorer = restorer
        self._encoder = encoder
        self._keep_alive = _KEEP_ALIVE if sse else b""
        self._silent = 0
        self._broken: StreamBrokenError | StreamTooLargeError | None = None

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
        found = self._framing.feed(chunk)
        events = self._bodies(found) if self._framing.whole else self._events(found)
        if self._broken is not None:
            raise self._broken
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
        _, data = self._framing.finish()
        events = self._events([data] if data else [])
        self._meter.over()
        if self._broken is not None:
            raise self._broken
        events += self._decoder.finish()
        return self._encoder.stream(self._restorer.restored(events)) if events else b""

    def _events(self, found: list[bytes]) -> list[StreamEvent]:
        """Read events; what breaks the translation is kept for later."""
        reader = self._reader
        read, decode = reader.event, self._decoder.event
        out: list[StreamEvent] = []
        for data in found:
            read(data)
            if self._broken is None:
                try:
                    out += decode(data, reader.seen)
                except (StreamBrokenError, StreamTooLargeError) as error:
                    self._broken = error
        return out

    def _bodies(self, found: list[bytes]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for data in found:
            self._reader.body(data)
            if self._broken is None:
                try:
                    out += self._decoder.body(data)
                except (StreamBrokenError, StreamTooLargeError) as error:
                    self._broken = error
        return out
