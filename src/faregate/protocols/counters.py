"""Reading the numbers of a usage block without believing all of them.

Owns what a token counter may look like. A counter that cannot be true makes its
whole block worthless: an unknown cost is booked in full, a wrong one is not noticed.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

from faregate.core.money import Money
from faregate.protocols.flags import REPORTS_COST_TICKS, REPORTS_COST_USD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.usage import Usage

MAX_COUNTER = 2**53

PICO_PER_TICK = 100
"""A tick of a reported cost is 10**-10 USD."""

_ANY = msgspec.json.Decoder(float_hook=Decimal)

LONGEST_TOKEN = 256
"""Bytes of text that no token of any vocabulary exceeds on average."""


class NotBelievedError(Exception):
    """A usage block holds a number that cannot be a count of tokens."""


def decode_block(raw: msgspec.Raw | bytes) -> Mapping[str, Any] | None:
    """Return a usage block as a mapping; None when absent, null or no object."""
    if not raw:
        return None
    try:
        value = _ANY.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def counter(block: Mapping[str, Any], key: str) -> int | None:
    """Return a counter, None when absent or null.

    Raises NotBelievedError for text, fractions, negative and absurd numbers.
    """
    value = block.get(key)
    if type(value) is int and 0 <= value <= MAX_COUNTER:
        return value
    if value is None:
        return None
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotBelievedError(key)
    if not 0 <= value <= MAX_COUNTER:
        raise NotBelievedError(key)
    return value


def detail(block: Mapping[str, Any], key: str) -> int:
    """Return a counter that only makes an answer cheaper; 0 when unbelievable."""
    if key not in block:
        return 0
    try:
        return counter(block, key) or 0
    except NotBelievedError:
        return 0


def nested(block: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an object inside a block, empty when it is none."""
    value = block.get(key)
    return value if isinstance(value, dict) else {}


def usd(value: object) -> Money | None:
    """Return an amount in USD that a provider stated; None unless above zero."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        amount = Money.usd(value)
    except (ValueError, InvalidOperation):
        return None
    return amount if amount.pico > 0 else None


def reported_cost(block: Mapping[str, Any], flags: frozenset[str]) -> Money | None:
    """Return what the provider says the call cost; None where it does not say all."""
    if REPORTS_COST_TICKS in flags:
        ticks = detail(block, "cost_in_usd_ticks")
        return Money(ticks * PICO_PER_TICK) if ticks else None
    if REPORTS_COST_USD not in flags:
        return None
    cost = usd(block.get("cost"))
    if block.get("is_byok") is True:
        # The person's own key is billed by the vendor beside the router's fee.
        upstream = usd(nested(block, "cost_details").get("upstream_inference_cost"))
        if upstream is None:
            return None
        return upstream if cost is None else cost + upstream
    return cost


def split_input(
    total: int, cached: int, written: int, *, excluded: bool
) -> tuple[int, int, int]:
    """Return uncached, cached and written input that sum to at least `total`.

    `excluded` says that `total` leaves the cached tokens out. Where they do not fit
    into `total`, they cannot be a part of it either.
    """
    if excluded or cached + written > total:
        return total, cached, written
    return total - cached - written, cached, written


def cache_details(usage: Usage) -> dict[str, int]:
    """Return the cached part of the input, as both dialects of OpenAI state it."""
    details = {"cached_tokens": usage.cache_read}
    written = usage.cache_write_5m + usage.cache_write_1h
    if written:
        details["cache_write_tokens"] = written
    return details


def larger(known: Usage | None, new: Usage | None) -> Usage | None:
    """Return the usage with more tokens, the newer of equals.

    Counters of a stream are cumulative: they are never added to each other.
    """
    if known is None or new is None:
        return new or known
    return known if known.total_tokens > new.total_tokens else new


def plausible(usage: Usage, output_bytes: int) -> bool:
    """Tell whether usage can belong to an answer of so many bytes."""
    return usage.input_tokens > 0 and usage.output * LONGEST_TOKEN >= output_bytes
