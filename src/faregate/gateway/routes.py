"""Which targets of a route one request asks, and what is remembered of its session.

Owns the memory of who served a session last, how warm its prompt cache is, and what
a request would cost elsewhere. Sends nothing; a restart forgets all of it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.core.escalation import Level, Trigger
from faregate.core.pricing import cost_of
from faregate.core.route_choice import Choice, choose, until_accepted
from faregate.core.routing import RoutePolicy
from faregate.core.tool_trouble import bad_in_a_row
from faregate.core.usage import Usage
from faregate.gateway.inbound import READ_ON_LOOP
from faregate.protocols.registry import transcript_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.facts import RequestFacts
    from faregate.core.identity import Identity
    from faregate.core.money import Money
    from faregate.core.routing import RouteRule, Target
    from faregate.gateway.events import EventLog
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.planning import Planner
    from faregate.gateway.ports import Clock

WARM_S = 300.0
"""Seconds that a prompt cache is taken to live."""
BYTES_PER_TOKEN = 4
"""Of a text as a rule: for comparing costs only, never for a hold."""
USUAL_OUTPUT = 500
"""Output tokens of a turn of which nothing is known yet."""
VERDICT_HEADER = "x-faregate-verdict"
"""Says of the turn before what came of it: "accepted" or "rejected"."""
_VERDICTS = frozenset({"accepted", "rejected"})
_MESSAGES_A_RESULT = 4
"""Messages that a tool result and what stands around it take, generously."""
_SESSIONS = 4096


@dataclass(slots=True)
class RouteState:
    """One session on one route."""

    current: Target | None = None
    """Who served it last."""
    at: float = 0.0
    """When that was; monotonic seconds."""
    warm: dict[Target, tuple[int, float]] = field(default_factory=dict)
    """Input tokens that a target has seen, and when."""
    output: int = USUAL_OUTPUT
    level: Level = field(default_factory=Level)
    root: str = ""
    """The session whose outcome a person judges."""
    blamed: int = 0
    """Messages of the conversation that were blamed for an escalation already."""


class Routes:
    """Orders the targets of routes; one for the whole gate."""

    def __init__(self, planner: Planner, clock: Clock, events: EventLog) -> None:
        """Remember nothing yet."""
        self._events = events
        self.outcomes: Mapping[str, tuple[int, int]] = {}
        """Judged and accepted sessions by "provider/model"; replaced as a whole."""
        self._planner = planner
        self._clock = clock
        self._states: OrderedDict[tuple[str, str], RouteState] = OrderedDict()

    def state(self, session: str, route: str) -> RouteState:
        """Return what is remembered of a session on a route; a new one if nothing."""
        found = self._states.get((session, route))
        return RouteState() if found is None else found

    async def hear(
        self, rule: RouteRule, inbound: Inbound, facts: RequestFacts, who: Identity
    ) -> None:
        """Take in what a request itself says of its session: errors, or a verdict."""
        escalation = rule.escalation
        if escalation is None:
            return
        said = inbound.head.headers.get(VERDICT_HEADER)
        if said in _VERDICTS and Trigger.VERDICT in escalation.on:
            good = said == "accepted"
            self._take(rule, self._kept(rule.name, who), good=good)
        if Trigger.TOOL_ERRORS not in escalation.on:
            return
        state = self._kept(rule.name, who)
        there = len(facts.conversation.parts)
        if there < state.blamed:
            # The conversation was shortened.
            state.blamed = 0
        last = min(there - state.blamed, _MESSAGES_A_RESULT * escalation.tool_errors)
        if last <= 0:
            return
        if len(inbound.body) <= READ_ON_LOOP:
            bad = _bad(inbound, last)
        else:
            bad = await asyncio.to_thread(_bad, inbound, last)
        if bad >= escalation.tool_errors:
            state.blamed = there
            self.escalate(rule, who, Trigger.TOOL_ERRORS)

    def escalate(self, rule: RouteRule, who: Identity, why: Trigger) -> bool:
        """Escalate a session; return whether there was a target left to go to."""
        if rule.escalation is None or why not in rule.escalation.on:
            return False
        state = self._kept(rule.name, who)
        risen = state.level.up(why, rule.levels)
        if risen:
            self._tell(rule, who, f"{why}: the next target is asked")
        return risen

    def answered(self, rule: RouteRule, who: Identity, bad: Trigger | None) -> None:
        """Take in how a turn went that was answered; None for well."""
        if rule.escalation is None:
            return
        if bad is not None:
            self.escalate(rule, who, bad)
            return
        state = self._states.get((who.session, rule.name))
        if state is not None and state.level.well(rule.escalation.back_after):
            self._tell(rule, who, "it goes well: one target back")

    def judged(self, session: str, *, accepted: bool) -> None:
        """Take in what a person says of a session, wherever its requests went."""
        for (name, route), state in list(self._states.items()):
            rule = self._planner.route_named(route)
            if rule is None or session not in {name, state.root}:
                continue
            if rule.escalation and Trigger.VERDICT in rule.escalation.on:
                self._take(rule, state, good=accepted)

    def _take(self, rule: RouteRule, state: RouteState, *, good: bool) -> None:
        if good:
            state.level = Level()
        else:
            state.level.up(Trigger.VERDICT, rule.levels)

    def _kept(self, route: str, who: Identity) -> RouteState:
        key = (who.session, route)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = RouteState(root=who.root_session)
            while len(self._states) > _SESSIONS:
                self._states.popitem(last=False)
        return state

    def _tell(self, rule: RouteRule, who: Identity, text: str) -> None:
        self._events.publish(
            "escalation",
            f"route {rule.name}: {text}",
            at_ms=self._clock.now_ms(),
            severity="warn",
            session=who.session,
        )

    def order(
        self, rule: RouteRule, facts: RequestFacts, session: str
    ) -> tuple[Choice, str | None]:
        """Return whom to ask, in order, and what of the request is too complex."""
        state = self.state(session, rule.name)
        now = self._clock.monotonic()
        tokens = facts.body_bytes // BYTES_PER_TOKEN
        complexity = rule.complexity
        why = None
        if complexity is not None:
            why = complexity.why(
                tokens=tokens,
                tools=facts.tools,
                images=facts.media,
                reasoning=facts.reasoning,
            )
        current = state.current if now - state.at <= WARM_S else None
        choice = choose(
            rule,
            level=min(max(1 if why else 0, state.level.height), rule.levels),
            draw=_draw(session, rule.name),
            current=current,
            cost_at=lambda target: self._weighed(
                rule, target, self.expected(target, facts, state, tokens, now)
            ),
        )
        first, *rest = choice.targets
        # Who takes the request as it is comes before who needs a translation.
        rest.sort(key=lambda each: not self._planner.speaks(each, facts.protocol))
        return replace(choice, targets=(first, *rest)), why

    def _weighed(
        self, rule: RouteRule, target: Target, cost: Money | None
    ) -> Money | None:
        if cost is None or rule.policy is not RoutePolicy.CHEAPEST_ACCEPTED:
            return cost
        return until_accepted(cost, *self.outcomes.get(target.bare, (0, 0)))

    def expected(
        self,
        target: Target,
        facts: RequestFacts,
        state: RouteState,
        tokens: int,
        now: float,
    ) -> Money | None:
        """Return what a request would cost at a target; None without a price.

        A comparison, not a bound: what a warm prompt cache holds is read from it.
        """
        row = self._planner.price(target, facts.service_tier, self._clock.now_ms())
        if row is None:
            return None
        seen, at = state.warm.get(target, (0, 0.0))
        cached = min(tokens, seen) if now - at <= WARM_S else 0
        usage = Usage(
            uncached_input=tokens - cached, cache_read=cached, output=state.output
        )
        instant = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        multiplier = self._planner.multiplier(target, facts.region)
        return cost_of(usage, row, instant, multiplier=multiplier).amount

    def served(self, route: str, target: Target, who: Identity, used: Usage) -> None:
        """Note that a target answered, and with what usage."""
        state = self._kept(route, who)
        now = self._clock.monotonic()
        state.current, state.at = target, now
        state.warm[target] = (used.input_tokens + used.output, now)
        state.output = used.output or state.output
        self._states.move_to_end((who.session, route))


def _bad(inbound: Inbound, last: int) -> int:
    return bad_in_a_row(transcript_of(inbound.codec.name, inbound.body, last))


def _draw(session: str, route: str) -> int:
    digest = hashlib.blake2b(f"{route}\0{session}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
