"""What the routes would do with one request, without asking anybody.

Plans as the gate does, by the configuration that lies there now. It knows no session's
past, no breaker and no budget: those are the running proxy's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faregate.core.identity import Claim, Grant, Mismatch, identify
from faregate.core.refusal import Refusal
from faregate.core.routing import NoTarget, resolve
from faregate.gateway.events import EventLog
from faregate.gateway.inbound import Inbound
from faregate.gateway.planning import Planner
from faregate.gateway.routes import Routes, RouteState
from faregate.gateway.settings import GateSettings
from faregate.gateway.turns import Turns
from faregate.protocols.codec import BadRequestError, RequestHead
from faregate.protocols.registry import codec_for
from faregate.server.clock import SystemClock
from faregate.server.tables import price_table, routing_table

if TYPE_CHECKING:
    from collections.abc import Container

    from faregate.config.settings import Settings
    from faregate.core.facts import RequestFacts
    from faregate.core.money import Money
    from faregate.core.routing import RouteRule, Target

PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
    "gemini": "/v1beta/models/{model}:generateContent",
}
"""Dialect to the path that such requests come to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One target of a request, in the order in which it would be asked."""

    target: Target
    refusal: str | None = None
    """Why it would be passed over; None when it would be asked."""
    expected: Money | None = None
    """About what the request costs there with a cold prompt cache."""
    hold: Money | None = None
    """What would be set aside."""
    translated: bool = False
    """Another dialect is spoken there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would become of a request."""

    model: str
    route: str | None
    why: str
    """Why this order: "ordered", "weights", "cheapest", "escalated" or "direct"."""
    complex_by: str | None
    candidates: tuple[Candidate, ...]


class RoutePreview:
    """Plans requests that are not sent."""

    def __init__(self, settings: Settings, keyed: Container[str]) -> None:
        """Plan by these settings; `keyed` are the providers that have a key."""
        self._clock = SystemClock()
        self._table = routing_table(settings)
        self._planner = Planner(
            specs={name: choice.spec for name, choice in settings.providers.items()},
            prices=price_table(settings),
            table=self._table,
            # Nothing is sent: that there is a key is all that counts.
            key_of=lambda name: "a-key" if name in keyed else None,
            settings=GateSettings(
                default_output=settings.budget.output,
                unpriced=settings.budget.unpriced,
            ),
            turns=Turns(),
            regions={n: c.region for n, c in settings.providers.items() if c.region},
        )
        self._routes = Routes(self._planner, self._clock, EventLog())

    def of(self, body: bytes, dialect: str, *, model: str, session: str) -> Preview:
        """Return what would become of a request; raises BadRequestError.

        `model` is for Gemini's dialect, which names it in the path.
        """
        path = PATHS[dialect].format(model=model or "auto")
        found = codec_for("POST", path)
        if found is None:
            raise BadRequestError(f"no request comes to {path}")
        codec, work = found
        inbound = Inbound(
            id="dry-run",
            head=RequestHead(method="POST", path=path),
            body=body,
            codec=codec,
            work=work,
            grant=Grant(session=session),
            url=Claim(),
            labels=Claim(),
            received_ms=self._clock.now_ms(),
        )
        facts = codec.inspect(inbound.head, body)
        route = self._planner.route_of(facts.model)
        if route is None:
            return self._direct(inbound, facts)
        choice, complex_by = self._routes.order(route, facts, session)
        return Preview(
            model=facts.model,
            route=route.name,
            why=choice.why,
            complex_by=complex_by,
            candidates=tuple(
                self._candidate(inbound, facts, target, route)
                for target in choice.targets
            ),
        )

    def _direct(self, inbound: Inbound, facts: RequestFacts) -> Preview:
        target = resolve(facts.model, self._table)
        candidates: tuple[Candidate, ...] = ()
        if not isinstance(target, NoTarget):
            candidates = (self._candidate(inbound, facts, target, None),)
        return Preview(
            model=facts.model,
            route=None,
            why="direct",
            complex_by=None,
            candidates=candidates,
        )

    def _candidate(
        self,
        inbound: Inbound,
        facts: RequestFacts,
        target: Target,
        route: RouteRule | None,
    ) -> Candidate:
        identity = identify(
            grant=inbound.grant,
            url=inbound.url,
            headers=inbound.labels,
            hints=facts.hints,
            opening=facts.conversation.opening,
        )
        translated = not self._planner.speaks(target, facts.protocol)
        if isinstance(identity, Mismatch):
            raise BadRequestError(f"the request names session {identity.claimed}")
        plan = self._planner.plan(inbound, facts, identity, target=target)
        if isinstance(plan, Refusal):
            return Candidate(target=target, refusal=plan.message, translated=translated)
        bounds = plan.bounds
        most = None if route is None else route.max_output(target)
        if most is not None and plan.output_field and bounds.output > most:
            bounds = bounds.with_output(most)
        tokens = facts.body_bytes // 4
        now = self._clock.monotonic()
        return Candidate(
            target=target,
            expected=self._routes.expected(target, facts, RouteState(), tokens, now),
            hold=plan.amount(bounds),
            translated=translated,
        )
