"""Signs of life for a client whose request waits.

Owns what a waiting client is sent and how long it can be left alone. A stream gets
comments, which no client takes for an answer; an answer in one piece can get nothing,
because its status would be out before anybody knows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.gateway.ports import ClientGoneError

if TYPE_CHECKING:
    from faregate.gateway.governor import Asked

SILENT_S = 30.0
"""Seconds in which a refusal can still be a plain answer."""
ALIVE_EVERY_S = 15.0
WHOLE_S = 240.0
"""Longest wait of a client that can get no sign of life. Agents wait ten minutes for an
answer in one piece, and the provider needs its part of them."""
_TIMEOUT_HEADERS = ("x-stainless-read-timeout", "x-stainless-timeout")
_BLANK = b"\n"
"""Gemini's clients take each line for a part of the answer, but for a blank one."""


def client_timeout(asked: Asked) -> float | None:
    """Return after how many silent seconds the client says it gives up."""
    for name in _TIMEOUT_HEADERS:
        text = asked.inbound.head.headers.get(name, "")
        if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 10:
            return float(text) or None
    return None


def silence_of(asked: Asked) -> float:
    """Return for how long a stream's client can be left without a byte."""
    patience = client_timeout(asked)
    return SILENT_S if patience is None else min(SILENT_S, patience / 2)


def wait_of(asked: Asked, timeout_s: float) -> float:
    """Return for how long a request may wait for a person."""
    if asked.facts.stream:
        return timeout_s
    patience = client_timeout(asked)
    most = WHOLE_S if patience is None else min(WHOLE_S, patience * 0.4)
    return min(timeout_s, most)


class KeepAlive:
    """Keeps one client."""

    def __init__(self, asked: Asked, why: str = "waiting for approval") -> None:
        """Tell the client of `asked` why it waits, in comments."""
        self._asked = asked
        self._comment = f": faregate: {why}\n\n".encode()

    async def sign(self) -> int:
        """Send a sign of life; return how many were sent."""
        asked = self._asked
        gemini = asked.facts.protocol == "gemini"
        try:
            if not asked.reply.started:
                await asked.reply.start(200, self._headers())
            await asked.reply.write(_BLANK if gemini else self._comment)
        except ClientGoneError:
            asked.flight.hang_up()
            return 0
        return 1

    def _headers(self) -> dict[str, str]:
        asked = self._asked
        events = asked.facts.protocol != "gemini" or (
            "alt=sse" in asked.inbound.head.query.split("&")
        )
        kind = "text/event-stream" if events else "application/json"
        return {"content-type": kind, "cache-control": "no-cache"}
