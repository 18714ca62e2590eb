"""Prices as a person types them, and as overrides.toml keeps them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from faregate.config.sections.prices import read_prices
from faregate.config.tables import Source, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.config.settings import ProviderChoice
    from faregate.core.pricing import PriceRow

_PRICE = re.compile(r"\$?([0-9]{1,6}(?:\.[0-9]{1,6})?)")
NAMES = ("input", "output", "cached_input")
ALLOWED = "in USD per million tokens: input output, e.g. 3 15"
"""How prices are written, for a person who types them."""


def price_values(typed: str) -> tuple[str, ...]:
    """Return two or three prices from "3 15" or "3 15 0.3": input, output, cached input.

    Raises ValueError that says what was wrong.
    """
    parts = typed.replace("/", " ").split()
    if not 2 <= len(parts) <= len(NAMES):
        raise ValueError(
            f"{typed[:40]!r}: write the price of input, of output, and of cached input "
            f"where it has one, {ALLOWED}"
        )
    return tuple(_one(part) for part in parts)


def price_section(*prices: str | None) -> dict[str, Decimal]:
    """Return prices as the section of one model; those that are None are left out."""
    named = zip(NAMES, prices, strict=False)
    return {name: Decimal(_one(each)) for name, each in named if each is not None}


def price_row(
    target: str,
    section: Mapping[str, object],
    providers: Mapping[str, ProviderChoice],
) -> PriceRow:
    """Return the row of one model's section; raises ValueError for a person."""
    source = Source()
    rows = read_prices(Table({target: section}, source=source), providers)
    if source.problems:
        first = source.problems[0]
        hint = f". {first.hint}" if first.hint else ""
        raise ValueError(f"{target}: {first.message}{hint}")
    return rows[0]


def _one(text: str) -> str:
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:40]!r} is no price in USD per million tokens, e.g. 3")
    return found[1]
