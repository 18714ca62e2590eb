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
USUAL_TIMEOUT_S = 600.0
"""Seconds after which clients give up an answer in one piece, if they do not say."""
_LAST_MOMENT_S = 5.0
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


def interval_of(asked: Asked) -> float:
    """Return the seconds between two signs of life to a stream's client."""
    patience = client_timeout(asked)
    return ALIVE_EVERY_S if patience is None else min(ALIVE_EVERY_S, patience / 2)


def wait_of(asked: Asked, timeout_s: float, now: float) -> float:
    """Return for how long a request may wait for a person from `now` on.

    Whoever gets no sign of life has waited since the request began.
    """
    if asked.facts.stream:
        return timeout_s
    patience = client_timeout(asked) or USUAL_TIMEOUT_S
    left = patience * 0.9 - (now - asked.flight.started)
    return min(timeout_s, WHOLE_S, patience * 0.4, max(left, _LAST_MOMENT_S))


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
