"""Turns the bytes of one answer into timed events, as they arrive.

Owns the split of a stream into events and what each brings; the codec's meter reads
the same bytes beside it, for usage.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.protocols.codec import Answer, StreamTooLargeError
from faregate.protocols.error_bodies import read_error
from faregate.protocols.sse import SseSplitter, event_data
from faregate.smoke.asking.transcript import Event
from faregate.smoke.reading import Delta, parsed

if TYPE_CHECKING:
    from faregate.protocols.codec import Codec
    from faregate.protocols.error_bodies import ErrorFound
    from faregate.smoke.dialects.dialect import Dialect

KEPT_BODY = 64 * 1024
"""Bytes of a body that are kept to be looked at."""
_NAME = re.compile(rb"^event: ?([^\r\n]*)", re.MULTILINE)
_COMMENT = re.compile(rb"^:[^\r\n]*", re.MULTILINE)


class Recorder:
    """Reads one answer; feed it with the time of each piece."""

    def __init__(
        self, dialect: Dialect, codec: Codec, flags: frozenset[str], *, stream: bool
    ) -> None:
        self._dialect = dialect
        self._codec = codec
        self._flags = flags
        self._stream = stream
        self._meter = codec.meter(strip_usage=False, flags=flags)
        self._splitter = SseSplitter()
        self._whole = bytearray()
        self.reader = dialect.reader()
        self.events: list[Event] = []
        self.chunks: list[tuple[float, int]] = []
        self.size = 0
        self.error: ErrorFound | None = None

    @property
    def body(self) -> bytes:
        """Return the beginning of the answer's bytes."""
        return bytes(self._whole[:KEPT_BODY])

    @property
    def deltas(self) -> int:
        """Return how many events brought output."""
        return sum(1 for event in self.events if event.deltas)

    def feed(self, chunk: bytes, at: float) -> None:
        """Take bytes that arrived at `at`; raises StreamTooLargeError."""
        self.size += len(chunk)
        self.chunks.append((at, len(chunk)))
        self._whole += chunk
        if not self._stream:
            return
        self._meter.feed(chunk)
        for raw in self._splitter.feed(chunk):
            self._event(raw, at)

    def finish(self, status: int, at: float) -> Answer:
        """Take the end of the body; return what the codec's meter read."""
        if self._stream and status < 300 and not self._is_json():
            rest = self._splitter.finish()
            if rest.strip():
                self._event(rest, at)
            self._meter.finish()
            return self._meter.answer()
        return self._read_whole(status)

    def _is_json(self) -> bool:
        """Tell whether one JSON document came where a stream was asked for."""
        return not self.deltas and isinstance(parsed(bytes(self._whole)), dict)

    def answer(self) -> Answer:
        """Return what the meter has read of a stream that broke."""
        return self._meter.answer() if self._stream else Answer()

    def _read_whole(self, status: int) -> Answer:
        body = bytes(self._whole)
        found = read_error(body)
        if status >= 300 or found is not None:
            self.error = found
        value = parsed(body)
        if status < 300 and isinstance(value, dict) and found is None:
            self.reader.body(value)
        try:
            return self._codec.answer(body, self._flags)
        except (StreamTooLargeError, ValueError):
            return Answer()

    def _event(self, raw: bytes, at: float) -> None:
        data = event_data(raw)
        found = _NAME.search(raw)
        name = found.group(1).decode("utf-8", "replace") if found else ""
        comment = _COMMENT.search(raw)
        if not data:
            if comment or name:
                said = comment.group(0).decode("utf-8", "replace") if comment else ""
                self._add(at, raw, name=name, comment=said or f"event: {name}")
            return
        text = data.decode("utf-8", "replace")
        value = parsed(data)
        ended = text == "[DONE]"
        deltas: frozenset[Delta] = frozenset()
        if value is not None or ended:
            deltas = self.reader.event(name, text if ended else value)
            self._note_error(data, value)
        said = comment.group(0).decode("utf-8", "replace") if comment else ""
        self.events.append(
            Event(
                at=at,
                name=name,
                data=text if value is None else value,
                deltas=deltas,
                comment=said,
                size=len(raw),
                ok=value is not None or ended,
            )
        )

    def _add(self, at: float, raw: bytes, *, name: str, comment: str) -> None:
        self.events.append(Event(at=at, name=name, comment=comment, size=len(raw)))

    def _note_error(self, data: bytes, value: object) -> None:
        if self.error is not None or not isinstance(value, dict):
            return
        failed = value.get("type") in {"error", "response.failed"}
        if failed or value.get("error"):
            self.error = read_error(data)
