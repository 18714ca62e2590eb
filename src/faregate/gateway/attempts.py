"""Every attempt of one request, until one answers it or none may follow.

Owns the sequence: leave to ask, a hold, the attempt, what became of it, and what the
client gets at the end. Which target comes next is the course's part, how a hold ends
the settlement's.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from faregate.core.estimate import KnownTurn
from faregate.core.facts import Work
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.retrying import Failure, Trouble
from faregate.core.usage import UsageSource
from faregate.gateway.admission import OUTCOMES
from faregate.gateway.attempt import Attempt
from faregate.gateway.endings import End, telling, trigger_of
from faregate.gateway.flights import FlightState
from faregate.gateway.governor import verdict
from faregate.gateway.health import Down
from faregate.gateway.inbound import Whole, Withheld
from faregate.gateway.judging import judge_of
from faregate.gateway.keep_alive import ALIVE_EVERY_S, KeepAlive, silence_of
from faregate.gateway.learning import Lesson, lesson_from
from faregate.gateway.ports import ClientGoneError
from faregate.gateway.tasks import spawn
from faregate.gateway.translating import estimated
from faregate.protocols.error_bodies import read_error

if TYPE_CHECKING:
    from faregate.gateway.admission import Admitted
    from faregate.gateway.asking import Asker
    from faregate.gateway.course import Course, Step
    from faregate.gateway.gate import Gate
    from faregate.gateway.governor import Asked
    from faregate.gateway.health import Ticket
    from faregate.gateway.inbound import Result
    from faregate.gateway.plan import Plan
    from faregate.gateway.settlement import OpenHold


class Attempts:
    """All attempts of one request; `run` once."""

    _latest: Attempt | None = None
    _running = False
    _overdue = False
    gone = False
    """The client hung up: nothing more is begun for it."""

    def __init__(self, gate: Gate, course: Course, asked: Asked, asker: Asker) -> None:
        """Send nothing yet."""
        self._gate = gate
        self._course = course
        self._asked = asked
        self._asker = asker
        self._inbound = asked.inbound
        self._flight = asked.flight
        self._plan = asked.plan

    @property
    def latest(self) -> Attempt | None:
        """Return the attempt that was made last."""
        return self._latest

    @property
    def may_end(self) -> bool:
        """Tell whether nothing that may be billed is under way."""
        attempt = self._latest
        return attempt is None or not self._running or attempt.unsent or attempt.ended

    def client_gone(self) -> None:
        """Begin nothing more; what runs is read on until its usage is known."""
        self.gone = True
        if self._latest is not None:
            self._latest.client_gone()

    def give_up(self, why: Refusal) -> None:
        """Note why what runs is about to be cancelled."""
        if self._latest is not None:
            self._latest.why = why.message
        self._overdue = why.code is RefusalCode.UPSTREAM_TIMEOUT

    async def run(self) -> Result:
        """Return what the client gets; every hold is resolved by then."""
        plan = self._asked.plan
        if plan.estimates or plan.facts.work is Work.TOKEN_COUNT:
            return await self._counted(plan)
        self._asker.because(self._course.cause)
        if self._asker.client_retry:
            self._gate.retried(plan.target, self._asker.identity.session)
        kept: End | None = None
        governor = self._gate.governor
        while True:
            end = await self._once(plan)
            if end.failure is None and kept is None:
                self._take_in(end)
                first = end.result
                if not isinstance(first, Withheld):
                    return self._given(end, first)
            if end.refused and kept is not None:
                # The money for another target is not there: the failure stands.
                return await self._finished(kept)
            kept = telling(kept, end)
            self._take_in(end)
            step = self._next(plan, end)
            if step is None or not governor.may_ask(self._asked, step.plan):
                return await self._finished(kept)
            self._note(plan, step, end)
            if step.wait:
                await asyncio.sleep(step.wait)
            if not await self._allowed(plan, step.plan):
                return await self._finished(kept)
            self._asker.again(step.cause)
            plan = step.plan

    async def _counted(self, plan: Plan) -> Result:
        """Return how many tokens a request has, which costs nothing."""
        if plan.estimates:
            count = self._gate.count_tokens
            return await estimated(self._inbound, plan.facts, count)
        attempt = self._prepared(plan, None)
        self._running = True
        try:
            counted = await attempt.run()
        finally:
            self._running = False
        return None if isinstance(counted, Withheld) else counted

    async def _allowed(self, plan: Plan, after: Plan) -> bool:
        """Tell whether another target than the one that was asked may be asked."""
        desk = self._gate.approvals
        if desk is None or after.target == plan.target:
            return True
        judged = desk.check(structs.replace(self._asked, plan=after))
        if await verdict(judged) is not None:
            return False
        # A person may have paused it while another decided.
        return await self._gate.governor.latched(self._asked) is None

    def _next(self, plan: Plan, end: End) -> Step | None:
        failure = end.failure
        attempt = self._latest
        if failure is None or self.gone or (attempt is not None and attempt.delivered):
            return None
        if not self._gate.governor.may_retry(self._asked):
            return None
        if failure.trouble is Trouble.REJECTED:
            return self._course.higher(plan, failure)
        return self._course.after(plan, failure)

    def _take_in(self, end: End) -> None:
        """Let the route know how it went: it may escalate the session, or not."""
        route, attempt = self._course.route, self._latest
        if route is None or end.refused or self.gone or attempt is None:
            return
        routes, who = self._gate.routes, self._asker.identity
        if end.failure is None:
            finding = attempt.finding
            routes.answered(route, who, None if finding is None else finding.trigger)
            return
        trigger = trigger_of(end.failure)
        if trigger is not None:
            routes.escalate(route, who, trigger)

    async def _once(self, plan: Plan) -> End:
        """Ask one target, with the health of it told afterwards."""
        course, health = self._course, self._gate.health
        ticket = course.begin(plan)
        if isinstance(ticket, Down):
            step = course.instead(plan)
            fits = step is not None and self._gate.governor.may_ask(
                self._asked, step.plan
            )
            if step is None or not fits or not await self._allowed(plan, step.plan):
                return End(course.resting(plan, ticket), refused=True)
            return await self._once(step.plan)
        retry = course.attempts > 1
        self._latest = None
        try:
            end = await self._held(plan)
            if end.failure is not None:
                end = await self._taught(plan, end)
        except BaseException:
            if ticket is not None:
                self._interrupted(ticket, retry=retry)
            raise
        if ticket is None:
            return end
        now = self._gate.clock.monotonic()
        if end.refused or self.gone:
            # An answer that its reader left was broken off by nobody but us.
            health.nothing(ticket)
        elif end.failure is not None:
            health.ill(ticket, end.failure, now, retry=retry)
        else:
            health.well(ticket, now, retry=retry)
        return end

    def _interrupted(self, ticket: Ticket, *, retry: bool) -> None:
        """Tell of an attempt that was given up while it ran."""
        if self._latest is None or not self._overdue or self.gone:
            self._gate.health.nothing(ticket)
            return
        lost = Failure(trouble=Trouble.TIMEOUT, message=self._latest.why)
        now = self._gate.clock.monotonic()
        self._gate.health.ill(ticket, lost, now, retry=retry)

    async def _taught(self, plan: Plan, end: End) -> End:
        """Ask a target once more if its error teaches how to ask."""
        lesson = self._lesson(plan, end.result)
        if lesson is None or self.gone:
            return end
        if not self._gate.governor.may_retry(self._asked):
            return end
        facts, who = plan.asked_facts, self._asker.identity
        again = self._gate.planner.plan(
            self._inbound, facts, who, target=plan.target, most=lesson.maximum
        )
        bounded = None if isinstance(again, Refusal) else self._course.bounded(again)
        if bounded is None or not self._gate.governor.may_ask(self._asked, bounded):
            return end
        again = bounded
        self._asker.again("retry:output_bound")
        end = await self._held(again)
        if lesson.guess and isinstance(end.result, Whole | None):
            self._confirm(again, lesson, end.result)
        return end

    async def _held(self, plan: Plan) -> End:
        """Make one attempt under a hold of its own."""
        gate, asker = self._gate, self._asker
        if plan.spec.tokenizer is not None:
            plan = await asker.fitted(plan)
        self._plan = plan
        entered = gate.admission.enter(asker.ask(plan), self._asked.on_wait)
        admitted = entered if isinstance(entered, OUTCOMES) else await entered
        if isinstance(admitted, Refusal):
            return End(admitted, refused=True)
        attempt, hold = self._begun(plan, admitted)
        try:
            self._running = True
            if attempt.validates:
                result = await self._checked(attempt)
            else:
                result = await attempt.run()
        finally:
            self._running = False
            self._remember(plan, hold)
            gate.governor.booked(self._asked, hold)
        return End(result, attempt.failure)

    def _begun(self, plan: Plan, admitted: Admitted) -> tuple[Attempt, OpenHold]:
        """Return an attempt with its hold; one that cannot be made keeps none."""
        gate, asker, flight = self._gate, self._asker, self._flight
        try:
            gate.admitted(asker.identity.session, admitted.held)
            flight.held = admitted.held.amount
            flight.why = None
            hold = asker.open(plan, admitted)
            return self._prepared(plan, hold), hold
        except BaseException:
            gate.admission.give_back(admitted)
            raise

    def _prepared(self, plan: Plan, hold: OpenHold | None) -> Attempt:
        """Return an attempt that is to be run at once."""
        flight, course = self._flight, self._course
        flight.provider, flight.model = plan.target.provider, plan.target.model
        flight.stream = plan.facts.stream and not plan.bursts
        flight.enter(FlightState.CONNECTING, self._gate.clock.monotonic())
        attempt = self._latest = Attempt(self._gate, self._asked, plan, hold)
        if hold is not None and course.may_go_on:
            attempt.withhold(course.patience(plan))
        rule = course.escalation
        if hold is not None and rule is not None:
            judge = judge_of(plan, rule, self._inbound)
            if judge is not None:
                attempt.judged_by(judge, validate=course.validates(plan))
        return attempt

    async def _checked(self, attempt: Attempt) -> Result | Withheld:
        """Run an attempt whose answer is checked before its client gets any of it."""
        signs = spawn(self._sign_life(), "keep-alive")
        try:
            return await attempt.run()
        finally:
            signs.cancel()

    async def _sign_life(self) -> None:
        """Keep the client of a stream that is checked first from giving up."""
        if not self._asked.facts.stream:
            return
        client = KeepAlive(self._asked, "the answer is checked")
        await asyncio.sleep(silence_of(self._asked))
        while self._latest is not None and not self._latest.delivered:
            await client.sign()
            await asyncio.sleep(ALIVE_EVERY_S)

    async def _finished(self, end: End) -> Result:
        """Give the client what is left to give, after the last attempt."""
        result = end.result
        if isinstance(result, Withheld):
            await self._pass_on(result)
            return None
        return self._given(end, result)

    def _given(self, end: End, result: Result) -> Result:
        """Return what the client is given of an answer, or of a refusal."""
        tried = self._course.attempts > 1
        if isinstance(result, Whole):
            self._tell(result)
            if tried and result.status >= 400:
                headers = {**result.headers, "x-should-retry": "false"}
                return structs.replace(result, headers=headers)
        elif isinstance(result, Refusal) and tried and not end.refused:
            return replace(result, final=True)
        return result

    async def _pass_on(self, withheld: Withheld) -> None:
        """Pass an error inside a stream on as the provider sent it."""
        reply = self._asked.reply
        if self.gone:
            return
        try:
            if not reply.started:
                await reply.start(200, withheld.headers)
            await reply.write(withheld.body)
        except ClientGoneError:
            self.gone = True

    def _tell(self, whole: Whole) -> None:
        """Put a provider's error where a person sees it."""
        if whole.status < 400:
            return
        found = read_error(whole.body)
        self._gate.answered_with_error(
            self._plan.target,
            whole.status,
            "no message" if found is None else found.message,
            self._asker.identity.session,
        )

    def _note(self, plan: Plan, step: Step, end: End) -> None:
        failure = end.failure
        if failure is None:
            return
        self._inbound.explanation.note(
            "attempt",
            target=plan.target,
            failed=failure.trouble,
            status=failure.status,
            then=step.cause,
            target_next=step.plan.target,
            wait_s=round(step.wait, 3),
        )
        self._gate.went_on(
            plan.target, step.plan.target, failure, self._asker.identity.session
        )

    def _lesson(self, plan: Plan, result: Result | Withheld) -> Lesson | None:
        """Return what a refused output bound teaches, where the gate had set it."""
        attempt = self._latest
        if attempt is None or not isinstance(result, Whole):
            return None
        lesson = lesson_from(plan, attempt.bounds, result)
        if lesson is not None and lesson.lasting:
            self._gate.planner.learn(plan.target, plan.facts.protocol, lesson)
        return lesson

    def _confirm(self, plan: Plan, lesson: Lesson, result: Whole | None) -> None:
        if result is None or result.status == 200:
            self._gate.planner.learn(plan.target, plan.facts.protocol, lesson)

    def _remember(self, plan: Plan, hold: OpenHold) -> None:
        usage, session = hold.usage, self._asker.identity.session
        body = self._inbound.body
        if usage is None or usage.source is not UsageSource.REPORTED or hold.failed:
            self._gate.failures.failed(session, body)
            return
        self._gate.failures.succeeded(session, body)
        turn = KnownTurn(
            plan.facts.conversation,
            plan.facts.body_bytes,
            usage.input_tokens,
            usage.output,
        )
        self._gate.turns.remember(session, plan.target, turn)
        if plan.target.route is not None:
            self._gate.routes.served(
                plan.target.route, plan.target, self._asker.identity, usage
            )
