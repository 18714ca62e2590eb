"""One attempt: the bytes out, the answer back, and what becomes of its hold.

Owns that a hold is resolved when an attempt ends, however it ends, and that the
provider's connection is closed when its answer is not read to the end.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.core.attempts import Departure, UpstreamRequest
from faregate.core.faults import FaultKind, UpstreamError
from faregate.gateway import endpoints, failing, messages
from faregate.gateway.flights import FlightState
from faregate.gateway.forwarding import (
    StreamRelay,
    Unusable,
    read_whole,
    streams,
    truncated,
)
from faregate.gateway.inbound import Withheld
from faregate.gateway.judging import ReadMeter
from faregate.gateway.patient import Within
from faregate.gateway.reshaping import is_event_stream, way_back
from faregate.protocols.codec import Answer, StreamMeter

if TYPE_CHECKING:
    from faregate.core.refusal import Refusal
    from faregate.core.retrying import Failure
    from faregate.gateway.gate import Gate
    from faregate.gateway.governor import Asked
    from faregate.gateway.inbound import Result, Whole
    from faregate.gateway.judging import Judge
    from faregate.gateway.plan import Plan
    from faregate.gateway.ports import Upstream, UpstreamAnswer
    from faregate.gateway.settlement import OpenHold
    from faregate.protocols.answer_check import Finding


class Attempt:
    """One call to a provider; `run` once."""

    _withhold = False
    _patience: float | None = None
    _judge: Judge | None = None
    validates = False
    """A stream reaches no client before it is judged."""
    finding: Finding | None = None
    """What is wrong with its answer, once that is known."""
    _timer: Within | None = None
    _upstream: UpstreamAnswer | None = None
    _relay: StreamRelay | None = None
    _gone = False
    _failure: Failure | None = None
    why = "it was cancelled"
    """What to book as the reason when this is cancelled."""

    def __init__(
        self, gate: Gate, asked: Asked, plan: Plan, hold: OpenHold | None
    ) -> None:
        """Prepare to send `plan` within the bounds of `hold`; None bills nothing."""
        self._gate = gate
        self._inbound = inbound = asked.inbound
        self._reply = asked.reply
        self._flight = asked.flight
        self._plan = plan
        self._sent = plan.sent(inbound)
        self.bounds = plan.bounds if hold is None else hold.bounds
        self._hold = hold
        self._departure = Departure()
        self._back = plan.carried

    def withhold(self, patience: float | None) -> None:
        """Let no stream reach the client that fails before it begins.

        `patience` is how many seconds the answer may take to begin.
        """
        self._withhold = True
        self._patience = patience

    def judged_by(self, judge: Judge, *, validate: bool) -> None:
        """Have the answer judged; with `validate` before its client gets any of it."""
        self._judge = judge
        self.validates = validate and self._withhold

    @property
    def unsent(self) -> bool:
        """Tell whether it is certain that no byte has left."""
        return self._upstream is None and self._departure.connecting

    @property
    def ended(self) -> bool:
        """Tell whether answer and usage are known to be over."""
        return self._relay is not None and self._relay.ended

    @property
    def delivered(self) -> bool:
        """Tell whether the client may have seen something of this answer."""
        return self._relay is not None and self._relay.withheld is None

    @property
    def failure(self) -> Failure | None:
        """Return how it failed, once it did, and whether that is proven to be free."""
        failure, hold = self._failure, self._hold
        if failure is None:
            return None
        free = hold is None or (hold.done and not hold.cost)
        return replace(failure, free=free)

    def client_gone(self) -> None:
        """Stop writing; reading goes on until the usage is known."""
        self._gone = True
        if self._relay is not None:
            self._relay.client_gone()

    async def run(self) -> Result | Withheld:
        """Send, relay and book; the hold is resolved when this returns or raises."""
        try:
            result = await (
                self._carry()
                if self._patience is None
                else self._in_time(self._patience)
            )
        except asyncio.CancelledError:
            self._cancelled()
            raise
        except BaseException:
            self._abort()
            raise
        finally:
            if self._hold is not None:
                self._hold.unknown("it ended without a judgement")
        return result

    async def _in_time(self, patience: float) -> Result | Withheld:
        try:
            async with Within(patience) as self._timer:
                return await self._carry()
        except TimeoutError:
            error = UpstreamError(
                FaultKind.TIMEOUT,
                f"no answer began within {patience:g} s",
                sent=not self.unsent,
            )
            return self._unanswered(error)

    def _began(self) -> None:
        if self._timer is not None:
            self._timer.enough()

    async def _carry(self) -> Result | Withheld:
        request, way = self._request(), self._way()
        try:
            upstream = await way.send(request)
        except UpstreamError as error:
            if not error.reused or (error.sent and self._hold_is_money()):
                return self._unanswered(error)
            # A pooled connection that the provider had already closed: the request
            # cannot have been billed, so it goes out once more under the same hold.
            try:
                upstream = await way.send(request, fresh=True)
            except UpstreamError as again:
                return self._unanswered(again)
        self._upstream = upstream
        self._gate.clock.witness(upstream.headers.get("date"))
        now = self._gate.clock.monotonic()
        flight = self._flight
        flight.first_byte = flight.last_byte = now
        flight.first_output = None
        if self._hold is not None:
            self._hold.first_byte = now
        if not self._gone:
            flight.enter(FlightState.STREAMING, now)
        if self._plan.facts.stream and upstream.status == 200 and streams(upstream):
            return await self._stream(upstream)
        return await self._whole(upstream)

    def _unanswered(self, error: UpstreamError) -> Refusal:
        self._blame(error.kind)
        if not error.sent:
            self._void(error.message)
        return self._broken(error)

    def _request(self) -> UpstreamRequest:
        plan, sent = self._plan, self._sent
        changes = plan.splice(self.bounds)
        return UpstreamRequest(
            plan.url,
            sent.head.method,
            plan.headers,
            sent.body if changes is None else sent.codec.splice(sent.body, changes),
            plan.facts.stream,
            self._departure,
        )

    def _way(self) -> Upstream:
        """Return the way to the provider, overheard where somebody captures it."""
        upstream, tape = self._gate.upstream, self._inbound.tape
        if tape is None:
            return upstream
        return tape.over(upstream, self._inbound.explanation, self._plan.target)

    def _hold_is_money(self) -> bool:
        return self._hold is not None and self._plan.metered

    async def _whole(self, upstream: UpstreamAnswer) -> Result:
        try:
            outcome = await read_whole(
                upstream,
                self._sent.codec,
                provider=self._plan.target.provider,
                flags=self._plan.spec.usage_flags,
                limit=self._gate.settings.body_limit,
                heard=self._heard,
            )
        except UpstreamError as error:
            return self._broken(error)
        if isinstance(outcome, Unusable):
            self._blame(FaultKind.MALFORMED)
            self._fails(failing.of_unusable(outcome.refusal, upstream.status))
            if outcome.unbilled:
                self._void(outcome.refusal.message, upstream.status)
            elif self._hold is not None:
                self._hold.unknown(outcome.refusal.message, upstream.status)
            return outcome.refusal
        if outcome.whole.status >= 400 or outcome.answer.error is not None:
            now = self._gate.clock.now_ms() / 1000
            self._fails(failing.of_whole(self._plan.spec, outcome, now=now))
        elif self._judge is not None:
            self._judge.feed(outcome.whole.body)
            await self._judged(self._judge)
        if self._hold is not None:
            self._hold.answered(outcome.answer, upstream.status)
        return self._returned(outcome.whole)

    def _returned(self, whole: Whole) -> Result:
        """Return a whole answer in the client's dialect; its money is booked."""
        carried = self._plan.carried
        if carried is None:
            return whole
        try:
            return carried.whole(whole, self._plan.spec)
        except UpstreamError as error:
            self._blame(error.kind)
            self._fails(failing.of_fault(error))
            return messages.upstream(error, self._plan.target.provider)

    def _relayed(self, headers: dict[str, str]) -> StreamRelay:
        """Return the relay of a streamed answer; `headers` replace the provider's."""
        carried = self._back
        meter: StreamMeter = self._sent.codec.meter(
            strip_usage=self._plan.strip_usage, flags=self._plan.spec.usage_flags
        )
        if carried is not None:
            meter = carried.meter(meter)
        if self._judge is not None:
            meter = ReadMeter(meter, self._judge)
        relay = StreamRelay(
            meter=meter,
            headers=headers,
            reply=self._reply,
            flight=self._flight,
            clock=self._gate.clock,
            lost=self._flight.hang_up,
            opened=self._began if self._withhold else None,
            to_the_end=self.validates,
        )
        self._relay = relay
        if self._gone:
            relay.client_gone()
        return relay

    async def _stream(self, upstream: UpstreamAnswer) -> Result | Withheld:
        self._back = carried = way_back(
            self._inbound,
            self._plan,
            upstream,
            expects_events=self._reply.started or self.validates,
        )
        headers = {} if carried is None else carried.stream_headers()
        relay = self._relayed(headers)
        try:
            await relay.run(upstream)
        except UpstreamError as error:
            if relay.broken or not relay.ended:
                return await self._fail(self._broken(error))
        answer = self._seen()
        if truncated(answer):
            cut = UpstreamError(
                FaultKind.RESET, "the stream ended before the answer did", sent=True
            )
            return await self._fail(self._broken(cut))
        if answer.error is not None:
            self._fails(failing.of_stream(self._plan.spec, answer))
        elif self._judge is not None and not self._gone:
            await self._judged(self._judge)
        if self._hold is not None:
            self._hold.answered(answer, upstream.status)
        kept = relay.withheld
        if kept is None or self._gone:
            return None
        returned = endpoints.returned_headers(upstream.headers)
        returned.update(headers)
        if self._failure is not None:
            return Withheld(headers=returned, body=kept)
        await relay.release(returned)
        return None

    async def _judged(self, judge: Judge) -> None:
        """Note what is wrong with an answer that is whole, before it is booked."""
        self.finding = finding = await judge.finding()
        if self._hold is not None:
            self._hold.verdict = "ok" if finding is None else str(finding.trigger)
        if finding is not None and self.validates:
            self._fails(failing.of_finding(finding))

    async def _fail(self, refusal: Refusal) -> Result:
        """End a stream that broke; before its first byte it is a plain answer."""
        if not self._reply.started or not self.delivered:
            return refusal
        if not self._gone:
            await self.last_words(refusal)
        return None

    async def last_words(self, refusal: Refusal) -> None:
        """Send an error event in the dialect, then close without a clean end."""
        event = b""
        if self._sends_events():
            event = self._inbound.codec.error_event(refusal, self._inbound.id)
        if event and self._relay is not None and self._relay.inside_event:
            # What was begun must not swallow the error.
            event = b"\n\n" + event
        try:
            async with asyncio.timeout(self._gate.settings.patience.last_words):
                await self._reply.fail(event)
        except TimeoutError:
            self._reply.abort()

    def _sends_events(self) -> bool:
        """Tell whether the client's stream is made of events."""
        carried = self._back
        said = None if carried is None else carried.sends_events
        if said is not None:
            return said
        upstream = self._upstream if self._relay is not None else None
        return upstream is None or is_event_stream(upstream)

    def _heard(self) -> None:
        self._flight.last_byte = self._gate.clock.monotonic()

    def _broken(self, error: UpstreamError) -> Refusal:
        """Book what was seen of an answer that broke, and say so."""
        self._abort()
        self._blame(error.kind)
        self._fails(failing.of_fault(error))
        if self._hold is not None:
            self._hold.cut(self._seen(), error.message, self._status())
        return messages.upstream(error, self._plan.target.provider)

    def _fails(self, failure: Failure) -> None:
        """Note how it failed, before that is booked."""
        self._failure = failure
        if self._hold is not None and self._withhold and not self.delivered:
            self._hold.throw_away(str(failure.trigger or failure.trouble))

    def _cancelled(self) -> None:
        unsent = self.unsent
        self._abort()
        if unsent:
            self._void(self.why)
        elif self._hold is not None:
            self._hold.cut(self._seen(), self.why, self._status())

    def _void(self, why: str, status: int | None = None) -> None:
        if self._hold is not None:
            self._hold.void(why, status)

    def _seen(self) -> Answer:
        if self._relay is None:
            return Answer()
        if self._hold is not None:
            self._hold.first_output = self._flight.first_output
        return self._relay.answer()

    def _blame(self, fault: FaultKind) -> None:
        """Note what the provider did wrong, unless nobody listened any more."""
        if self._hold is not None and not self._gone:
            self._hold.fault = str(fault)

    def _status(self) -> int | None:
        return None if self._upstream is None else self._upstream.status

    def _abort(self) -> None:
        if self._upstream is not None:
            self._upstream.abort()
