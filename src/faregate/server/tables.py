"""From the configuration to the tables that the gate plans with."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from faregate.core.routing import RoutingTable
from faregate.providers.price_records import PRICES_FILE
from faregate.providers.price_table import PriceTable
from faregate.providers.registry import provider_of_model
from faregate.server.model_list import ListedModel

if TYPE_CHECKING:
    from faregate.config.keys import Keys
    from faregate.config.settings import Settings


def price_table(settings: Settings) -> PriceTable:
    """Return the bundled prices, dearer regions counted, with the user's own on top."""
    bundled = (files("faregate.providers") / PRICES_FILE).read_bytes()
    factors = {
        name: choice.spec.region_multipliers[choice.region]
        for name, choice in settings.providers.items()
        if choice.region in choice.spec.region_multipliers
    }
    table = PriceTable.from_json(bundled).with_factors(factors)
    return table.with_overrides(
        settings.price_overrides,
        {(t.provider, t.model): f for t, f in settings.model_facts.items()},
    )


def routing_table(settings: Settings) -> RoutingTable:
    """Return how model names lead to providers."""
    described: dict[str, list[str]] = {}
    own = {(t.provider, t.model) for t in settings.model_facts}
    own |= {(row.provider, row.model) for row in settings.price_overrides}
    for provider, model in sorted(own):
        described.setdefault(model, []).append(provider)

    def by_prefix(model: str) -> str | None:
        spec = provider_of_model(model)
        return None if spec is None else spec.name

    return RoutingTable(
        providers=frozenset(settings.providers),
        routes=settings.routes,
        described=described,
        by_prefix=by_prefix,
    )


def listed_models(
    settings: Settings, keys: Keys, prices: PriceTable
) -> list[ListedModel]:
    """Return the routes, then what is known of every provider that can serve."""
    listed = {
        name: route.targets[0].provider
        for route in settings.routes
        for name in route.models
        if not name.endswith("*")
    }
    for provider, choice in settings.providers.items():
        here = choice.configured and choice.spec.local
        if provider not in keys.found and not here:
            continue
        described = (t.model for t in settings.model_facts if t.provider == provider)
        for model in (*prices.models(provider), *described):
            listed.setdefault(f"{provider}/{model}", provider)
    return [ListedModel(name=name, provider=at) for name, at in listed.items()]
