"""The targets of one request, in order: which is asked next, and when none is.

Owns the attempt budget of a request, which retries and fallbacks share. Sends
nothing and holds no money.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from msgspec import structs

from faregate.core.refusal import Refusal
from faregate.core.retrying import (
    Failure,
    Trouble,
    may_go_elsewhere,
    may_repeat,
    wait_before,
)
from faregate.core.values import dataclass
from faregate.gateway import messages

if TYPE_CHECKING:
    from faregate.core.escalation import EscalationRule
    from faregate.core.facts import RequestFacts
    from faregate.core.identity import Identity
    from faregate.core.retrying import RetryPolicy
    from faregate.core.routing import RouteRule, Target
    from faregate.gateway.gate import Gate
    from faregate.gateway.governor import Asked
    from faregate.gateway.health import Down, Ticket
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.plan import Plan


_jitter = random.SystemRandom().random


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What follows a failed attempt."""

    plan: Plan
    wait: float = 0.0
    """Seconds before it."""
    cause: str
    """"retry:WHY" or "fallback:WHY", as the ledger keeps it."""


class Course:
    """Where one request may go; made once for each request."""

    _asked: Asked | None = None
    _retries = 0
    _repeated: Target | None = None
    cause: str | None = None
    """Why the first attempt does not begin with the route's first target."""
    attempts = 0
    """Attempts that were begun."""

    def __init__(
        self,
        gate: Gate,
        inbound: Inbound,
        facts: RequestFacts,
        identity: Identity,
        route: RouteRule | None,
    ) -> None:
        """Ask nobody yet."""
        self._gate = gate
        self._inbound = inbound
        self._facts = facts
        self._identity = identity
        self._refusals: list[Refusal] = []
        self._resting: dict[Target, Down] = {}
        self.route = route
        policy = gate.settings.retries
        self._allowed = policy.direct if route is None else policy.attempts
        """The attempts that this request may have in all."""
        self._left: list[Target] = [] if route is None else self._targets_of(route)

    def let_in(self, asked: Asked) -> None:
        """Take a request's passage through the limits: further plans keep within it."""
        self._asked = asked

    @property
    def _most(self) -> int | None:
        """Return what the output bound of further plans must not pass."""
        asked = self._asked
        return None if asked is None else self._gate.governor.most_output(asked)

    @property
    def policy(self) -> RetryPolicy:
        """Return how often this request may be tried."""
        return self._gate.settings.retries

    @property
    def escalation(self) -> EscalationRule | None:
        """Return when the route's sessions escalate; None where they do not."""
        return None if self.route is None else self.route.escalation

    @property
    def may_go_on(self) -> bool:
        """Tell whether anything could follow the attempt that is being made."""
        return self.attempts < self._allowed

    def first(self) -> Plan | Refusal:
        """Return the plan of the first attempt, or why there is none."""
        if self.route is None:
            # Whether it rests is asked when the attempt begins.
            return self._gate.planner.plan(self._inbound, self._facts, self._identity)
        found = self._next(alone=len(self._left) == 1) or self._next(alone=True)
        if found is not None:
            return found
        if self._resting:
            return messages.resting(self._resting, self._now())
        return self._refusals[0]

    def begin(self, plan: Plan) -> Ticket | Down | None:
        """Begin an attempt: return leave to ask, why not, or None for no counting.

        What a caller's own key meets says nothing about ours.
        """
        self.attempts += 1
        if self._inbound.grant is None:
            return None
        alone = not self._left or plan.target == self._repeated
        return self._gate.health.ask(plan.target, self._now(), alone=alone)

    def patience(self, plan: Plan) -> float | None:
        """Return the seconds an answer may take to begin; None where nobody follows."""
        if self.route is None or not any(t != plan.target for t in self._left):
            return None
        whole = plan.bursts or not plan.facts.stream
        return self.policy.whole if whole else self.policy.first_event

    def resting(self, plan: Plan, down: Down) -> Refusal:
        """Return the answer where the last target left rests by now."""
        return messages.resting({**self._resting, plan.target: down}, self._now())

    def after(self, plan: Plan, failure: Failure) -> Step | None:
        """Return what follows a failed attempt; None when nothing does."""
        if not self.may_go_on:
            return None
        self._forget(plan.target)
        return self._elsewhere(plan, failure) or self._again(plan, failure)

    def higher(self, plan: Plan, failure: Failure) -> Step | None:
        """Return where a request goes whose answer was rejected; None for nowhere."""
        if not self.may_go_on or self.route is None:
            return None
        self._forget(plan.target)
        self._left = self._above(plan.target)
        found = self._next(alone=False)
        if found is None:
            return None
        self._gate.health.burden(plan.target, self._now())
        return Step(plan=found, cause=f"escalation:{failure.trigger}")

    def validates(self, plan: Plan) -> bool:
        """Tell whether an answer is checked before its client gets it.

        Not where no other target could do better: an answer is better than none.
        """
        rule = self.escalation
        return rule is not None and rule.validate and bool(self._above(plan.target))

    def _above(self, target: Target) -> list[Target]:
        """Return the targets that may be asked and are escalated to from a target."""
        route = self.route
        if route is None:
            return []
        higher = route.escalate_to or route.targets[route.targets.index(target) + 1 :]
        return [each for each in higher if each in self._left and each != target]

    def instead(self, plan: Plan) -> Step | None:
        """Return where to go when a target rests by the time it is to be asked."""
        self.attempts -= 1
        self._forget(plan.target)
        found = self._next(alone=False)
        return None if found is None else Step(plan=found, cause="fallback:resting")

    def bounded(self, plan: Plan) -> Plan | None:
        """Return a plan within the output bounds of request and target.

        None where the request has one and nothing keeps the target within it.
        """
        own = None if self.route is None else self.route.max_output(plan.target)
        let_in = self._most
        limits = [each for each in (let_in, own) if each is not None]
        most = min(limits, default=plan.bounds.output)
        if plan.bounds.output <= most:
            return plan
        if plan.output_field is None:
            return plan if let_in is None else None
        return structs.replace(plan, bounds=plan.bounds.with_output(most))

    def _elsewhere(self, plan: Plan, failure: Failure) -> Step | None:
        if not may_go_elsewhere(failure, self.policy.repeat_paid):
            return None
        longer = None
        if failure.trouble is Trouble.CONTEXT:
            longer = self._gate.planner.window_of(plan.target.bare) or 0
        found = self._next(alone=False, longer=longer)
        if found is None:
            return None
        if failure.trouble is not Trouble.CONTEXT:
            self._gate.health.burden(plan.target, self._now())
        return Step(plan=found, cause=f"fallback:{failure.trouble}")

    def _again(self, plan: Plan, failure: Failure) -> Step | None:
        if not may_repeat(failure, self.policy.repeat_paid):
            return None
        wait = wait_before(failure, self._retries + 1, self.policy, _jitter())
        if wait is None:
            return None
        # Who brings a key of its own has a client that tries again by itself.
        if self._inbound.grant is None:
            return None
        if not self._gate.health.may_repeat(plan.target, self._now()):
            return None
        self._retries += 1
        self._repeated = plan.target
        return Step(plan=plan, wait=wait, cause=f"retry:{failure.trouble}")

    def _next(self, *, alone: bool, longer: int | None = None) -> Plan | None:
        """Return a plan for the first target that may be asked; others are noted.

        With `longer` its context window must be known to be longer than that.
        """
        planner = self._gate.planner
        for target in list(self._left):
            if longer is not None and (planner.window_of(target.bare) or 0) <= longer:
                continue
            down = self._down(target, alone=alone)
            if down is not None:
                self._resting[target] = down
                continue
            plan = planner.plan(
                self._inbound, self._facts, self._identity, target=target
            )
            if isinstance(plan, Refusal):
                self._refusals.append(plan)
            elif (bounded := self.bounded(plan)) is not None:
                return bounded
            self._forget(target)
        return None

    def _down(self, target: Target, *, alone: bool) -> Down | None:
        if self._inbound.grant is None:
            return None
        return self._gate.health.look(target, self._now(), alone=alone)

    def _now(self) -> float:
        return self._gate.clock.monotonic()

    def _forget(self, target: Target) -> None:
        if target in self._left:
            self._left.remove(target)

    def _targets_of(self, route: RouteRule) -> list[Target]:
        choice, complex_by = self._gate.routes.order(
            route, self._facts, self._identity.session
        )
        targets = list(choice.targets)
        if self._inbound.grant is None:
            # A caller's own key goes to the provider that it was given for.
            provider = route.targets[0].provider
            targets = [each for each in targets if each.provider == provider]
        level = self._gate.routes.state(self._identity.session, route.name).level
        if choice.why == "escalated":
            self.cause = f"escalation:{level.cause or 'complexity'}"
        self._inbound.explanation.note(
            "route",
            route=route.name,
            targets=tuple(targets),
            why=choice.why,
            level=level.height,
            escalated_by=level.cause,
            complex_by=complex_by,
        )
        return targets
