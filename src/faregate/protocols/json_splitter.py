"""A streamed JSON document, split incrementally into its top-level values.

Owns where an answer that is no SSE ends: one object, or the elements of an array
that a provider sends piece by piece. Never looks at what a value says.
"""

from __future__ import annotations

import re

from faregate.protocols.codec import StreamTooLargeError
from faregate.protocols.sse import MAX_EVENT

_IN_TEXT = re.compile(rb'["\\]')
_IN_VALUE = re.compile(rb'["{}\[\]]')
_OPENING = frozenset(b"{[")


class JsonSplitter:
    """Cuts a JSON byte stream into objects, as soon as each is whole.

    `[{..},{..}]` gives each element, `{..}` the one object. `closed` tells that the
    whole document has been seen.
    """

    __slots__ = (
        "_base",
        "_depth",
        "_in_text",
        "_limit",
        "_scanned",
        "_start",
        "_tail",
        "closed",
    )

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._limit = limit
        self._tail = bytearray()
        self._scanned = 0
        self._start = -1
        self._depth = 0
        self._base: int | None = None
        self._in_text = False
        self.closed = False

    @property
    def is_array(self) -> bool:
        """Tell whether the objects are elements of an array."""
        return self._base == 1

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the objects that `chunk` completes.

        Raises StreamTooLargeError when one grows past the limit unfinished.
        """
        if self.closed:
            return []
        self._tail += chunk
        done: list[bytes] = []
        while (at := self._next_mark()) >= 0:
            if self._closes(at, done):
                break
        if self._start < 0:
            passed = min(self._scanned, len(self._tail))
            del self._tail[:passed]
            self._scanned -= passed
        if len(self._tail) > self._limit:
            raise StreamTooLargeError(
                f"one value of the answer is longer than {self._limit} bytes"
            )
        return done

    def _next_mark(self) -> int:
        """Return the offset of the next byte that changes the nesting, or -1."""
        tail = self._tail
        while True:
            pattern = _IN_TEXT if self._in_text else _IN_VALUE
            match = pattern.search(tail, self._scanned)
            if match is None:
                self._scanned = max(self._scanned, len(tail))
                return -1
            at = match.start()
            self._scanned = at + 1
            byte = tail[at]
            if byte == 0x5C:  # a backslash takes the byte after it along
                self._scanned = at + 2
            elif byte == 0x22:  # a quote
                self._in_text = not self._in_text
            else:
                return at

    def _closes(self, at: int, done: list[bytes]) -> bool:
        """Take one bracket; return whether it ends the document."""
        byte = self._tail[at]
        if byte in _OPENING:
            if self._base is None:
                self._base = 1 if byte == 0x5B else 0
            if self._depth == self._base:
                self._start = at
            self._depth += 1
            return False
        self._depth -= 1
        if self._depth == self._base and self._start >= 0:
            done.append(bytes(self._tail[self._start : at + 1]))
            del self._tail[: at + 1]
            self._scanned = 0
            self._start = -1
        self.closed = self._depth <= 0
        return self.closed
