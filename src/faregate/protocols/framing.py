"""An answer's bytes, cut into its payloads: SSE events, or JSON values.

Owns telling one from the other: a provider may answer a streamed request with JSON,
and the reverse. Never looks at what a payload says.
"""

from __future__ import annotations

from faregate.protocols.json_splitter import JsonSplitter
from faregate.protocols.sse import SseSplitter, event_data

# Blank lines and the bytes of a byte order mark may precede an answer.
LEADING = b" \t\r\n\xef\xbb\xbf"


class Framing:
    """Cuts one answer, as its bytes come."""

    __slots__ = ("_json", "_sse", "whole")

    def __init__(self) -> None:
        self._sse: SseSplitter | None = None
        self._json: JsonSplitter | None = None
        self.whole = False
        """The payloads are answers that were not streamed, and no events."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the payloads that `chunk` completes.

        Raises StreamTooLargeError when one grows past the limit unfinished.
        """
        splitter = self._sse or self.splitter(chunk)
        if splitter is not None:
            return splitter.payloads(chunk)
        if self._json is None:
            return []
        values = self._json.feed(chunk)
        self.whole = not self._json.is_array
        return values

    def splitter(self, chunk: bytes) -> SseSplitter | None:
        """Return what cuts events; None until it is known that this is SSE."""
        if self._sse is None and self._json is None:
            start = chunk.lstrip(LEADING)[:1]
            if start and start not in b"{[":
                self._sse = SseSplitter()
            elif start:
                self._json = JsonSplitter()
        return self._sse

    def finish(self) -> tuple[bytes, bytes]:
        """Return the bytes after the last whole event, and their payload."""
        rest = b"" if self._sse is None else self._sse.finish()
        return rest, event_data(rest) if rest else b""
