"""Which targets may serve a model name.

Order: an explicit `provider/model`, a configured route, a model that the user's
own config describes, a known model name prefix. Never a guess between providers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faregate.core.lean import lean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Who serves, and under which model name."""

    provider: str
    model: str
    route: str | None = None
    """The configured route that led here."""

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """One configured route: the model names it answers to, and its targets.

    A name that ends in `*` answers to every model that begins like it.
    """

    name: str
    models: tuple[str, ...]
    targets: tuple[Target, ...]
    """In the order in which they are asked; each names this route."""

    def answers(self, model: str) -> bool:
        """Tell whether the route is asked for by its name or by one of its models."""
        return model == self.name or any(
            model.startswith(name[:-1]) if name.endswith("*") else model == name
            for name in self.models
        )


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
        """Return the route that answers to a model name: an exact name goes first."""
        exact = (r for r in self.routes if model == r.name or model in r.models)
        found = next(exact, None)
        if found is not None:
            return found
        return next((r for r in self.routes if r.answers(model)), None)


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
