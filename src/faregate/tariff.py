"""What models cost by this configuration: the rows in force, and what is known of them.

Reads the configuration and the bundled table; asks nobody. A proxy that runs may have
read an older configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faregate.config.keys import find_keys
from faregate.core.pricing import zero_row
from faregate.core.routing import Target
from faregate.providers.spec import Billing
from faregate.server.tables import price_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from faregate.config.settings import Settings
    from faregate.core.model_facts import ModelFacts
    from faregate.core.pricing import PriceRow

_UNBILLED = {Billing.FREE: "free", Billing.SUBSCRIPTION: "subscription"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One model at one provider: its price, where it has one, and its facts."""

    target: Target
    row: PriceRow | None
    facts: ModelFacts


class Tariff:
    """Looks up prices as the gate does."""

    def __init__(self, settings: Settings, at: date) -> None:
        """Prices are those in force at a UTC date."""
        self._settings = settings
        self._at = at
        self._prices = price_table(settings)

    @property
    def generated(self) -> date | None:
        """Return when the bundled table was made."""
        return self._prices.generated

    def offer(self, target: Target, *, service: str | None = None) -> Offer:
        """Return what is known of a model; one without a price has no row."""
        provider, model = target.provider, target.model
        choice = self._settings.providers.get(provider)
        unbilled = None if choice is None else _UNBILLED.get(choice.spec.billing)
        if unbilled is not None:
            row: PriceRow | None = zero_row(provider, model, unbilled)
        else:
            row = self._prices.row(provider, model, self._at, service=service)
        facts = self._prices.facts(provider, model)
        return Offer(target=target, row=row, facts=facts)

    def find(self, patterns: Sequence[str]) -> list[Target]:
        """Return the models that a word is found in; all for no word.

        A whole "provider/model" finds itself alone, a provider's name all of its own.
        """
        every = list(self._every())
        if not patterns:
            return every
        found: dict[Target, None] = {}
        for pattern in patterns:
            found.update(dict.fromkeys(self._matching(pattern, every)))
        return list(found)

    def usable(self) -> list[Target]:
        """Return the models of providers that have a key, or need none."""
        keys = find_keys(self._settings, run=False)
        here = {
            name
            for name, choice in self._settings.providers.items()
            if name in keys.found or (choice.configured and choice.keyless)
        }
        return [target for target in self._every() if target.provider in here]

    def _matching(self, pattern: str, every: Sequence[Target]) -> list[Target]:
        provider, slash, model = pattern.partition("/")
        if slash and model and provider in self._settings.providers:
            exact = Target(provider=provider, model=model)
            if exact in every or self.offer(exact).row is not None:
                return [exact]
        word = pattern.casefold()
        if word in self._settings.providers:
            return [target for target in every if target.provider == word]
        return [target for target in every if word in str(target).casefold()]

    def _every(self) -> Iterator[Target]:
        described = {(t.provider, t.model) for t in self._settings.model_facts}
        for provider in self._settings.providers:
            models = dict.fromkeys(self._prices.models(provider))
            own = sorted(m for p, m in described if p == provider)
            for model in models | dict.fromkeys(own):
                yield Target(provider=provider, model=model)
