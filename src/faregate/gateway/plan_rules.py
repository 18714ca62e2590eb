"""What is known of a target and of a request, and what a plan makes of it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.core.estimate import UNKNOWN_MAXIMUM
from faregate.core.facts import Work
from faregate.core.pricing import ONE

if TYPE_CHECKING:
    from faregate.core.capabilities import Capabilities
    from faregate.core.estimate import Bounds
    from faregate.core.facts import RequestFacts
    from faregate.core.model_facts import ModelFacts
    from faregate.core.pricing import PriceRow, Ratio
    from faregate.providers.spec import ProviderSpec


def capped(model: ModelFacts, row: PriceRow, facts: RequestFacts) -> ModelFacts:
    """Return the facts without a window that the price list itself goes beyond.

    Such a model has a longer window for those who ask. What no bytes bound keeps
    the usual one.
    """
    window = model.context
    if window is None or facts.media or facts.stored_input:
        return model
    if all(tier.above_input < window for tier in row.tiers):
        return model
    return replace(model, context=None)


def held_at_maximum(bounds: Bounds, model: ModelFacts) -> Bounds:
    """Return bounds for an answer that nothing but the model itself ends."""
    output = model.max_output or UNKNOWN_MAXIMUM
    return replace(bounds, output=output, output_injected=False)


def dearest_region(spec: ProviderSpec, chosen: str, asked: str | None) -> Ratio:
    """Return the dearest factor of the regions that are configured or asked for."""
    factors = spec.region_multipliers
    regions = [name for name in (chosen, asked) if name]
    found = [factors[name] for name in regions if name in factors]
    if asked and asked not in factors:
        # A region that no table knows may be the dearest of all.
        found += factors.values()
    return max(found, key=lambda ratio: ratio[0] / ratio[1], default=ONE)


def must_ask_for_usage(facts: RequestFacts, tested: Capabilities) -> bool:
    """Tell whether the gate asks for usage; a refused wish would end every stream.

    Unasked, an answer without usage keeps its whole hold.
    """
    refused = tested.include_usage is False
    return facts.stream and not facts.wants_usage and not refused


def has_no_tools(spec: ProviderSpec, facts: RequestFacts, tested: Capabilities) -> bool:
    """Tell whether tool calls are known not to work; the person's word goes first."""
    if not facts.tools or facts.work is not Work.GENERATION:
        return False
    return (tested.tools if spec.tools is None else spec.tools) is False
