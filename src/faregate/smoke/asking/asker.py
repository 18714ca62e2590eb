"""Sends one request of the smoke test: held for, bounded, timed and booked.

Owns that every request ends within its deadline and its size, that its hold ends
exactly once, and that nothing is sent twice or follows a redirect.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.core.attempts import UpstreamRequest
from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.money import ZERO
from faregate.core.side_spend import SpendAsk, SpendHeld, SpendRefused
from faregate.core.values import dataclass
from faregate.gateway.endpoints import with_key
from faregate.protocols.codec import Answer, StreamTooLargeError
from faregate.protocols.registry import by_name
from faregate.smoke.asking.booking import Ended, ending
from faregate.smoke.asking.recorder import Recorder
from faregate.smoke.asking.timing import TimedDeparture
from faregate.smoke.asking.transcript import Broke, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faregate.core.estimate import Bounds
    from faregate.core.money import Money
    from faregate.gateway.ports import Clock, Upstream, UpstreamAnswer
    from faregate.smoke.asking.spending import Spender
    from faregate.smoke.asking.target import SmokeTarget

MOST_BYTES = 2 * 1024 * 1024
"""Bytes of an answer after which it is given up: no probe asks for a tenth of it."""


class RefusedError(Exception):
    """A request was not sent, because no money could be set aside for it."""

    def __init__(self, refused: SpendRefused) -> None:
        super().__init__(refused.why)
        self.refused = refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request: what, where, and how long it may take altogether.

    `body` is JSON, or bytes to be sent as they are; None makes it a GET, which costs
    nothing. `output` is the output bound in tokens. `key` replaces the target's, ""
    sends none. `until` stops reading once it says so.
    """

    path: str
    body: Mapping[str, object] | bytes | None = None
    query: str = ""
    stream: bool = False
    output: int | None = 64
    key: str | None = None
    deadline_s: float = 60.0
    free: bool = False
    """It generates nothing."""
    until: Callable[[Recorder], bool] | None = None


class Asker:
    """Sends calls to one target."""

    def __init__(
        self,
        target: SmokeTarget,
        upstream: Upstream,
        spender: Spender,
        clock: Clock,
        *,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Ask `target`, spending through `spender`."""
        codec = by_name(target.dialect.protocol)
        if codec is None:
            raise ValueError(f"no codec reads {target.dialect.protocol}")
        self._codec = codec
        self.target = target
        self.upstream = upstream
        self._spender = spender
        self._clock = clock
        self._most = most_bytes
        self.done: list[Transcript] = []
        """Every exchange that was begun, those that were cancelled too."""

    async def ask(self, call: Call, model: str) -> Transcript:
        """Send once and return what came back, within the deadline.

        Raises RefusedError when no money could be set aside for it; then nothing was
        sent.
        """
        exchange = self._begin(call, model)
        try:
            async with asyncio.timeout(call.deadline_s):
                await exchange.run(self.upstream)
        except TimeoutError:
            exchange.broken(Broke.TIMEOUT, f"no end within {call.deadline_s:g} s")
        except UpstreamError as error:
            exchange.failed(error)
        except StreamTooLargeError as error:
            exchange.broken(Broke.TOO_LARGE, str(error))
        finally:
            exchange.book(self._spender)
            self.done.append(exchange.transcript())
        return self.done[-1]

    def _begin(self, call: Call, model: str) -> _Exchange:
        target = self.target
        body = _encoded(call.body)
        bounds = target.prices.bounds(len(body), call.output)
        held: SpendHeld | None = None
        if call.body is not None and not call.free:
            ask = SpendAsk(
                provider=target.spec.name,
                model=model,
                protocol=target.dialect.protocol,
                amount=target.prices.hold(bounds),
                input_bound=bounds.input,
                output_bound=bounds.billable_output,
            )
            made = self._spender.hold(ask)
            if isinstance(made, SpendRefused):
                raise RefusedError(made)
            held = made
        return _Exchange(
            target=target,
            call=call,
            body=body,
            bounds=bounds,
            held=held,
            clock=self._clock,
            recorder=Recorder(
                target.dialect,
                self._codec,
                target.spec.usage_flags,
                stream=call.stream,
            ),
            most_bytes=self._most,
        )


class _Exchange:
    """One call on its way."""

    def __init__(
        self,
        *,
        target: SmokeTarget,
        call: Call,
        body: bytes,
        bounds: Bounds,
        held: SpendHeld | None,
        clock: Clock,
        recorder: Recorder,
        most_bytes: int,
    ) -> None:
        self._target = target
        self._call = call
        self._body = body
        self._bounds = bounds
        self._held = held
        self._clock = clock
        self._recorder = recorder
        self._most = most_bytes
        self._at_ms = clock.now_ms()
        self._departure = TimedDeparture(clock.monotonic)
        self._upstream: UpstreamAnswer | None = None
        self._ttfb: float | None = None
        self._answer: Answer | None = None
        self._broke: Broke | None = None
        self._fault = ""
        self._fault_kind: FaultKind | None = None
        self._sent = True
        self._aborted = False
        self._duration = 0.0
        self._cost: Money = ZERO
        self._cost_source = self._booked = ""

    async def run(self, upstream: Upstream) -> None:
        """Send and read to the end, or to where the call wants to stop."""
        call, target = self._call, self._target
        answer = await upstream.send(
            UpstreamRequest(
                url=_url(target, call),
                method="GET" if call.body is None else "POST",
                headers=self._headers(),
                body=self._body,
                stream=call.stream,
                departure=self._departure,
            ),
            # A pooled connection may be dead already, which says nothing of a target.
            fresh=True,
        )
        self._upstream = answer
        self._ttfb = self._now()
        async for chunk in answer.chunks():
            self._recorder.feed(chunk, self._now())
            if self._recorder.size > self._most:
                self.broken(Broke.TOO_LARGE, f"more than {self._most} bytes came")
                return
            if call.until is not None and call.until(self._recorder):
                self._aborted = True
                answer.abort()
                self._answer = self._recorder.answer()
                return
        answer.release()
        self._answer = self._recorder.finish(answer.status, self._now())

    def broken(self, broke: Broke, why: str) -> None:
        """Give the exchange up."""
        self._broke, self._fault = broke, why
        if self._upstream is not None:
            self._upstream.abort()

    def failed(self, error: UpstreamError) -> None:
        """Note how the connection broke."""
        self._sent = error.sent
        self._fault_kind = error.kind
        self.broken(Broke.CUT if error.sent else Broke.UNREACHED, error.message)

    def book(self, spender: Spender) -> None:
        """End the hold by what was seen, also when the run was cancelled."""
        self._duration = self._now()
        if self._upstream is not None and self._answer is None:
            self._upstream.abort()
        if self._held is None:
            return
        connected = self._departure.connected_at is not None
        end = ending(
            self._target,
            Ended(
                attempt=self._held.attempt,
                held=self._held.amount,
                bounds=self._bounds,
                answer=self._answer or self._recorder.answer(),
                status=None if self._upstream is None else self._upstream.status,
                sent=self._sent and connected,
                stream=self._call.stream,
                at=datetime.fromtimestamp(self._at_ms / 1000, UTC),
                ttfb_s=self._ttfb,
                duration_s=self._duration,
                why=self._fault or ("we hung up" if self._aborted else ""),
            ),
        )
        self._cost, self._cost_source = end.cost, end.cost_source
        self._booked = end.state.value
        spender.end(end)

    def transcript(self) -> Transcript:
        """Return what came back."""
        recorder, upstream = self._recorder, self._upstream
        said = recorder.reader.said
        finish = said.finishes[-1] if said.finishes else None
        headers = {} if upstream is None else upstream.headers
        departure = self._departure
        connected = departure.connected_at
        return Transcript(
            sent=self._call.body if isinstance(self._call.body, dict) else {},
            stream=self._call.stream,
            status=None if upstream is None else upstream.status,
            headers={name.lower(): value for name, value in headers.items()},
            body=recorder.body,
            events=tuple(recorder.events),
            chunks=tuple(recorder.chunks),
            connect_s=None if connected is None else connected - departure.began,
            ttfb_s=self._ttfb,
            duration_s=self._duration,
            broke=self._broke,
            fault=self._fault,
            fault_kind=self._fault_kind,
            aborted=self._aborted,
            error=recorder.error,
            said=said,
            answer=self._answer or recorder.answer(),
            finish=None if finish is None else self._target.dialect.finish(finish),
            held=ZERO if self._held is None else self._held.amount,
            cost=self._cost,
            cost_source=self._cost_source,
            booked=self._booked,
            at_ms=self._at_ms,
        )

    def _now(self) -> float:
        return self._clock.monotonic() - self._departure.zero

    def _headers(self) -> dict[str, str]:
        spec, call = self._target.spec, self._call
        protocol = self._target.dialect.protocol
        headers = {
            "accept": "text/event-stream" if call.stream else "application/json",
            "accept-encoding": "identity",
            "user-agent": "faregate-smoke",
            **spec.headers,
        }
        if call.body is not None:
            headers["content-type"] = "application/json"
        if spec.anthropic_version and protocol == "anthropic_messages":
            headers["anthropic-version"] = spec.anthropic_version
        elif protocol == "anthropic_messages":
            headers["anthropic-version"] = "2023-06-01"
        key = self._target.secret if call.key is None else call.key
        return with_key(headers, spec, protocol, key or None)


def _url(target: SmokeTarget, call: Call) -> str:
    url = target.base_url + call.path
    return f"{url}?{call.query}" if call.query else url


def _encoded(body: Mapping[str, object] | bytes | None) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()
