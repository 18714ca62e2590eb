"""One event of a stream and its bytes.

Owns the framing of server-sent events; what goes into an event is a dialect's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class FrameKind(StrEnum):
    """What a frame means to a reader, whatever the dialect calls it."""

    START = "start"
    DELTA = "delta"
    USAGE = "usage"
    TERMINAL = "terminal"
    DONE = "done"
    ERROR = "error"
    NOISE = "noise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One event; `tokens` are the output tokens generated to make it.

    `data` is a JSON object or literal text; `raw` replaces both event name and data
    with bytes of its own.
    """

    kind: FrameKind
    data: Json | str = ""
    event: str | None = None
    tokens: int = 0
    raw: bytes | None = None

    def with_data(self, data: Json | str) -> Frame:
        """Return the same frame with other data."""
        return replace(self, data=data)


def to_json(value: object) -> str:
    """Return compact JSON; non-ASCII text stays as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encode(frame: Frame, newline: bytes = b"\n") -> bytes:
    """Return the bytes of a server-sent event."""
    if frame.raw is not None:
        return frame.raw
    data = frame.data if isinstance(frame.data, str) else to_json(frame.data)
    head = b"" if frame.event is None else b"event: " + frame.event.encode() + newline
    return head + b"data: " + to_bytes(data) + newline + newline


def to_bytes(text: str) -> bytes:
    """Return UTF-8; a lone surrogate from a request becomes a question mark."""
    return text.encode("utf-8", "replace")
