"""What a source of prices says, in one form for all sources."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

GENAI = "genai-prices"
LITELLM = "litellm"

_STEP = Decimal("0.000001")
_NOISE = Decimal("0.000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """USD per million tokens; None where the source names no price."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What one source says of one model and service class from a date on."""

    source: str
    provider: str
    model: str
    service: str = ""
    since: date | None = None
    base: Prices
    tiers: tuple[tuple[int, Prices], ...] = ()
    tool_fee: Decimal | None = None
    audio_in: Decimal | None = None
    """USD per million tokens of sound, where the source names a price of its own."""
    audio_read: Decimal | None = None
    audio_out: Decimal | None = None
    context: int | None = None
    max_output: int | None = None
    aliases: tuple[str, ...] = ()
    embedding: bool = False
    gone: bool = False
    """The provider no longer serves the model."""
    text: bool = True
    """False for models of audio, images and the like."""


def version_of(wheel: Path) -> str:
    """Return the version in a wheel's file name."""
    return wheel.name.split("-")[1]


def prices(
    *,
    input: Decimal | None,
    output: Decimal | None,
    cache_read: Decimal | None = None,
    cache_write_5m: Decimal | None = None,
    cache_write_1h: Decimal | None = None,
) -> Prices:
    """Return prices rounded up to what a price table can hold.

    A cache price of zero beside a paid input price means that nobody filled it in.
    """
    paid = bool(input)
    return Prices(
        input=_rounded(input or Decimal(0)),
        output=_rounded(output or Decimal(0)),
        cache_read=_stated(cache_read, paid=paid),
        cache_write_5m=_stated(cache_write_5m, paid=paid),
        cache_write_1h=_stated(cache_write_1h, paid=paid),
    )


def _stated(price: Decimal | None, *, paid: bool) -> Decimal | None:
    if price is None or (paid and price == 0):
        return None
    return _rounded(price)


def _rounded(price: Decimal) -> Decimal:
    """Return a price rounded up to six decimals, but for the noise of floats."""
    nearest = price.quantize(_STEP)
    if abs(price - nearest) < _NOISE:
        return nearest
    return price.quantize(_STEP, rounding=ROUND_CEILING)


def sound(price: Decimal | None) -> Decimal | None:
    """Return a price of sound rounded like the others; zero is no price."""
    return _stated(price, paid=True)


def times(base: Prices, factor: Decimal) -> Prices:
    """Return every stated price times a factor."""

    def scaled(price: Decimal | None) -> Decimal | None:
        return None if price is None else price * factor

    return prices(
        input=base.input * factor,
        output=base.output * factor,
        cache_read=scaled(base.cache_read),
        cache_write_5m=scaled(base.cache_write_5m),
        cache_write_1h=scaled(base.cache_write_1h),
    )


def proportional(price: Prices, service: Prices, usual: Prices) -> Prices:
    """Return a price in the ratio, at its dearest, of a service class to the usual."""
    factor = max(service.input / usual.input, service.output / (usual.output or 1))
    return times(price, factor)


def matches(patterns: Iterable[str], provider: str, model: str) -> bool:
    """Tell whether "provider/model" matches one of the patterns, without case."""
    name = f"{provider}/{model}".casefold()
    return any(fnmatchcase(name, pattern.casefold()) for pattern in patterns)
