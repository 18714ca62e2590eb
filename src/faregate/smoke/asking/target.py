"""Whom the smoke test asks, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.secret import Secret
    from faregate.providers.spec import ProviderSpec
    from faregate.smoke.asking.prices import Prices
    from faregate.smoke.dialects.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTarget:
    """One provider, model and protocol; `key` None asks without one.

    An empty `model` takes the first one that the provider lists.
    """

    spec: ProviderSpec
    model: str
    dialect: Dialect
    prices: Prices
    key: Secret | None = None

    @property
    def name(self) -> str:
        """Return "provider/model", or the provider alone."""
        return f"{self.spec.name}/{self.model}" if self.model else self.spec.name

    @property
    def base_url(self) -> str:
        """Return the base URL of the protocol."""
        return self.spec.base_urls[self.dialect.protocol]

    @property
    def secret(self) -> str | None:
        """Return the key itself, to be sent or to be hidden."""
        return None if self.key is None else self.key.reveal()
