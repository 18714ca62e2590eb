"""Which targets of a route one request asks, and what is remembered of its session.

Owns the memory of who served a session last, how warm its prompt cache is, and what
a request would cost elsewhere. Sends nothing; a restart forgets all of it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.core.pricing import cost_of
from faregate.core.route_choice import Choice, choose
from faregate.core.usage import Usage

if TYPE_CHECKING:
    from faregate.core.facts import RequestFacts
    from faregate.core.money import Money
    from faregate.core.routing import RouteRule, Target
    from faregate.gateway.planning import Planner
    from faregate.gateway.ports import Clock

WARM_S = 300.0
"""Seconds that a prompt cache is taken to live."""
BYTES_PER_TOKEN = 4
"""Of a text as a rule: for comparing costs only, never for a hold."""
USUAL_OUTPUT = 500
"""Output tokens of a turn of which nothing is known yet."""
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


class Routes:
    """Orders the targets of routes; one for the whole gate."""

    def __init__(self, planner: Planner, clock: Clock) -> None:
        """Remember nothing yet."""
        self._planner = planner
        self._clock = clock
        self._states: OrderedDict[tuple[str, str], RouteState] = OrderedDict()

    def state(self, session: str, route: str) -> RouteState:
        """Return what is remembered of a session on a route; a new one if nothing."""
        found = self._states.get((session, route))
        return RouteState() if found is None else found

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
            level=min(1 if why else 0, rule.levels),
            draw=_draw(session, rule.name),
            current=current,
            cost_at=lambda target: self.expected(target, facts, state, tokens, now),
        )
        first, *rest = choice.targets
        # Who takes the request as it is comes before who needs a translation.
        rest.sort(key=lambda each: not self._planner.speaks(each, facts.protocol))
        return replace(choice, targets=(first, *rest)), why

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

    def served(self, route: str, target: Target, session: str, used: Usage) -> None:
        """Note that a target answered, and with what usage."""
        key = (session, route)
        state = self._states.setdefault(key, RouteState())
        now = self._clock.monotonic()
        state.current, state.at = target, now
        state.warm[target] = (used.input_tokens + used.output, now)
        state.output = used.output or state.output
        self._states.move_to_end(key)
        while len(self._states) > _SESSIONS:
            self._states.popitem(last=False)


def _draw(session: str, route: str) -> int:
    digest = hashlib.blake2b(f"{route}\0{session}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
