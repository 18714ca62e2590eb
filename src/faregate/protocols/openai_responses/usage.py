"""The usage block of Responses as disjoint counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.core.usage import Usage
from faregate.protocols.counters import (
    NotBelievedError,
    counter,
    decode_block,
    detail,
    nested,
    reported_cost,
    split_input,
)
from faregate.protocols.flags import (
    COMPLETION_EXCLUDES_REASONING,
    INPUT_EXCLUDES_CACHE,
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
        reported_cost=reported_cost(block, flags),
    )
