"""Bytes from the provider to the client, with a meter listening.

Forwards first and reads after; awaits each client write, so that a slow client
slows the provider instead of filling memory. An answer that breaks is never ended
cleanly: clients take a clean end for success.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway import endpoints
from faregate.gateway.inbound import Whole
from faregate.gateway.ports import ClientGoneError, Clock, Reply, UpstreamAnswer
from faregate.protocols.codec import Answer, Codec, StreamMeter, StreamTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.gateway.flights import Flight

REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
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
) -> Delivered | Unusable:
    """Read a whole answer and meter it; raises UpstreamError when it breaks."""
    status = upstream.status
    if status in REDIRECTS:
        upstream.abort()
        return Unusable(
            refusal=_broken(
                provider,
                f"it answered {status}, a redirect, which is "
                "never followed; check the provider's base_url",
            ),
            unbilled=True,
        )
    if not (status == 200 or status >= 400):
        upstream.abort()
        return Unusable(
            refusal=_broken(provider, f"it answered {status}, which is no answer")
        )
    body = await upstream.read(limit)
    if status == 200 and not _may_be_json(body):
        kind = upstream.headers.get("content-type", "no content type")
        return Unusable(
            refusal=_broken(provider, f"it answered 200 with {kind[:80]}, not JSON")
        )
    answer = codec.answer(body, flags)
    if status == 200 and not answer.complete and not answer.error:
        return Unusable(refusal=_broken(provider, "its answer is not whole JSON"))
    headers = endpoints.returned_headers(upstream.headers.items())
    return Delivered(
        whole=Whole(status=status, headers=headers, body=body), answer=answer
    )


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
    ) -> None:
        self._meter = meter
        self._reply = reply
        self._flight = flight
        self._clock = clock
        self._lost = lost
        self._gone = False

    def client_gone(self) -> None:
        """Stop writing; reading goes on until the usage is known."""
        self._gone = True

    async def run(self, upstream: UpstreamAnswer) -> None:
        """Pass the stream on to its end; raises UpstreamError when it breaks."""
        headers = endpoints.returned_headers(upstream.headers.items())
        await self._start(headers)
        feed = self._meter.feed
        flight = self._flight
        monotonic = self._clock.monotonic
        try:
            async for chunk in upstream.chunks():
                out = feed(chunk)
                flight.last_byte = monotonic()
                flight.output_bytes += len(chunk)
                if self._gone:
                    if self._knows_enough():
                        upstream.abort()
                        return
                elif out:
                    await self._write(out)
        except StreamTooLargeError as error:
            upstream.abort()
            raise UpstreamError(FaultKind.TOO_LARGE, str(error), sent=True) from error
        tail = self._meter.finish()
        if tail and not self._gone:
            await self._write(tail)
        upstream.release()

    def _knows_enough(self) -> bool:
        answer = self._meter.answer()
        return answer.complete and answer.usage is not None

    async def _start(self, headers: dict[str, str]) -> None:
        try:
            await self._reply.start(200, headers)
        except ClientGoneError:
            self._hang_up()

    async def _write(self, data: bytes) -> None:
        self._flight.writing_since = self._clock.monotonic()
        try:
            await self._reply.write(data)
        except ClientGoneError:
            self._hang_up()
        self._flight.writing_since = None

    def _hang_up(self) -> None:
        self._gone = True
        self._lost()


def truncated(answer: Answer) -> bool:
    """Tell whether a stream ended without the event that says it is whole."""
    return not answer.complete and answer.usage is None and answer.error is None


def _may_be_json(body: bytes) -> bool:
    head = body[:512].lstrip()
    return head[:1] in {b"{", b"["} or head.startswith((b"data:", b"event:", b":"))


def _broken(provider: str, what: str) -> Refusal:
    return Refusal(
        code=RefusalCode.UPSTREAM_BROKEN,
        message=f"{provider}: {what}",
        extra={"provider": provider},
    )
