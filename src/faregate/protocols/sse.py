"""Server-sent events, split incrementally.

Owns where one event ends and the next begins, for every mix of line ends and every
way to cut the bytes. Never looks at what an event says.
"""

from __future__ import annotations

import re

from faregate.protocols.codec import StreamTooLargeError

MAX_EVENT = 16 * 1024 * 1024
"""Bytes of one unfinished event above which a stream is given up."""

_EVENT_END = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_SIMPLE = re.compile(rb"(?:event:[^\r\n]*\r?\n)?data: ?([^\r\n]*)\r?\n(?:\r?\n)?\Z")
_BOM = b"\xef\xbb\xbf"
_LF = 0x0A
_CR = 0x0D
"""As numbers: looking for bytes in bytes is six times as dear."""
# Short tails are joined by plain concatenation, which is fastest; long ones would
# be copied again and again.
_SHORT = 65536


class SseSplitter:
    """Cuts a byte stream into events, each with the blank line that ends it.

    The pieces of all calls, `finish` included, join to exactly what was fed. A
    carriage return at the end of a chunk waits for the byte after it.
    """

    __slots__ = ("_end", "_from", "_limit", "_start", "_tail")

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._limit = limit
        self._tail = bytearray()
        self._from = 0
        # What came before and after the payload where a chunk was one plain event:
        # the next ones are framed alike.
        self._start = b""
        self._end = b"\n\n"

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that `chunk` completes.

        Raises StreamTooLargeError when an event grows past the limit unfinished.
        """
        if self._tail:
            return self._feed_slowly(chunk)
        if _CR in chunk:
            return [chunk] if _is_one_event(chunk) else self._feed_slowly(chunk)
        # The case that matters most for speed: whole events with plain line ends.
        end = chunk.find(b"\n\n")
        if end + 2 == len(chunk) and end >= 0:
            return [chunk]
        pieces = chunk.split(b"\n\n")
        self._keep(pieces.pop())
        return [piece + b"\n\n" for piece in pieces]

    def payloads(self, chunk: bytes) -> list[bytes]:
        """Return the payloads of the events that `chunk` completes, empty ones left out.

        Raises StreamTooLargeError when an event grows past the limit unfinished.
        """
        if not self._tail:
            start, _, rest = chunk.partition(b"data: ")
            if start == self._start:
                data, ended, more = rest.partition(self._end)
                if ended and data and not more and _LF not in data and _CR not in data:
                    return [data]
            found = _plain_payloads(chunk)
            if found is not None:
                if len(found) == 1 and (not start or start[-1] == _LF):
                    self._start = start
                    self._end = b"\r\n\r\n" if _CR in chunk else b"\n\n"
                return found
        return [data for data in map(event_data, self.feed(chunk)) if data]

    def finish(self) -> bytes:
        """Return what is left after the last whole event."""
        rest = bytes(self._tail)
        self._tail.clear()
        self._from = 0
        return rest

    def _keep(self, tail: bytes) -> None:
        self._tail += tail
        if len(self._tail) > self._limit:
            raise StreamTooLargeError(
                f"one event of the stream is longer than {self._limit} bytes"
            )

    def _feed_slowly(self, chunk: bytes) -> list[bytes]:
        self._tail += chunk
        tail = self._tail
        usable = len(tail) - 1 if tail.endswith(b"\r") else len(tail)
        events: list[bytes] = []
        start = 0
        search = self._from
        while (match := _EVENT_END.search(tail, search, usable)) is not None:
            end = match.end()
            events.append(bytes(tail[start:end]))
            start = search = end
        if start:
            del tail[:start]
        # An end is at most four bytes long, so it begins at most three back.
        self._from = max(0, usable - start - 3)
        self._keep(b"")
        return events


def _plain_payloads(chunk: bytes) -> list[bytes] | None:
    """Return the payloads of whole events, of one plain `data` line each.

    None for anything else, which needs a closer look.
    """
    if chunk[-2:] == b"\n\n":
        if _CR in chunk:
            return None
        lines = chunk.split(b"\n")
    elif chunk[-4:] == b"\r\n\r\n":
        ends = chunk.count(b"\r\n")
        if chunk.count(b"\r") != ends or chunk.count(b"\n") != ends:
            return None
        lines = chunk.split(b"\r\n")
    else:
        return None
    found: list[bytes] = []
    begun = False
    for line in lines:
        if line[:6] == b"data: " and not begun:
            begun = True
            if len(line) > 6:
                found.append(line[6:])
        elif not line:
            begun = False
        elif line[:4] == b"data" or line[0] in _BOM:
            return None
    return found


def _is_one_event(chunk: bytes) -> bool:
    """Tell whether a chunk is one whole event whose line ends are all CRLF."""
    return (
        chunk.find(b"\n\r") == len(chunk) - 3
        and chunk.endswith(b"\r\n\r\n")
        and b"\n\n" not in chunk
        and b"\r\r" not in chunk
    )


def event_data(event: bytes) -> bytes:
    """Return the payload of one event: its `data` lines joined by line feeds.

    b"" when it carries none: a comment, a lone field, a blank line.
    """
    if _CR not in event:
        start = 6 if event.startswith(b"data: ") else 0
        if event.startswith(b"event:"):
            line = event.find(b"\n") + 1
            start = line + 6 if event.startswith(b"data: ", line) else 0
        if start and event.find(b"\n", start) == len(event) - 2:
            return event[start:-2]
    simple = _SIMPLE.match(event)
    if simple is not None:
        return simple.group(1)
    lines = _LINE_END.split(event.lstrip(_BOM))
    data = [_value(line) for line in lines if line.startswith(b"data")]
    return b"\n".join(piece for piece in data if piece is not None)


def _value(line: bytes) -> bytes | None:
    name, colon, value = line.partition(b":")
    if name != b"data" or not colon:
        return None
    return value.removeprefix(b" ")
