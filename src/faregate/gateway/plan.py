"""What one attempt will be: its target, its bounds, its price, its changes.

Owns how a plan turns bounds and usage into money. Which plan a request gets is the
planner's part.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.core.estimate import Bounds, hold_amount
from faregate.core.fees import with_unasked_search
from faregate.core.money import ZERO, Money
from faregate.core.pricing import Cost, PriceRow, Ratio, cost_of, scaled
from faregate.core.usage import UsageSource
from faregate.protocols.codec import Splice
from faregate.protocols.lean_struct import LeanValue
from faregate.providers.price_table import STANDARD_SERVICES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faregate.core.facts import RequestFacts
    from faregate.core.routing import Target
    from faregate.core.usage import Usage
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.translating import Carried
    from faregate.providers.spec import ProviderSpec

UNMETERED = frozenset({"free", "subscription"})
"""Sources of a price row that cost no money."""


class Plan(LeanValue, frozen=True):
    """One attempt before admission."""

    target: Target
    spec: ProviderSpec
    row: PriceRow | None
    """None when the price is unknown and the user allowed that."""
    row_of: Callable[[str | None], PriceRow | None]
    """The row of another service class, where an answer names one."""
    received_ms: int
    """When the request came; its prices are those of this instant."""
    multiplier: Ratio
    """The factor of the region that it may run in."""
    facts: RequestFacts
    bounds: Bounds
    output_field: str | None
    """The field that carries the output bound; None where nothing takes one."""
    url: str
    headers: Mapping[str, str]
    strip_usage: bool
    bursts: bool = False
    """Its streams are known to arrive in one piece, at their end."""
    carried: Carried | None = None
    """What is sent in place of the client's request; None for that itself."""
    estimates: bool = False
    """No provider is asked: the gate answers with an estimate of its own."""

    def sent(self, inbound: Inbound) -> Inbound:
        """Return what is sent for a client's request."""
        return inbound if self.carried is None else self.carried.inbound

    @property
    def translates(self) -> bool:
        """Tell whether the provider speaks another dialect than the client."""
        return self.carried is not None and self.carried.translation is not None

    @property
    def asked_facts(self) -> RequestFacts:
        """Return the facts of what the client sent."""
        return self.facts if self.carried is None else self.carried.asked

    @property
    def metered(self) -> bool:
        """Tell whether this attempt can cost money."""
        return self.row is not None and self.row.source not in UNMETERED

    def amount(self, bounds: Bounds) -> Money:
        """Return the hold for these bounds."""
        row = self.row
        if row is None or row.source in UNMETERED:
            return ZERO
        return hold_amount(bounds, row, self.facts, self.multiplier)

    def cost(self, usage: Usage, service: str | None) -> Cost:
        """Return what usage cost; `service` is the class that the answer names.

        An answer can be of a dearer class than was asked for, never of a cheaper
        price: what makes a class dearer is not always said in the answer.
        """
        usage = self._as_billed(usage)
        cost = self._cost_of(usage, self.row)
        if service is None or service in STANDARD_SERVICES or not self.metered:
            return cost
        row = self.row_of(service)
        if row is None:
            return cost
        other = self._cost_of(usage, row)
        return max(cost, other, key=lambda each: each.amount)

    def _cost_of(self, usage: Usage, row: PriceRow | None) -> Cost:
        at = None
        if row is not None and row.windows:
            at = datetime.fromtimestamp(self.received_ms / 1000, UTC)
        return cost_of(usage, row, at, multiplier=self.multiplier)

    def _as_billed(self, usage: Usage) -> Usage:
        """Return usage with what nobody counts in it.

        Which of the tokens were sound is not told apart: all of them take the dearer
        price, so that the cost is an estimate.
        """
        row = self.row
        if row is None or row.source in UNMETERED:
            return usage
        usage = with_unasked_search(usage, self.target.model)
        if self.facts.audio and row.audio is not None:
            return replace(usage, source=UsageSource.ESTIMATED)
        return usage

    def at_most(self, usage: Usage) -> Money:
        """Return what usage that was observed can have cost."""
        cost = self._cost_of(usage, self.row).amount
        if self.row is None:
            return cost
        return Money(scaled(cost.pico, self.row.hold_margin))

    def splice(self, bounds: Bounds) -> Splice | None:
        """Return the changes to the body, or None when it passes untouched."""
        facts, field = self.facts, self.output_field
        model = None if self.target.model == facts.model else self.target.model
        bound = None
        # The caller's bound may stand in another field than counts here.
        moved = bounds.output != facts.output_bound or field != facts.output_field
        if moved and field and self.metered:
            bound = bounds.output
        if model is None and bound is None and not self.strip_usage:
            return None
        return Splice(
            model=model,
            output_field=field if bound is not None else None,
            output_bound=bound,
            include_usage=self.strip_usage,
        )
