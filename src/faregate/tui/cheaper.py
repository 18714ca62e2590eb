"""What the same request would cost on another model that this person already uses.

A rough figure, for a hint: the price table's usual rates, applied alike to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from faregate.core.money import Money
from faregate.providers.price_table import PriceTable
from faregate.providers.registry import by_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

_USUAL_OUTPUT = 1000
"""Tokens of an answer, where nothing tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cheaper:
    """A cheaper model and about what it would cost."""

    target: str
    estimate: Money


@lru_cache(maxsize=1)
def bundled_prices() -> PriceTable:
    """Return the table that Faregate ships; reads a file, so not on the loop."""
    from importlib.resources import files

    return PriceTable.from_json(
        files("faregate.providers").joinpath("prices.json").read_bytes()
    )


def cheaper(
    prices: PriceTable,
    target: str,
    estimate: Money,
    others: Iterable[str],
    *,
    input_tokens: int,
    at: date,
) -> Cheaper | None:
    """Return the cheapest of `others` that could take `target`'s place.

    The same provider's models go first, then those that speak a protocol in common.
    None when there is none at less than four fifths of the estimate.
    """
    own = _weight(prices, target, input_tokens, at)
    if not own or not estimate:
        return None
    found: list[tuple[bool, int, str]] = []
    for other in others:
        weight = _weight(prices, other, input_tokens, at)
        if weight and weight * 5 < own * 4 and _alike(target, other):
            found.append((_provider(other) != _provider(target), weight, other))
    if not found:
        return None
    _, weight, best = min(found)
    return Cheaper(target=best, estimate=Money(estimate.pico * weight // own))


def _weight(prices: PriceTable, target: str, input_tokens: int, at: date) -> int:
    provider, _, model = target.partition("/")
    row = prices.row(provider, model, at)
    if row is None:
        return 0
    rates = row.rates_for(input_tokens)
    return rates.input * input_tokens + rates.output * _USUAL_OUTPUT


def _alike(target: str, other: str) -> bool:
    """Whether both providers speak a protocol in common."""
    specs = [by_name(_provider(each)) for each in (target, other)]
    spoken = [set() if spec is None else set(spec.base_urls) for spec in specs]
    return bool(spoken[0] & spoken[1])


def _provider(target: str) -> str:
    return target.partition("/")[0]
