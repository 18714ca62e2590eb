"""The usage block of Chat Completions, in all the forms that providers give it.

Owns its split into disjoint counters. What the bytes do not tell is declared by
flags; a block that cannot be believed is no usage at all.
"""

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


def read_chat_usage(
    raw: msgspec.Raw | bytes, flags: frozenset[str], *, generates: bool = True
) -> Usage | None:
    """Return the counters of a usage block; None when absent or not believed.

    `generates` False allows a block without completion tokens, as embeddings have.
    """
    block = decode_block(raw)
    if block is None:
        return None
    try:
        return _usage_of(block, flags, generates=generates)
    except NotBelievedError:
        return None


def _usage_of(
    block: Mapping[str, Any], flags: frozenset[str], *, generates: bool
) -> Usage | None:
    prompt = counter(block, "prompt_tokens")
    output = counter(block, "completion_tokens")
    total = counter(block, "total_tokens") or 0
    hit, miss = (
        detail(block, "prompt_cache_hit_tokens"),
        detail(block, "prompt_cache_miss_tokens"),
    )
    prompt = max(prompt or 0, hit + miss) or max(0, total - (output or 0))
    if output is None:
        if generates and not total:
            return None
        output = max(0, total - prompt)
    cached, written = _cached(block, hit)
    uncached, cached, written = split_input(
        prompt, cached, written, excluded=INPUT_EXCLUDES_CACHE in flags
    )
    reasoning = detail(nested(block, "completion_tokens_details"), "reasoning_tokens")
    if COMPLETION_EXCLUDES_REASONING in flags or reasoning > output:
        output += reasoning
    # A total above the sum shows tokens that no field names; they are never less.
    output = max(output, total - uncached - cached - written)
    if not uncached + cached + written:
        return None
    return Usage(
        uncached_input=uncached,
        cache_read=cached,
        cache_write_5m=written,
        output=output,
        reasoning=min(reasoning, output),
        server_tool_calls=_searches(block),
        reported_cost=reported_cost(block, flags),
    )


def _cached(block: Mapping[str, Any], hit: int) -> tuple[int, int]:
    """Return cached and newly cached input, wherever the block states them."""
    details = nested(block, "prompt_tokens_details")
    cached = max(
        hit,
        detail(details, "cached_tokens"),
        detail(block, "cached_tokens"),
        detail(block, "cache_read_input_tokens"),
    )
    written = max(
        detail(details, "cache_write_tokens"),
        detail(details, "cache_creation_input_tokens"),
        detail(details, "cache_creation_tokens"),
        detail(block, "cache_creation_input_tokens"),
    )
    return cached, written


def _searches(block: Mapping[str, Any]) -> int:
    return max(
        detail(block, "num_search_queries"),
        detail(block, "num_sources_used"),
        detail(nested(block, "server_tool_use"), "web_search_requests"),
    )
