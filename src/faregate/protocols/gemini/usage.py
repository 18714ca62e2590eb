"""The usage metadata of generateContent as disjoint counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.usage import Usage
from faregate.protocols.counters import (
    NotBelievedError,
    counter,
    decode_block,
    detail,
    split_input,
)

if TYPE_CHECKING:
    import msgspec


def read_usage(raw: msgspec.Raw | bytes, searches: int) -> Usage | None:
    """Return the counters; None when absent or not believed.

    Thoughts are counted beside the candidates here, and what a tool put into the
    prompt beside the prompt. `searches` are the paid searches that were seen.
    """
    block = decode_block(raw)
    if block is None:
        return None
    try:
        prompt = counter(block, "promptTokenCount") or 0
        output = counter(block, "candidatesTokenCount") or 0
        thoughts = counter(block, "thoughtsTokenCount") or 0
        total = counter(block, "totalTokenCount") or 0
    except NotBelievedError:
        return None
    uncached, cached, _ = split_input(
        prompt, detail(block, "cachedContentTokenCount"), 0, excluded=False
    )
    uncached += detail(block, "toolUsePromptTokenCount")
    if not uncached + cached:
        return None
    return Usage(
        uncached_input=uncached,
        cache_read=cached,
        output=max(output + thoughts, total - uncached - cached),
        reasoning=thoughts,
        server_tool_calls=searches,
    )
