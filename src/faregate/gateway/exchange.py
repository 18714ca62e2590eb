"""One request from its facts to its settlement.

Only sequences: inspect, identify, plan, admit, attempt. The judgement of each step
lives in its own module. A client that hangs up is told, and interrupts nothing by
itself: whoever runs an exchange must not cancel it for that.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from faregate.core.estimate import KnownTurn
from faregate.core.facts import Work
from faregate.core.holds import LedgerError
from faregate.core.identity import Identity, Mismatch, identify
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.usage import UsageSource
from faregate.gateway import messages
from faregate.gateway.asking import Asker
from faregate.gateway.attempt import Attempt
from faregate.gateway.counting import tightened, worth_counting
from faregate.gateway.flights import Flight, FlightState
from faregate.gateway.governor import Asked
from faregate.gateway.inbound import Result, Whole
from faregate.gateway.learning import Lesson, lesson_of
from faregate.protocols.codec import BadRequestError
from faregate.protocols.error_bodies import read_error

if TYPE_CHECKING:
    from faregate.core.facts import RequestFacts
    from faregate.gateway.gate import Gate
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.plan import Plan
    from faregate.gateway.ports import Reply
    from faregate.gateway.settlement import OpenHold

INSPECTED_ON_LOOP = 256 * 1024
"""Most bytes of a body that is read without a thread."""
_log = logging.getLogger("faregate.gateway")
_HUNG_UP = Refusal(code=RefusalCode.INTERNAL, message="the client hung up")


class Exchange:
    """One request: `run` once, `client_gone` when the caller hangs up."""

    def __init__(self, gate: Gate, inbound: Inbound, reply: Reply) -> None:
        self._gate = gate
        self._inbound = inbound
        self._reply = reply
        self._task: asyncio.Task[Result] | None = None
        self._flight: Flight | None = None
        self._attempt: Attempt | None = None
        self._gone = False
        self._why: Refusal | None = None

    async def run(self) -> Result:
        """Serve the request; every hold is resolved when this returns.

        Raises nothing but CancelledError: its client may be gone, and nobody there
        to see a fault.
        """
        if self._gone:
            return _HUNG_UP
        self._task = asyncio.current_task()
        try:
            return await self._serve()
        except Exception:  # noqa: BLE001 - logged here, for no caller may be left
            _log.exception("request %s failed", self._inbound.id)
            return await self._end(messages.failed(self._inbound.id))
        finally:
            # What the task does next is no longer to be given up.
            self._task = None

    def client_gone(self) -> None:
        """Note that the caller hung up: drain for a while, then give up.

        What provably has not left, or is known to be over, ends at once.
        """
        if self._gone:
            return
        self._gone = True
        attempt, flight = self._attempt, self._flight
        if attempt is None or flight is None or attempt.unsent or attempt.ended:
            self.give_up(_HUNG_UP)
            return
        attempt.client_gone()
        flight.enter(FlightState.DRAINING, self._gate.clock.monotonic())

    def give_up(self, why: Refusal) -> None:
        """End the exchange now; its hold is booked by what was seen so far.

        Only the first reason counts: its last words are bounded in time.
        """
        if self._why is None and self._task is not None:
            self._why = why
            if self._attempt is not None:
                self._attempt.why = why.message
            self._task.cancel()

    async def _serve(self) -> Result:
        inbound = self._inbound
        try:
            facts = await self._inspected()
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
            self._gate.refused(result, identity, hung_up=result is _HUNG_UP)
            return await self._end(result)
        return result

    async def _inspected(self) -> RequestFacts:
        inbound = self._inbound
        inspect = inbound.codec.inspect
        if len(inbound.body) <= INSPECTED_ON_LOOP:
            return inspect(inbound.head, inbound.body)
        # What a body is made of decides how long this takes, not its size alone.
        return await asyncio.to_thread(inspect, inbound.head, inbound.body)

    async def _fly(self, plan: Plan, identity: Identity) -> Result:
        flight = self._depart(plan, identity)
        asked = self._asked(plan, identity, flight)
        result: Result = None
        try:
            result = await self._gate.governor.decide(asked)
            if result is None:
                result = await self._try(plan, identity, flight)
            return result
        except asyncio.CancelledError:
            if self._why is None or self._task is None:
                raise
            self._task.uncancel()
            return await self._end(self._why)
        finally:
            self._gate.flights.remove(flight)
            self._gate.governor.ended(asked, result)

    async def _end(self, why: Refusal) -> Result:
        """Give the client the reason: as a plain answer, or as a stream's last words."""
        if not self._reply.started:
            return why
        if self._gone:
            return None
        if self._attempt is not None:
            await self._attempt.last_words(why)
        else:
            # Nothing but keep-alives went out while the request waited.
            inbound = self._inbound
            await self._reply.fail(inbound.codec.error_event(why, inbound.id))
        return None

    async def _try(self, plan: Plan, identity: Identity, flight: Flight) -> Result:
        if plan.facts.work is Work.TOKEN_COUNT:
            return await self._attempted(plan, flight)
        asker = Asker(self._gate, self._inbound, identity)
        if asker.client_retry:
            self._gate.retried(plan.target, identity.session)
        result = await self._held(plan, asker, flight)
        lesson = self._lesson(plan, result)
        if lesson is None or self._gone:
            self._tell(plan, identity, result)
            return result
        again = self._gate.planner.plan(
            self._inbound, plan.facts, identity, most=lesson.maximum
        )
        if isinstance(again, Refusal):
            return result
        result = await self._held(again, asker.again(), flight)
        if lesson.guess and isinstance(result, Whole | None):
            self._confirm(again, lesson, result)
        self._tell(again, identity, result)
        return result

    def _tell(self, plan: Plan, identity: Identity, result: Result) -> None:
        """Put a provider's error where a person sees it."""
        if not isinstance(result, Whole) or result.status < 400:
            return
        found = read_error(result.body)
        message = "no message" if found is None else found.message
        self._gate.answered_with_error(
            plan.target, result.status, message, identity.session
        )

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
            stream=plan.facts.stream and not plan.bursts,
            state_since=now,
            last_byte=now,
            give_up=self.give_up,
            hang_up=self.client_gone,
            drop=self._reply.abort,
        )
        self._flight = flight
        self._gate.flights.add(flight)
        return flight

    def _asked(self, plan: Plan, identity: Identity, flight: Flight) -> Asked:
        def waits(what: str) -> None:
            flight.why = what
            flight.enter(FlightState.WAITING, self._gate.clock.monotonic())

        return Asked(
            inbound=self._inbound,
            facts=plan.facts,
            identity=identity,
            plan=plan,
            flight=flight,
            reply=self._reply,
            on_wait=waits,
        )

    async def _held(self, plan: Plan, asker: Asker, flight: Flight) -> Result:
        """Make one attempt under a hold of its own."""
        clock = self._gate.clock

        def waits(what: str) -> None:
            flight.why = what
            flight.enter(FlightState.WAITING, clock.monotonic())

        self._attempt = None
        plan = await self._fitted(plan, asker)
        admitted = await self._gate.admission.admit(asker.ask(plan), waits)
        if isinstance(admitted, Refusal):
            return admitted
        self._gate.admitted(asker.identity.session, admitted.held.states)
        flight.held = admitted.held.amount
        flight.why = None
        hold = asker.open(plan, admitted)
        try:
            return await self._attempted(plan, flight, hold)
        finally:
            self._remember(plan, asker.identity, hold)

    async def _fitted(self, plan: Plan, asker: Asker) -> Plan:
        """Count tokens where the byte bound alone would make a request wait."""
        count = self._gate.count_tokens
        if count is None or plan.spec.tokenizer is None:
            return plan
        budgets = self._gate.budgets(asker.identity, plan.target)
        ledger = self._gate.ledger
        try:
            if ledger.has_room(budgets, plan.amount(plan.bounds)):
                return plan
            states = ledger.states(budgets)
        except LedgerError:
            return plan
        if not worth_counting(plan, states):
            return plan
        return await tightened(plan, self._inbound.body, count)

    async def _attempted(
        self, plan: Plan, flight: Flight, hold: OpenHold | None = None
    ) -> Result:
        flight.enter(FlightState.CONNECTING, self._gate.clock.monotonic())
        self._attempt = Attempt(
            gate=self._gate,
            inbound=self._inbound,
            reply=self._reply,
            flight=flight,
            plan=plan,
            bounds=plan.bounds if hold is None else hold.bounds,
            hold=hold,
        )
        return await self._attempt.run()

    def _lesson(self, plan: Plan, result: Result) -> Lesson | None:
        """Return what a refused output bound teaches, where the gate had set it."""
        if not isinstance(result, Whole) or result.status != 400:
            return None
        field, attempt = plan.output_field, self._attempt
        if attempt is None or field is None:
            return None
        injected = plan.bounds.output_injected
        if not injected and field == plan.facts.output_field:
            return None
        lesson = lesson_of(result.body, field, attempt.bounds.output)
        if not injected and lesson is not None and lesson.maximum is not None:
            return None
        if lesson is not None and lesson.lasting:
            self._gate.planner.learn(plan.target, plan.facts.protocol, lesson)
        return lesson

    def _confirm(self, plan: Plan, lesson: Lesson, result: Whole | None) -> None:
        if result is None or result.status == 200:
            self._gate.planner.learn(plan.target, plan.facts.protocol, lesson)

    def _remember(self, plan: Plan, identity: Identity, hold: OpenHold) -> None:
        usage = hold.usage
        if usage is None or usage.source is not UsageSource.REPORTED or hold.failed:
            self._gate.failures.failed(identity.session, self._inbound.body)
            return
        self._gate.failures.succeeded(identity.session, self._inbound.body)
        turn = KnownTurn(
            conversation=plan.facts.conversation,
            body_bytes=plan.facts.body_bytes,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output,
        )
        self._gate.turns.remember(identity.session, plan.target, turn)
