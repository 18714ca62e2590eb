"""The usage block of Responses as disjoint counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.core.money import Money
from faregate.core.usage import Usage
from faregate.protocols.counters import (
    PICO_PER_TICK,
    NotBelievedError,
    counter,
    decode_block,
    detail,
    nested,
    split_input,
    usd,
)
from faregate.protocols.flags import (
    COMPLETION_EXCLUDES_REASONING,
    INPUT_EXCLUDES_CACHE,
    REPORTS_COST_TICKS,
    REPORTS_COST_USD,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec


def read_usage(
    raw: msgspec.Raw | bytes, flags: frozenset[str], searches: int
) -> Usage | None:
    """Return the counters of a usage block; None when absent or not believed.

    `searches` are the paid calls of the provider's own tools that were seen.
    """
    block = decode_block(raw)
    if block is None:
        return None
    try:
        return _usage_of(block, flags, searches)
    except NotBelievedError:
        return None


def _usage_of(
    block: Mapping[str, Any], flags: frozenset[str], searches: int
) -> Usage | None:
    prompt = counter(block, "input_tokens") or 0
    output = counter(block, "output_tokens")
    total = counter(block, "total_tokens") or 0
    details = nested(block, "input_tokens_details")
    if output is None or not prompt:
        return None
    uncached, cached, written = split_input(
        prompt,
        detail(details, "cached_tokens"),
        max(
            detail(details, "cache_write_tokens"),
            detail(details, "cache_creation_tokens"),
        ),
        excluded=INPUT_EXCLUDES_CACHE in flags,
    )
    reasoning = detail(nested(block, "output_tokens_details"), "reasoning_tokens")
    if COMPLETION_EXCLUDES_REASONING in flags or reasoning > output:
        output += reasoning
    return Usage(
        uncached_input=uncached,
        cache_read=cached,
        cache_write_5m=written,
        output=max(output, total - uncached - cached - written),
        reasoning=reasoning,
        server_tool_calls=max(searches, detail(block, "num_server_side_tools_used")),
        reported_cost=_cost(block, flags),
    )


def _cost(block: Mapping[str, Any], flags: frozenset[str]) -> Money | None:
    if REPORTS_COST_TICKS in flags:
        ticks = detail(block, "cost_in_usd_ticks")
        return Money(ticks * PICO_PER_TICK) if ticks else None
    return usd(block.get("cost")) if REPORTS_COST_USD in flags else None
