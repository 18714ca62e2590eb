"""Which targets may serve a model name, and what a route says about them.

Order: a configured route, an explicit `provider/model`, a model that the user's own
config describes, a known model name prefix. Never a guess between providers.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.lean import lean
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from faregate.core.escalation import EscalationRule

AUTO = "auto"
"""The model name by which an agent leaves the choice to the routes."""


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Who serves, and under which model name."""

    provider: str
    model: str
    route: str | None = None
    """The configured route that led here."""
    region: str = ""
    """The provider's region that the route names; "" for the configured one."""

    def __str__(self) -> str:
        where = f"@{self.region}" if self.region else ""
        return f"{self.provider}{where}/{self.model}"

    @property
    def bare(self) -> str:
        """Return provider and model, wherever that is."""
        return f"{self.provider}/{self.model}"


class RoutePolicy(StrEnum):
    """Which of a route's targets is asked first."""

    ORDERED = "ordered"
    CHEAPEST = "cheapest"
    """Whichever this request costs least at, a lost prompt cache counted."""
    CHEAPEST_ACCEPTED = "cheapest-accepted"
    """The same, for what a task costs until one is accepted, as far as is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """What a route says about one of its targets."""

    weight: int | None = None
    """Share of the sessions that begin here; None for a target without a share."""
    max_output: int | None = None
    """Output tokens that one answer may have there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complexity:
    """From where on a request is too much for a route's first targets."""

    input_tokens: int | None = None
    tools: int | None = None
    images: bool = False
    reasoning: bool = False

    def why(
        self, *, tokens: int, tools: int, images: bool, reasoning: bool
    ) -> str | None:
        """Return what of a request is too much; None when nothing is."""
        if self.input_tokens is not None and tokens >= self.input_tokens:
            return "input_tokens"
        if self.tools is not None and tools >= self.tools:
            return "tools"
        if self.images and images:
            return "images"
        return "reasoning" if self.reasoning and reasoning else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """One configured route: the model names it answers to, and its targets.

    A name that ends in `*` answers to every model that begins like it.
    """

    name: str
    models: tuple[str, ...]
    targets: tuple[Target, ...]
    """In the order in which they are asked; each names this route."""
    options: Mapping[Target, TargetOptions] = field(default_factory=dict)
    policy: RoutePolicy = RoutePolicy.ORDERED
    sticky: bool = True
    """A session stays where it was served, as long as that is worth it."""
    escalate_to: tuple[Target, ...] = ()
    """Where escalated requests go first; without it, one target further each time."""
    complexity: Complexity | None = None
    escalation: EscalationRule | None = None

    def answers(self, model: str) -> bool:
        """Tell whether the route is asked for by its name or by one of its models."""
        return model == self.name or any(
            model.startswith(name[:-1]) if name.endswith("*") else model == name
            for name in self.models
        )

    @property
    def levels(self) -> int:
        """Return how far a session can be escalated."""
        return 1 if self.escalate_to else len(self.targets) - 1

    def tier(self, level: int) -> tuple[Target, ...]:
        """Return all targets in the order in which a level asks them."""
        if not level:
            return self.targets
        if self.escalate_to:
            rest = (each for each in self.targets if each not in self.escalate_to)
            return (*self.escalate_to, *rest)
        first = min(level, self.levels)
        return (*self.targets[first:], *self.targets[:first])

    def max_output(self, target: Target) -> int | None:
        """Return the most output tokens that a target may be asked for here."""
        found = self.options.get(target)
        return None if found is None else found.max_output


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTarget:
    """No provider is known for a model name."""

    model: str
    candidates: tuple[str, ...] = ()
    """Providers that could serve it, where the name was ambiguous."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingTable:
    """Everything that maps a model name to a provider."""

    providers: frozenset[str]
    routes: Sequence[RouteRule] = ()
    described: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Model name -> providers whose `[models]` or `[prices]` entries name it."""
    by_prefix: Callable[[str], str | None] = lambda _model: None
    """Known model name prefix -> provider."""

    def route_of(self, model: str) -> RouteRule | None:
        """Return the route that answers to a model name: an exact name goes first.

        A single route answers to "auto" even where it does not name it.
        """
        exact = (r for r in self.routes if model == r.name or model in r.models)
        found = next(exact, None) or next(
            (r for r in self.routes if r.answers(model)), None
        )
        if found is None and model == AUTO and len(self.routes) == 1:
            return self.routes[0]
        return found


def resolve(model: str, table: RoutingTable) -> Target | NoTarget:
    """Return the target of a model name; of a route, the first one."""
    route = table.route_of(model)
    if route is not None:
        return route.targets[0]
    head, slash, rest = model.partition("/")
    if slash and rest and head in table.providers:
        return Target(provider=head, model=rest)
    named = tuple(table.described.get(model, ()))
    if len(named) == 1:
        return Target(provider=named[0], model=model)
    if named:
        return NoTarget(model=model, candidates=named)
    known = table.by_prefix(model)
    if known is not None:
        return Target(provider=known, model=model)
    return NoTarget(model=model)


def drawn(rule: RouteRule, draw: int) -> tuple[Target, ...]:
    """Return a route's targets with one in front that is drawn by weight.

    The same `draw` gives the same order: made from a session, it keeps it in place.
    """
    weights = [
        (target, option.weight)
        for target in rule.targets
        if (option := rule.options.get(target)) is not None and option.weight
    ]
    total = sum(weight for _, weight in weights)
    if not total:
        return rule.targets
    point = draw % total
    for target, weight in weights:
        point -= weight
        if point < 0:
            return (target, *(each for each in rule.targets if each != target))
    return rule.targets
