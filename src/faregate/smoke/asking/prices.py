"""What one request to a target can cost, and what it did cost.

Owns nothing of how money is computed: that is the core's pricing. It answers for one
provider and model at the instant of the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.dearest import worst_case
from faregate.core.estimate import (
    BYTES_PER_MESSAGE,
    UNKNOWN_MAXIMUM,
    Bounds,
    observed_output,
)
from faregate.core.model_facts import NOTHING_KNOWN, ModelFacts
from faregate.core.money import ZERO, Money
from faregate.core.pricing import (
    ONE,
    CacheWrite,
    Cost,
    PriceRow,
    Ratio,
    cost_of,
)
from faregate.core.usage import Usage, UsageSource
from faregate.core.values import dataclass
from faregate.protocols.flags import COMPLETION_EXCLUDES_REASONING

if TYPE_CHECKING:
    from datetime import datetime

    from faregate.protocols.codec import Answer

UNMETERED = frozenset({"free", "subscription"})
_MESSAGES = 4
_SLACK = 256
"""Output tokens held beyond the bound: a provider that ignores it is what the test
looks for, and no reason to close a person's budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The price row of one model and what bounds its requests."""

    row: PriceRow | None
    """None when no price is known and the user allowed that."""
    facts: ModelFacts = NOTHING_KNOWN
    multiplier: Ratio = ONE
    usage_flags: frozenset[str] = frozenset()

    @property
    def metered(self) -> bool:
        """Tell whether requests can cost money."""
        return self.row is not None and self.row.source not in UNMETERED

    def bounds(self, body_bytes: int, output: int | None) -> Bounds:
        """Return the most tokens that a request of these bytes can be billed for."""
        tokens = body_bytes + BYTES_PER_MESSAGE * _MESSAGES
        if self.facts.context is not None:
            tokens = min(tokens, self.facts.context)
        most = self.facts.max_output or UNKNOWN_MAXIMUM
        hidden = most if COMPLETION_EXCLUDES_REASONING in self.usage_flags else 0
        bound = most if output is None else min(most, output + _SLACK)
        return Bounds(input=tokens, output=bound, hidden_output=hidden)

    def hold(self, bounds: Bounds) -> Money:
        """Return the money to set aside for a request within `bounds`."""
        if self.row is None or not self.metered:
            return ZERO
        return worst_case(
            self.row,
            input_bound=bounds.input,
            output_bound=bounds.output + bounds.hidden_output,
            cache_write=CacheWrite.FIVE_MINUTES,
            multiplier=self.multiplier,
        )

    def cost(self, usage: Usage, at: datetime) -> Cost:
        """Return what `usage` cost for a request that started at an aware instant."""
        return cost_of(usage, self.row, at, multiplier=self.multiplier)

    def observed(
        self,
        answer: Answer,
        bounds: Bounds,
        held: Money,
        elapsed_s: float,
        at: datetime,
    ) -> tuple[Usage, Cost, Money]:
        """Return what an answer without usage can have cost, by what was seen of it."""
        made = observed_output(answer.output_bytes, elapsed_s)
        seen = answer.input_usage or Usage(uncached_input=bounds.input)
        usage = Usage(
            uncached_input=seen.uncached_input,
            cache_read=seen.cache_read,
            cache_write_5m=seen.cache_write_5m,
            cache_write_1h=seen.cache_write_1h,
            output=min(made, bounds.billable_output),
            source=UsageSource.ESTIMATED,
        )
        cost = self.cost(usage, at)
        return usage, cost, min(held, cost.amount)
