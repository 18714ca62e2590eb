"""Bytes from the provider to the client, with a meter listening.

Forwards first and reads after; awaits each client write, so that a slow client
slows the provider instead of filling memory. An answer that breaks is never ended
cleanly: clients take a clean end for success.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.values import dataclass
from faregate.gateway import endpoints
from faregate.gateway.inbound import Whole
from faregate.gateway.ports import ClientGoneError, Clock, Reply, UpstreamAnswer
from faregate.protocols.codec import (
    Answer,
    Codec,
    StreamBrokenError,
    StreamMeter,
    StreamTooLargeError,
)
from faregate.protocols.lean_struct import LeanValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faregate.gateway.flights import Flight
    from faregate.gateway.ports import Wait

NOT_DONE = frozenset({301, 307, 308})
"""Redirects that say the request was not carried out; 302 and 303 may follow one
that was."""
REDIRECTS = NOT_DONE | {302, 303}

_ANSWER_START = re.compile(
    rb"[ \t\r\n]*+(?:\xef\xbb\xbf)?+[ \t\r\n]*+(?:[{\[:]|data:|event:)"
)
"""How JSON or a stream of events begins, keep-alive blank lines before it."""
_JSON_START = re.compile(rb"[ \t\r\n]*+(?:\xef\xbb\xbf)?+[ \t\r\n]*+[{\[]")


class Delivered(LeanValue, frozen=True):
    """A whole answer, metered."""

    whole: Whole
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """An answer that cannot be passed on as the provider's own."""

    refusal: Refusal
    unbilled: bool = False


async def read_whole(
    upstream: UpstreamAnswer,
    codec: Codec,
    *,
    provider: str,
    flags: frozenset[str],
    limit: int,
    heard: Callable[[], None],
) -> Delivered | Unusable:
    """Read a whole answer and meter it; raises UpstreamError when it breaks.

    `heard` is called as bytes arrive.
    """
    status = upstream.status
    if status in REDIRECTS:
        upstream.abort()
        what = (
            f"it answered {status}, a redirect, which is never followed; check the "
            "provider's base_url"
        )
        return Unusable(refusal=_broken(provider, what), unbilled=status in NOT_DONE)
    if not (status == 200 or 400 <= status < 600):
        upstream.abort()
        return Unusable(
            refusal=_broken(provider, f"it answered {status}, which is no answer")
        )
    body = upstream.arrived()
    if body is None:
        body = await _read(upstream, limit, heard)
    else:
        heard()
        if len(body) > limit:
            raise _too_large(limit)
    if status == 200 and _ANSWER_START.match(body) is None:
        kind = upstream.headers.get("content-type", "no content type")
        return Unusable(
            refusal=_broken(provider, f"it answered 200 with {kind[:80]}, not JSON")
        )
    answer = codec.answer(body, flags)
    if status == 200 and not answer.complete and not answer.error:
        return Unusable(refusal=_broken(provider, "its answer is not whole JSON"))
    headers = endpoints.returned_headers(upstream.headers)
    if status == 200:
        _label(headers, body)
    return Delivered(Whole(status, headers, body), answer)


def _label(headers: dict[str, str], begin: bytes) -> None:
    """Call JSON what is no stream of events, though its provider says so.

    Clients go by it: they would read text, or nothing at all.
    """
    kind = headers.get("content-type", "")
    if kind.startswith("text/event-stream") and _JSON_START.match(begin):
        headers["content-type"] = "application/json"


async def _read(
    upstream: UpstreamAnswer, limit: int, heard: Callable[[], None]
) -> bytes:
    parts: list[bytes] = []
    size = 0

    def keep(chunk: bytes) -> None:
        nonlocal size
        heard()
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        parts.append(chunk)

    await upstream.pour(keep)
    upstream.release()
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limit: int) -> UpstreamError:
    words = f"its answer is larger than {limit} bytes"
    return UpstreamError(FaultKind.TOO_LARGE, words, sent=True)


def streams(upstream: UpstreamAnswer) -> bool:
    """Tell whether a 200 answer is worth relaying as a stream.

    An HTML page or the like is read whole and refused instead.
    """
    kind = upstream.headers.get("content-type", "")
    return "html" not in kind and "xml" not in kind


class _EnoughError(Exception):
    """Nothing more of an answer needs to be read."""


class StreamRelay:
    """One streamed answer on its way."""

    def __init__(
        self,
        *,
        meter: StreamMeter,
        reply: Reply,
        flight: Flight,
        clock: Clock,
        lost: Callable[[], None],
        opened: Callable[[], None] | None = None,
        to_the_end: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Relay to `reply`; `lost` is called when nobody listens there any more.

        With `opened` nothing is passed on before the answer has really begun: an
        error that comes first leaves the client without a byte. It is called then.
        `to_the_end` keeps the whole answer, until `release`.
        `headers` replace the provider's own.
        """
        self._meter = meter
        self._reply = reply
        self._flight = flight
        self._clock = clock
        self._lost = lost
        self._opened = opened
        self._to_the_end = to_the_end
        self._headers = headers or {}
        self._kept: list[bytes] | None = None if opened is None else []
        self._gone = False
        self._last = b"\n\n"
        self.broken = False
        """The answer contradicted itself, however complete it was."""
        flight.meter = meter

    @property
    def ended(self) -> bool:
        """Tell whether answer and usage are known to be over."""
        return self._meter.ended

    def answer(self) -> Answer:
        """Return what was seen so far."""
        return self._meter.answer()

    @property
    def inside_event(self) -> bool:
        """Tell whether the client has the beginning of an event, and not its end."""
        return not self._last.endswith((b"\n\n", b"\r\n\r\n", b"\r\r"))

    @property
    def withheld(self) -> bytes | None:
        """Return what was kept from the client; None once the answer is passed on."""
        return None if self._kept is None else b"".join(self._kept)

    def client_gone(self) -> None:
        """Stop writing; reading goes on until the usage is known."""
        self._gone = True

    async def run(self, upstream: UpstreamAnswer) -> None:
        """Pass the stream on to its end; raises UpstreamError when it breaks.

        The reply starts with the first bytes: a provider that breaks before them
        leaves the client without a status yet.
        """
        headers = endpoints.returned_headers(upstream.headers)
        headers.update(self._headers)
        try:
            whole = await self._relay(upstream, headers)
            tail = self._meter.finish() if whole else b""
        except StreamTooLargeError as error:
            raise UpstreamError(FaultKind.TOO_LARGE, str(error), sent=True) from error
        except StreamBrokenError as error:
            self.broken = True
            raise UpstreamError(FaultKind.MALFORMED, str(error), sent=True) from error
        if not whole:
            upstream.abort()
            return
        await self._finish(tail, headers)
        upstream.release()

    async def _relay(self, upstream: UpstreamAnswer, headers: dict[str, str]) -> bool:
        """Relay to the stream's end; return False where the rest need not be read."""
        meter, flight = self._meter, self._flight
        feed, push, monotonic = meter.feed, self._reply.push, self._clock.monotonic
        passing = False

        async def aside(out: bytes) -> None:
            nonlocal passing
            if await self._aside(out, headers):
                raise _EnoughError
            passing = self._kept is None and self._reply.started

        def take(chunk: bytes) -> Wait | None:
            out = feed(chunk)
            now = flight.last_byte = monotonic()
            flight.output_bytes += len(chunk)
            if flight.first_output is None and meter.started:
                flight.first_output = now
            if not passing or self._gone:
                return partial(aside, out)
            if not out:
                return None
            self._last = out if len(out) > 3 else self._last[-3:] + out
            try:
                wait = push(out)
            except ClientGoneError:
                self._left()
                return None
            if wait is None:
                return None
            flight.writing_since = now
            return partial(self._drain, wait)

        try:
            await upstream.pour(take)
        except _EnoughError:
            return False
        return True

    async def _drain(self, wait: Wait) -> None:
        """Wait for a client that reads slowly: the provider waits as well."""
        try:
            await wait()
        except ClientGoneError:
            self._left()
        self._flight.writing_since = None

    async def _aside(self, out: bytes, headers: dict[str, str]) -> bool:
        """Take bytes that do not simply pass; return whether to read no further."""
        if self._gone:
            return self._meter.ended
        if self._kept is not None:
            return await self._keep(out, headers)
        if out:
            await self._write(out, headers)
        return False

    async def _finish(self, tail: bytes, headers: dict[str, str]) -> None:
        if self._kept is not None:
            await self._keep(tail, headers)
        elif not self._gone and (tail or not truncated(self._meter.answer())):
            await self._write(tail, headers)

    async def _keep(self, out: bytes, headers: dict[str, str]) -> bool:
        """Keep bytes until model output, or the end of an answer, was among them.

        Returns whether the answer failed before that.
        """
        kept = self._kept
        if kept is None or self._gone:
            return False
        kept.append(out)
        answer = self._meter.answer()
        if answer.started or (answer.complete and answer.error is None):
            if self._opened is not None:
                self._opened()
            if not self._to_the_end:
                await self.release(headers)
                return False
        return answer.error is not None

    async def release(self, headers: dict[str, str]) -> None:
        """Pass on what was kept, piece by piece."""
        kept, self._kept = self._kept or [], None
        for piece in kept:
            if self._gone:
                return
            await self._write(piece, headers)

    async def _write(self, data: bytes, headers: dict[str, str]) -> None:
        self._flight.writing_since = self._clock.monotonic()
        try:
            if not self._reply.started:
                _label(headers, data)
                await self._reply.start(200, headers)
            if data:
                self._last = data if len(data) > 3 else self._last[-3:] + data
                await self._reply.write(data)
        except ClientGoneError:
            self._left()
        self._flight.writing_since = None

    def _left(self) -> None:
        self._gone = True
        self._lost()


def truncated(answer: Answer) -> bool:
    """Tell whether a stream ended without the event that says it is whole."""
    return not answer.complete and answer.usage is None and answer.error is None


def _broken(provider: str, what: str) -> Refusal:
    return Refusal(
        code=RefusalCode.UPSTREAM_BROKEN,
        message=f"{provider}: {what}",
        extra={"provider": provider},
    )
