"""[routes.NAME], [theme], [keys], [ledger] and [server]: the small sections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from faregate.config.schema import (
    KEY_BINDING,
    LedgerKeys,
    RouteKeys,
    ServerKeys,
    ThemeKeys,
)
from faregate.config.sections.prices import target_of
from faregate.config.settings import (
    ProviderChoice,
    ServerSettings,
    ThemeSettings,
)
from faregate.config.tables import Field, Table
from faregate.core.routing import RouteRule, Target

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_server(table: Table) -> ServerSettings:
    """Return where the proxy listens."""
    server = ServerSettings(
        host=table.value(ServerKeys.HOST),
        port=table.value(ServerKeys.PORT),
        drain_s=table.value(ServerKeys.DRAIN),
    )
    table.finish()
    return server


def read_routes(
    table: Table, providers: Mapping[str, ProviderChoice]
) -> tuple[RouteRule, ...]:
    """Return the named routes; no model is in two of them."""
    routes: list[RouteRule] = []
    answered: dict[str, str] = {}
    for name, section in table.named():
        models = section.required(RouteKeys.MODELS)
        targets = section.required(RouteKeys.TARGETS)
        section.finish()
        for model in models or ():
            if model in answered:
                section.problem(
                    "models", f'"{model}" is answered by route {answered[model]}'
                )
            answered[model] = name
        if models == ():
            section.problem("models", "is empty: the route would never be taken")
        chosen = _targets(section, name, targets or (), providers)
        if targets == ():
            section.problem("targets", "is empty: the route leads nowhere")
        if models and chosen:
            routes.append(RouteRule(name=name, models=models, targets=chosen))
    return tuple(routes)


def _targets(
    section: Table,
    route: str,
    names: tuple[str, ...],
    providers: Mapping[str, ProviderChoice],
) -> tuple[Target, ...]:
    found: dict[Target, None] = {}
    for name in names:
        target = target_of(name, providers)
        if isinstance(target, str):
            section.problem("targets", target)
            continue
        target = Target(provider=target.provider, model=target.model, route=route)
        if target in found:
            section.problem("targets", f"names {target} twice")
        found[target] = None
    return tuple(found)


def read_theme(table: Table) -> ThemeSettings:
    """Return how the screen looks."""
    theme = ThemeSettings(
        name=table.optional(ThemeKeys.NAME), ascii=table.value(ThemeKeys.ASCII)
    )
    table.finish()
    return theme


def read_keys(table: Table) -> dict[str, str]:
    """Return key bindings; which actions exist is known to the screen alone."""
    keys: dict[str, str] = {}
    for action in table.names():
        key = table.optional(Field(action, KEY_BINDING, "the key of an action"))
        if key is not None:
            keys[action] = key
    return keys


def read_ledger(table: Table, default: Path) -> Path:
    """Return the ledger's folder."""
    url = table.optional(LedgerKeys.URL)
    table.finish()
    return default if url is None else Path(url.removeprefix("sqlite://"))
