"""A head that comes again: an agent sends the same one each time but for a number.

Owns what makes a head the same: its bytes, down to the length of the body. Parses
nothing: it knows only heads that were parsed as a whole.
"""

from __future__ import annotations

import re
from typing import Generic, Protocol, Self, TypeVar

LONGEST = 16 * 1024
"""Bytes of a head that is remembered."""
_MOST_DIGITS = 8
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,8})\r\n", re.IGNORECASE)


class Served(Protocol):
    """A request whose head is remembered."""

    head: bytes
    length: int | None

    def like(self, length: int) -> Self:
        """Return another request with this head, but for the length of its body."""
        ...


_Request = TypeVar("_Request", bound=Served)


class KnownHead(Generic[_Request]):
    """The head of a request that was served; `again` makes others of it."""

    __slots__ = ("_end", "_request", "_start")

    def __init__(self, start: bytes, end: bytes, request: _Request) -> None:
        self._start = start
        self._end = end
        self._request = request

    @classmethod
    def of(cls, request: _Request) -> KnownHead[_Request] | None:
        """Return the head of a request; None where its bytes are not told apart.

        The parser took its head for what it says, in which no line ends but by CR LF.
        """
        head = request.head
        found = None if len(head) > LONGEST else _LENGTH.search(head)
        if found is None or int(found[1]) != request.length:
            return None
        start, end = head[: found.start(1)], head[found.end(1) :]
        # Another one like it: this one will have a body.
        return cls(start, end, request.like(0))

    def again(self, data: bytes, most: int) -> tuple[_Request, int] | None:
        """Return the request that `data` begins with, and where its body begins.

        None unless its head is whole, the same byte for byte but for how long the
        body is, and that no longer than `most`.
        """
        start, end = self._start, self._end
        if not data.startswith(start):
            return None
        at = len(start)
        behind = data.find(b"\r", at, at + _MOST_DIGITS + 1)
        digits = data[at:behind]
        if behind < 0 or not digits.isdigit() or not data.startswith(end, behind):
            return None
        length = int(digits)
        if length > most:
            return None
        return self._request.like(length), behind + len(end)
