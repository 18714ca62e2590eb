"""An answer in one piece, and the head of any answer, as bytes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus


@dataclass(slots=True)
class Answer:
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
    lines = [_first_line(status, version)]
    lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
    text = "".join(lines)
    if text.count("\n") != len(lines) or text.count("\r") != len(lines):
        raise ValueError("a header would break its line")
    kept = _connection(version, keep_alive=keep_alive)
    date = _date(time.time_ns() // 1_000_000_000)
    return f"{text}{framing}{date}{kept}\r\n".encode("utf-8", "surrogateescape")


@lru_cache(maxsize=128)
def _first_line(status: int, version: str) -> str:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    # What is older than 1.0 has no versions.
    return f"HTTP/{'1.0' if version < '1.0' else version} {status} {phrase}\r\n"


def _connection(version: str, *, keep_alive: bool) -> str:
    if version == "1.1":
        return "" if keep_alive else "connection: close\r\n"
    return "connection: keep-alive\r\n" if keep_alive else ""


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return f"date: {formatdate(second, usegmt=True)}\r\n"
