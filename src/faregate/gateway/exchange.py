"""One request from its facts to its settlement.

Only sequences: inspect, identify, plan, admit, attempt, relay, settle. The judgement
of each step lives in its own module. An exchange runs in a task of its own, so that
a client that hangs up never interrupts a settlement.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.core.attempts import UpstreamRequest
from faregate.core.estimate import KnownTurn
from faregate.core.facts import Work
from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.identity import Identity, Mismatch, identify
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.usage import UsageSource
from faregate.gateway import learning, messages
from faregate.gateway.asking import Asker
from faregate.gateway.flights import Flight, FlightState
from faregate.gateway.forwarding import (
    Delivered,
    StreamRelay,
    Unusable,
    read_whole,
    truncated,
)
from faregate.gateway.inbound import Inbound, Whole
from faregate.protocols.codec import Answer, BadRequestError, StreamMeter

if TYPE_CHECKING:
    from faregate.gateway.admission import Admitted
    from faregate.gateway.gate import Gate
    from faregate.gateway.planning import Plan
    from faregate.gateway.ports import Reply, UpstreamAnswer
    from faregate.gateway.settlement import OpenHold

Result = Whole | Refusal | None
"""A whole answer, a refusal, or None when the reply was streamed."""


class Exchange:
    """One request: `run` once, `client_gone` when the caller hangs up."""

    def __init__(self, gate: Gate, inbound: Inbound, reply: Reply) -> None:
        self._gate = gate
        self._inbound = inbound
        self._reply = reply
        self._body_hash = hash(inbound.body)
        self._task: asyncio.Task[Result] | None = None
        self._flight: Flight | None = None
        self._relay: StreamRelay | None = None
        self._meter: StreamMeter | None = None
        self._gone = False
        self._why: Refusal | None = None

    async def run(self) -> Result:
        """Serve the request; every hold is resolved when this returns."""
        self._task = asyncio.current_task()
        inbound = self._inbound
        try:
            facts = inbound.codec.inspect(inbound.head, inbound.body)
        except BadRequestError as error:
            return Refusal(
                code=RefusalCode.BAD_REQUEST, message=error.message, param=error.param
            )
        identity = identify(
            grant=inbound.grant,
            url=inbound.url,
            headers=inbound.labels,
            hints=facts.hints,
            opening=facts.conversation.opening,
        )
        if isinstance(identity, Mismatch):
            return messages.mismatch(identity)
        plan = self._gate.planner.plan(inbound, facts, identity)
        result = plan if isinstance(plan, Refusal) else await self._fly(plan, identity)
        if isinstance(result, Refusal):
            self._gate.refused(result, identity)
        return result

    def client_gone(self) -> None:
        """Note that the caller hung up: drain for a while, then give up."""
        if self._gone:
            return
        self._gone = True
        why = Refusal(code=RefusalCode.INTERNAL, message="the client hung up")
        if self._relay is not None:
            self._relay.client_gone()
        flight = self._flight
        if flight is None or flight.state is FlightState.WAITING:
            self.give_up(why)
            return
        flight.enter(FlightState.DRAINING, self._gate.clock.monotonic())
        asyncio.get_running_loop().call_later(
            self._gate.settings.patience.drain, self.give_up, why
        )

    def give_up(self, why: Refusal) -> None:
        """End the exchange now; its hold is booked by what was seen so far."""
        if self._task is not None and not self._task.done():
            self._why = why
            self._task.cancel()

    async def _fly(self, plan: Plan, identity: Identity) -> Result:
        flight = self._depart(plan, identity)
        try:
            return await self._try(plan, identity, flight)
        except asyncio.CancelledError:
            if self._why is None:
                raise
            if self._reply.started:
                await self._fail(self._why)
                return None
            return self._why
        finally:
            self._gate.flights.remove(flight)

    async def _try(self, plan: Plan, identity: Identity, flight: Flight) -> Result:
        if plan.facts.work is Work.TOKEN_COUNT:
            return await self._unbilled(plan, flight)
        asker = Asker(self._gate, self._inbound, identity, self._body_hash)
        result = await self._attempt(plan, asker, flight)
        if not isinstance(result, Whole) or not self._may_learn(plan, result):
            return result
        again = self._gate.planner.plan(self._inbound, plan.facts, identity)
        if isinstance(again, Refusal):
            return again
        return await self._attempt(again, asker.again(), flight)

    def _depart(self, plan: Plan, identity: Identity) -> Flight:
        now = self._gate.clock.monotonic()
        flight = Flight(
            id=self._inbound.id,
            session=identity.session,
            agent=identity.labels.agent,
            model=plan.target.model,
            provider=plan.target.provider,
            started_ms=self._inbound.received_ms,
            started=now,
            stream=plan.facts.stream,
            state_since=now,
            last_byte=now,
            give_up=self.give_up,
            hang_up=self.client_gone,
        )
        self._flight = flight
        self._gate.flights.add(flight)
        return flight

    async def _attempt(self, plan: Plan, asker: Asker, flight: Flight) -> Result:
        clock = self._gate.clock

        def waits(what: str) -> None:
            flight.why = what
            flight.enter(FlightState.WAITING, clock.monotonic())

        admitted = await self._gate.admission.admit(asker.ask(plan), waits)
        if isinstance(admitted, Refusal):
            return admitted
        self._gate.admitted(asker.identity.session, admitted.held.states)
        flight.held = admitted.held.amount
        flight.why = None
        flight.enter(FlightState.CONNECTING, clock.monotonic())
        hold = asker.open(plan, admitted)
        try:
            return await self._carry(plan, admitted, hold, flight)
        except asyncio.CancelledError:
            seen = Answer() if self._meter is None else self._meter.answer()
            why = "it was cancelled" if self._why is None else self._why.message
            hold.cut(seen, why)
            raise
        finally:
            hold.unknown("it ended without a judgement")
            self._remember(plan, asker.identity, hold)

    async def _carry(
        self, plan: Plan, admitted: Admitted, hold: OpenHold, flight: Flight
    ) -> Result:
        changes = plan.splice(admitted.bounds)
        body = self._inbound.body
        if changes is not None:
            body = self._inbound.codec.splice(body, changes)
        try:
            upstream = await self._send(plan, body)
        except UpstreamError as error:
            if error.sent:
                hold.cut(Answer(), error.message)
            else:
                hold.void(error.message)
            return messages.upstream(error, plan.target.provider)
        now = self._gate.clock.monotonic()
        hold.first_byte = flight.first_byte = flight.last_byte = now
        if not self._gone:
            flight.enter(FlightState.STREAMING, now)
        if plan.facts.stream and upstream.status == 200 and _streams(upstream):
            await self._stream(plan, upstream, hold, flight)
            return None
        return await self._whole(plan, upstream, hold)

    async def _send(self, plan: Plan, body: bytes) -> UpstreamAnswer:
        request = UpstreamRequest(
            url=plan.url,
            method=self._inbound.head.method,
            headers=plan.headers,
            body=body,
            stream=plan.facts.stream,
        )
        try:
            return await self._gate.upstream.send(request)
        except UpstreamError as error:
            if not error.reused or (error.sent and plan.metered):
                raise
        # A pooled connection that the provider had already closed: the request
        # cannot have been billed, so it goes out once more under the same hold.
        return await self._gate.upstream.send(request, fresh=True)

    async def _unbilled(self, plan: Plan, flight: Flight) -> Result:
        """Forward what no provider bills, without a hold."""
        changes = plan.splice(plan.bounds)
        body = self._inbound.body
        if changes is not None:
            body = self._inbound.codec.splice(body, changes)
        try:
            upstream = await self._send(plan, body)
            flight.first_byte = self._gate.clock.monotonic()
            outcome = await self._read(plan, upstream)
        except UpstreamError as error:
            return messages.upstream(error, plan.target.provider)
        return outcome.refusal if isinstance(outcome, Unusable) else outcome.whole

    async def _whole(
        self, plan: Plan, upstream: UpstreamAnswer, hold: OpenHold
    ) -> Result:
        try:
            outcome = await self._read(plan, upstream)
        except UpstreamError as error:
            hold.cut(Answer(), error.message, upstream.status)
            return messages.upstream(error, plan.target.provider)
        if isinstance(outcome, Unusable):
            if outcome.unbilled:
                hold.void(outcome.refusal.message, upstream.status)
            else:
                hold.unknown(outcome.refusal.message, upstream.status)
            return outcome.refusal
        hold.answered(outcome.answer, upstream.status)
        return outcome.whole

    async def _read(self, plan: Plan, upstream: UpstreamAnswer) -> Delivered | Unusable:
        return await read_whole(
            upstream,
            self._inbound.codec,
            provider=plan.target.provider,
            flags=plan.spec.usage_flags,
            limit=self._gate.settings.body_limit,
        )

    async def _stream(
        self, plan: Plan, upstream: UpstreamAnswer, hold: OpenHold, flight: Flight
    ) -> None:
        meter = self._inbound.codec.meter(
            strip_usage=plan.strip_usage, flags=plan.spec.usage_flags
        )
        relay = StreamRelay(
            meter=meter,
            reply=self._reply,
            flight=flight,
            clock=self._gate.clock,
            lost=self.client_gone,
        )
        self._meter, self._relay = meter, relay
        flight.meter = meter
        if self._gone:
            relay.client_gone()
        try:
            await relay.run(upstream)
        except UpstreamError as error:
            hold.cut(meter.answer(), error.message, upstream.status)
            await self._fail(messages.upstream(error, plan.target.provider))
            return
        except asyncio.CancelledError:
            upstream.abort()
            raise
        answer = meter.answer()
        if truncated(answer):
            cut = UpstreamError(
                FaultKind.RESET, "the stream ended before the answer did", sent=True
            )
            hold.cut(answer, cut.message, upstream.status)
            await self._fail(messages.upstream(cut, plan.target.provider))
            return
        hold.answered(answer, upstream.status)

    async def _fail(self, refusal: Refusal) -> None:
        if not self._gone:
            event = self._inbound.codec.error_event(refusal, self._inbound.id)
            await self._reply.fail(event)

    def _may_learn(self, plan: Plan, whole: Whole) -> bool:
        if whole.status != 400 or not plan.bounds.output_injected:
            return False
        field = plan.output_field
        maximum = field and learning.stated_maximum(
            whole.body, field, plan.bounds.output
        )
        if not maximum:
            return False
        self._gate.planner.learn_maximum(plan.target, maximum)
        return True

    def _remember(self, plan: Plan, identity: Identity, hold: OpenHold) -> None:
        usage = hold.usage
        if usage is None:
            self._gate.failures.failed(identity.session, self._body_hash)
            return
        self._gate.failures.succeeded(identity.session, self._body_hash)
        if usage.source is UsageSource.REPORTED:
            turn = KnownTurn(
                conversation=plan.facts.conversation,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output,
            )
            self._gate.turns.remember(identity.session, plan.target, turn)


def _streams(upstream: UpstreamAnswer) -> bool:
    """Tell whether a 200 answer is worth relaying as a stream.

    An HTML page or the like is read whole and refused instead.
    """
    kind = upstream.headers.get("content-type", "")
    return "html" not in kind and "xml" not in kind
