"""One request from its facts to its settlement.

Only sequences: inspect, identify, plan, admit, attempt. The judgement of each step
lives in its own module. A client that hangs up is told, and interrupts nothing by
itself: whoever runs an exchange must not cancel it for that.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from msgspec import structs

from faregate.core.identity import Identity, Mismatch
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway import capturing, messages
from faregate.gateway.asking import Asker
from faregate.gateway.attempts import Attempts
from faregate.gateway.course import Course
from faregate.gateway.flights import Flight, FlightState
from faregate.gateway.governor import Asked, verdict
from faregate.gateway.screened_reply import screened
from faregate.protocols.codec import BadRequestError

if TYPE_CHECKING:
    from faregate.gateway.gate import Gate
    from faregate.gateway.inbound import Inbound, Result, Whole
    from faregate.gateway.plan import Plan
    from faregate.gateway.ports import Reply
    from faregate.gateway.screened_reply import ScreenedReply

INSPECTED_ON_LOOP = 256 * 1024
"""Most bytes of a body that is read without a thread."""
_log = logging.getLogger("faregate.gateway")
_HUNG_UP = Refusal(code=RefusalCode.INTERNAL, message="the client hung up")


class Exchange:
    """One request: `run` once, `client_gone` when the caller hangs up."""

    _task: asyncio.Task[Result] | None = None
    _flight: Flight | None = None
    _attempts: Attempts | None = None
    _gone = False
    _why: Refusal | None = None
    _ended_by: Refusal | None = None

    def __init__(self, gate: Gate, inbound: Inbound, reply: Reply) -> None:
        self._gate = gate
        self._inbound = inbound
        self._reply = reply if inbound.tape is None else inbound.tape.hears(reply)

    async def run(self) -> Result:
        """Serve the request; every hold is resolved when this returns.

        Raises nothing but CancelledError: its client may be gone, and nobody there
        to see a fault.
        """
        if self._gone:
            return _HUNG_UP
        self._task = asyncio.current_task()
        try:
            result = await self._serve()
        except Exception:  # noqa: BLE001 - logged here, for no caller may be left
            _log.exception("request %s failed", self._inbound.id)
            result = await self._end(messages.failed(self._inbound.id))
        finally:
            # What the task does next is no longer to be given up.
            self._task = None
        if self._gate.recording is not None:
            self._gate.recording.ended(
                self._inbound,
                self._flight,
                result,
                ended_by=self._ended_by,
                gone=self._gone,
                now=self._gate.clock.monotonic(),
            )
        if self._inbound.tape is not None:
            capturing.close(self._inbound, result, self._ended_by)
        # Both know their way back here: freed only once somebody looks for circles,
        # a request's body would stay in memory until then.
        self._flight = self._attempts = None
        return result

    def client_gone(self) -> None:
        """Note that the caller hung up: drain for a while, then give up.

        What provably has not left, or is known to be over, ends at once.
        """
        if self._gone:
            return
        self._gone = True
        attempts, flight = self._attempts, self._flight
        if attempts is None or flight is None or attempts.may_end:
            self.give_up(_HUNG_UP)
            return
        attempts.client_gone()
        flight.enter(FlightState.DRAINING, self._gate.clock.monotonic())

    def give_up(self, why: Refusal) -> None:
        """End the exchange now; its hold is booked by what was seen so far.

        Only the first reason counts: its last words are bounded in time.
        """
        if self._why is None and self._task is not None:
            self._why = why
            if self._attempts is not None:
                self._attempts.give_up(why)
            self._task.cancel()

    async def _serve(self) -> Result:
        inbound = self._inbound
        small = len(inbound.body) <= INSPECTED_ON_LOOP
        inspect = inbound.codec.inspect
        try:
            if small:
                facts = inspect(inbound.head, inbound.body)
            else:
                # What a body is made of decides how long it takes, not size alone.
                facts = await asyncio.to_thread(inspect, inbound.head, inbound.body)
        except BadRequestError as error:
            return Refusal(
                code=RefusalCode.BAD_REQUEST, message=error.message, param=error.param
            )
        gate = self._gate
        identity = gate.callers.identify(inbound, facts)
        if isinstance(identity, Mismatch):
            return messages.mismatch(identity)
        inbound.explanation.identified(identity, facts)
        if not small:
            await gate.planner.prepare(inbound, facts)
        route = gate.planner.route_of(facts.model)
        if route is not None and route.escalation is not None:
            await gate.routes.hear(route, inbound, facts, identity)
        course = Course(gate, inbound, facts, identity, route)
        plan = course.first()
        if isinstance(plan, Refusal):
            result: Result = plan
        else:
            result = await self._fly(plan, course, identity)
        if isinstance(result, Refusal):
            sent = inbound.explanation.attempts > 0
            gate.refused(result, identity, hung_up=result is _HUNG_UP, sent=sent)
            return await self._end(result)
        if result is not None and self._reply.started:
            # Signs of life went out with a status of their own.
            return await self._end(self._late(result))
        return result

    def _late(self, whole: Whole) -> Refusal:
        provider = "the provider" if self._flight is None else self._flight.provider
        return messages.came_late(whole.status, whole.body, provider)

    async def _fly(self, plan: Plan, course: Course, identity: Identity) -> Result:
        flight = self._depart(plan, identity)
        asker = Asker(self._gate, self._inbound, identity, plan)
        asked = self._asked(plan, asker, flight)
        result: Result = None
        governor = self._gate.governor
        try:
            judged = governor.decide(asked)
            result = None if judged is None else await verdict(judged)
            if result is None:
                course.let_in(asked)
                screen = screened(asked, self._gate.approvals)
                if screen is None:
                    self._attempts = Attempts(self._gate, course, asked, asker)
                    result = await self._attempts.run()
                else:
                    result = await self._screened(screen, course, asked, asker)
            return result
        except asyncio.CancelledError:
            if self._why is None or self._task is None:
                raise
            self._task.uncancel()
            return await self._end(self._why)
        finally:
            self._gate.flights.remove(flight)
            governor.ended(asked, result)

    async def _screened(
        self, screen: ScreenedReply, course: Course, asked: Asked, asker: Asker
    ) -> Result:
        """Make the attempts; tool calls of their answer may wait for a person."""
        behind = structs.replace(asked, reply=screen)
        self._attempts = Attempts(self._gate, course, behind, asker)
        return await screen.settle(await self._attempts.run())

    async def _end(self, why: Refusal) -> Result:
        """Give the client the reason: as a plain answer, or as a stream's last words."""
        self._ended_by = why
        if not self._reply.started:
            return why
        if self._gone:
            return None
        if self._attempts is not None and self._attempts.latest is not None:
            await self._attempts.latest.last_words(why)
        else:
            # Nothing but keep-alives went out while the request waited.
            inbound = self._inbound
            await self._reply.fail(inbound.codec.error_event(why, inbound.id))
        return None

    def _depart(self, plan: Plan, identity: Identity) -> Flight:
        now = self._gate.clock.monotonic()
        flight = Flight(
            self._inbound.id,
            identity.session,
            identity.labels.agent,
            plan.target.model,
            plan.target.provider,
            self._inbound.received_ms,
            now,
            plan.facts.stream and not plan.bursts,
            self.give_up,
            self.client_gone,
            self._reply.abort,
        )
        flight.state_since = flight.last_byte = now
        self._flight = flight
        self._gate.flights.add(flight)
        return flight

    def _waits(self, what: str) -> None:
        if self._flight is not None:
            self._flight.why = what
            self._flight.enter(FlightState.WAITING, self._gate.clock.monotonic())

    def _asked(self, plan: Plan, asker: Asker, flight: Flight) -> Asked:
        return Asked(
            self._inbound,
            plan.facts,
            asker.identity,
            plan,
            flight,
            self._reply,
            self._waits,
            asker.client_retry,
        )
