"""Token counts of one answer and what they cost, by the simulator's own sums.

Owns the oracle's arithmetic; it must never call the gate's pricing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from faregate.core.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY_MODEL = "*"
_PICO_PER_USD = 10**12
_TOKENS_PER_RATE = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Tokens of one answer; every counter is disjoint but `reasoning`.

    `input` is the uncached input, `cache_write` the five-minute kind, `reasoning` a
    part of `output`.
    """

    input: int = 0
    cached: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def prompt(self) -> int:
        """Return all input tokens, cached or not."""
        return self.input + self.cached + self.cache_write + self.cache_write_1h


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRates:
    """What a model costs, in USD per million tokens, as decimal text.

    A rate left out falls back on `input` (cached, cache writes) or on the
    five-minute write (the one-hour write). Above `tier_above` prompt tokens the whole
    request is billed at `tier`.
    """

    input: str
    output: str
    cached: str | None = None
    cache_write: str | None = None
    cache_write_1h: str | None = None
    tier_above: int | None = None
    tier: BillRates | None = None

    def amount(self, counts: Counts) -> Money:
        """Return the exact price of `counts`."""
        above = self.tier_above is not None and counts.prompt > self.tier_above
        if above and self.tier is not None:
            return self.tier.amount(counts)
        write = self.cache_write or self.input
        return Money(
            counts.input * _pico_per_token(self.input)
            + counts.cached * _pico_per_token(self.cached or self.input)
            + counts.cache_write * _pico_per_token(write)
            + counts.cache_write_1h * _pico_per_token(self.cache_write_1h or write)
            + counts.output * _pico_per_token(self.output)
        )


DEFAULT_RATES: Mapping[str, BillRates] = {
    ANY_MODEL: BillRates(input="3", cached="0.3", cache_write="3.75", output="15")
}


def rates_for(model: str, rates: Mapping[str, BillRates]) -> BillRates | None:
    """Return the rates of `model`, else those of `*`; None when neither is listed."""
    return rates.get(model) or rates.get(ANY_MODEL)


def _pico_per_token(rate: str) -> int:
    exact = Fraction(rate) * _PICO_PER_USD / _TOKENS_PER_RATE
    if exact.denominator != 1 or exact < 0:
        raise ValueError(f"{rate!r} USD per million is no whole pico-USD a token")
    return exact.numerator
