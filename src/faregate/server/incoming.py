"""Requests as they come over one connection: bytes in, heads and bodies out.

Owns what is HTTP and how long a head may be. Judges no content and answers nobody.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self

import httptools

from faregate.core.refusal import Refusal, RefusalCode
from faregate.server import body as bodies
from faregate.server.known_head import KnownHead

if TYPE_CHECKING:
    from faregate.server.visits import Likeness, Visit

LONGEST_TARGET = 8192
LONGEST_HEADER = 8190
LONGEST_HEAD = 64 * 1024
"""Bytes of all headers together: of heads that come again much is remembered."""
MOST_HEADERS = 128
_LONGEST_HEAD = LONGEST_TARGET + (MOST_HEADERS + 2) * (LONGEST_HEADER + 4)
"""A longer head has a line that is too long, or too many."""
_ONCE = frozenset(
    {
        b"host",
        b"content-type",
        b"user-agent",
        b"content-location",
        b"content-range",
        b"etag",
        b"max-forwards",
        b"server",
        b"transfer-encoding",
    }
)
_VERSIONS = frozenset({"1.1", "1.0", "0.9"})
_FRAMING = frozenset({b"transfer-encoding", b"content-length"})
_CRUMB = 64
"""Bytes: smaller pieces of a body are put together as they come."""
_TLS = b"\x16\x03"
_END_OF_HEAD = b"\r\n\r\n"

Field = tuple[bytes, bytes]


class Incoming:
    """One request; its body may still be on its way."""

    __slots__ = (
        "complete",
        "fields",
        "head",
        "keep_alive",
        "length",
        "method",
        "parts",
        "refusal",
        "size",
        "target",
        "version",
        "visit",
    )

    def __init__(self) -> None:
        self.method = ""
        self.target = "/"
        self.version = "1.1"
        self.fields: tuple[Field, ...] = ()
        """Names in lower case, without the length of the body."""
        self.head = b""
        """Its bytes, where they came in one piece and may come again."""
        self.length: int | None = None
        self.keep_alive = False
        self.parts: list[bytes | bytearray] = []
        """The body as it came; the first of them is bytes."""
        self.size = 0
        self.complete = False
        """Its body has arrived."""
        self.refusal: Refusal | None = None
        """Why what came is no request that could be served."""
        self.visit: Visit | None = None

    def like(self, length: int) -> Self:
        """Return another request with this head, but for the length of its body."""
        other = type(self)()
        other.method, other.target = self.method, self.target
        other.version, other.fields = self.version, self.fields
        other.length, other.keep_alive = length, self.keep_alive
        other.visit = self.visit
        return other

    @property
    def likeness(self) -> Likeness:
        """Return everything that its head says, but how long its body is."""
        return self.method, self.target, self.fields

    def body(self) -> bytes:
        """Return the body as it was sent."""
        parts = self.parts
        return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)

    def add(self, data: bytes) -> None:
        """Take the next piece of the body."""
        parts = self.parts
        if len(data) < _CRUMB and parts:
            # An object of its own would take many times what it holds.
            last = parts[-1]
            if isinstance(last, bytearray):
                last += data
                return
            parts.append(bytearray(data))
        else:
            parts.append(data)

    def headers(self) -> dict[str, str] | Refusal:
        """Return headers by lower-case name; what is sent twice is one list."""
        found: dict[str, str] = {}
        for name, value in self.fields:
            low = name.decode("latin-1")
            text = value.decode("utf-8", "surrogateescape").rstrip(" \t")
            if low in found:
                if name in _ONCE:
                    return _twice(low)
                text = f"{found[low]}, {text}"
            found[low] = text
        if self.version == "1.1" and "host" not in found:
            return _one_host()
        if self.length is not None:
            found["content-length"] = str(self.length)
        return found


class RequestParser:
    """Parses what one client sends; `requests` are those that have a whole head."""

    def __init__(self) -> None:
        self.requests: deque[Incoming] = deque()
        self.in_head = False
        """A head has begun to arrive, and is not whole."""
        self.broken = False
        """What came is no HTTP; nothing more is read."""
        self.receiving: Incoming | None = None  # The body is on its way.
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._fields: list[Field] = []
        self._size = 0
        """Bytes of the headers."""
        self._length: int | None = None
        self._beside = 0
        """Bytes since the last that was of a body."""
        self._switches = False
        self._again = False
        self._why: Refusal | None = None
        self._known: KnownHead[Incoming] | None = None
        self._between = True
        """The parser waits for the beginning of a request."""
        self._begins = b""
        """What came last, where a request begins with it."""
        self._left = 0
        """Bytes still to come of a body that the parser does not see."""

    @property
    def rests(self) -> bool:
        """Tell whether nothing has come that was not taken."""
        return self.receiving is None and not self.in_head and not self.requests

    def feed(self, data: bytes) -> None:
        """Read what came."""
        if self.broken:
            return
        data = self._familiar(data)
        if not data:
            return
        self._begins = data if self._between else b""
        rest = data
        try:
            while rest:
                rest = self._parse(rest)
        except httptools.HttpParserError as error:
            self._break(self._why or _refusal_of(error, rest))
        self._begins = b""
        self._beside += len(data)
        if self._beside > _LONGEST_HEAD and (
            self.in_head or self.receiving is not None
        ):
            # A head, or what may follow a body: the parser keeps all of a line that
            # has not ended.
            self._break(_header_too_long())

    def remember(self, request: Incoming) -> None:
        """Know the head of a request that was let in, should it come again."""
        self._known = KnownHead.of(request) or self._known

    def close(self) -> None:
        """Read nothing more."""
        self.broken = True
        # Two that hold each other would wait for the garbage collector.
        del self._parser

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._again:
            return
        self.in_head, self._between = True, False
        self._target, self._fields, self._length = b"", [], None
        self._beside = self._size = 0

    def on_url(self, url: bytes) -> None:
        if self._again:
            return
        self._target += url
        if len(self._target) > LONGEST_TARGET:
            message = f"The URL is longer than {LONGEST_TARGET} bytes"
            self._refuse(Refusal(code=RefusalCode.URL_TOO_LONG, message=message))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.in_head:
            return  # A trailer, which nobody reads.
        size = len(name) + len(value)
        self._size += size
        if size > LONGEST_HEADER:
            self._refuse(_header_too_long())
        if self._size > LONGEST_HEAD:
            message = f"The headers together are longer than {LONGEST_HEAD} bytes"
            self._refuse(Refusal(code=RefusalCode.HEADERS_TOO_LARGE, message=message))
        low = name.lower()
        if low == b"content-length":
            self._length = int(value)
            return
        if low == b"transfer-encoding" and value.strip(b" \t").lower() != b"chunked":
            # What is encoded further would be taken for what it decodes to.
            message = "The only transfer-encoding of HTTP understood here is chunked"
            self._refuse(Refusal(code=RefusalCode.BAD_REQUEST, message=message))
        self._fields.append((low, value))
        if len(self._fields) > MOST_HEADERS:
            message = f"More than {MOST_HEADERS} headers were sent"
            self._refuse(Refusal(code=RefusalCode.HEADERS_TOO_LARGE, message=message))

    def on_headers_complete(self) -> None:
        if self._again:
            return
        parser = self._parser
        request = Incoming()
        request.method = parser.get_method().decode("latin-1")
        request.target = self._target.decode("utf-8", "surrogateescape")
        request.version = parser.get_http_version()
        if request.version not in _VERSIONS:
            message = "This is no HTTP/1.1 request: it says another version"
            self._refuse(Refusal(code=RefusalCode.BAD_REQUEST, message=message))
        request.fields = tuple(self._fields)
        request.length = self._length
        request.keep_alive = parser.should_keep_alive()
        self._switches = parser.should_upgrade()
        if self._length is not None and request.keep_alive and not self._switches:
            # Of several that came at once only the first is remembered.
            head, end, _ = self._begins.partition(_END_OF_HEAD)
            request.head = head + end if end else b""
        self._begins = b""
        self.in_head = False
        self._beside = 0
        self.receiving = request
        self.requests.append(request)

    def on_body(self, data: bytes) -> None:
        self._beside = 0
        request = self.receiving
        if request is None or request.refusal is not None:
            return
        request.size += len(data)
        if request.size > bodies.BODY_LIMIT:
            request.refusal = bodies.too_large()
            request.parts.clear()
        else:
            request.add(data)

    def on_message_complete(self) -> None:
        if self._switches:
            return  # Only for the parser: the body is still to come.
        if self.receiving is not None:
            self.receiving.complete = True
            self._between = self.receiving.keep_alive
            self.receiving = None

    # What needs no parser.

    def _familiar(self, data: bytes) -> bytes:
        """Take requests whose head is known; return what is left for the parser."""
        known = self._known
        while data:
            at = 0
            if not self._left:
                if known is None or not self._between:
                    break
                found = known.again(data, bodies.BODY_LIMIT)
                if found is None:
                    break
                self.receiving, at = found
                self._left = self.receiving.length or 0
                self.requests.append(self.receiving)
            data = self._of_body(data, at)
        return data

    def _of_body(self, data: bytes, at: int) -> bytes:
        """Take what is there of a body that begins at `at`; return what follows it."""
        request, end = self.receiving, at + self._left
        if request is None:
            return data
        piece = data[at:end]
        self._left -= len(piece)
        request.size += len(piece)
        if piece and request.refusal is None:
            request.parts.append(piece)
        if not self._left:
            request.complete = True
            self.receiving = None
        return data[end:]

    # What is no request.

    def _refuse(self, refusal: Refusal) -> None:
        self._why = refusal
        raise ValueError(refusal.code)

    def _break(self, refusal: Refusal) -> None:
        self.broken = True
        if self.receiving is not None:
            self.receiving.refusal = bodies.badly_framed()
            self.receiving = None
        elif self.in_head:
            broken = Incoming()
            broken.refusal = refusal
            self.requests.append(broken)
        self.in_head = False

    def _parse(self, data: bytes) -> bytes:
        """Parse what came; return what is left for another parser."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as switch:
            self._read_on()
            return data[switch.args[0] :]
        return b""

    def _read_on(self) -> None:
        """Go on with plain HTTP after a request that offers another protocol.

        The parser takes what follows such a head for that protocol: a new one is
        told how the body is framed.
        """
        self._switches = False
        lines = [
            b"%b: %b\r\n" % field for field in self._fields if field[0] in _FRAMING
        ]
        if self._length is not None:
            lines.append(b"content-length: %d\r\n" % self._length)
        self._parser = httptools.HttpRequestParser(self)
        self._again = True
        self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(lines))
        self._again = False


def _refusal_of(error: httptools.HttpParserError, data: bytes) -> Refusal:
    """Return the answer to bytes that are no request; repeats none of them."""
    message = "This is not valid HTTP/1.1"
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        message = "This is no HTTP/1.1 request: its first line is not valid"
        if data.startswith(_TLS):
            message = "Faregate speaks plain http here: use http://, not https://"
    elif "Duplicate" in str(error):
        return _twice("content-length")
    return Refusal(code=RefusalCode.BAD_REQUEST, message=message)


def _twice(name: str) -> Refusal:
    if name == "host":
        return _one_host()
    return Refusal(
        code=RefusalCode.BAD_REQUEST,
        message=f"A header that must be unique was sent twice: {name}",
    )


def _one_host() -> Refusal:
    return Refusal(
        code=RefusalCode.BAD_REQUEST,
        message="A request must carry exactly one Host header",
    )


def _header_too_long() -> Refusal:
    return Refusal(
        code=RefusalCode.HEADERS_TOO_LARGE,
        message=f"A header is longer than {LONGEST_HEADER} bytes",
    )
