"""Models of the control API for prices that a person sets. Additive only."""

from __future__ import annotations

import msgspec

from faregate.control.asking import Ask


class SetPrice(Ask, frozen=True, kw_only=True):
    """Ask to set a model's price, in USD per million tokens as decimal text."""

    target: str
    """"provider/model"."""
    input: str | None = None
    """None takes back what was set."""
    output: str | None = None
    cached_input: str | None = None


class PriceView(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs now, in words: "$3 in, $15 out"; None for no price."""

    target: str
    price: str | None


class PriceChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What a model cost and costs, in words: "$3 in, $15 out"; None for no price."""

    target: str
    before: str | None
    after: str | None
