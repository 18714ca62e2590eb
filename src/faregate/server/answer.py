"""An answer in one piece, and the head of any answer, as bytes."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from faregate.core.header_lines import header_lines
from faregate.protocols.lean_struct import LeanRecord


class Answer(LeanRecord):
    """Status, headers by lower-case name, and a body."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    closes: bool = False
    """The connection ends with it."""

    def to_bytes(self, version: str, *, keep_alive: bool, bodiless: bool) -> bytes:
        """Return it as it is sent; raises ValueError for what cannot be.

        `bodiless` is for an answer to HEAD.
        """
        head = head_of(
            self.status,
            self.headers,
            version,
            f"content-length: {len(self.body)}\r\n",
            keep_alive=keep_alive,
        )
        return head if bodiless else head + self.body


def head_of(
    status: int,
    headers: dict[str, str],
    version: str,
    framing: str,
    *,
    keep_alive: bool,
) -> bytes:
    """Return an answer's head; `framing` is a line of its own, or nothing."""
    said = header_lines(headers)
    first, kept = _frame(status, version, keep_alive)
    date = _date(time.time_ns() // 1_000_000_000)
    text = f"{first}{said}{framing}{date}{kept}"
    return text.encode("utf-8", "surrogateescape")


@lru_cache(maxsize=128)
def _frame(status: int, version: str, keeps: bool) -> tuple[str, str]:
    """Return how a head begins and how it ends."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    # What is older than 1.0 has no versions.
    first = f"HTTP/{'1.0' if version < '1.0' else version} {status} {phrase}\r\n"
    kept = ""
    if keeps != (version == "1.1"):
        kept = f"connection: {'keep-alive' if keeps else 'close'}\r\n"
    return first, f"{kept}\r\n"


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return f"date: {formatdate(second, usegmt=True)}\r\n"
