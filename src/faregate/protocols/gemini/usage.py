"""The usage metadata of generateContent as disjoint counters."""

from __future__ import annotations

import msgspec

from faregate.core.usage import Usage
from faregate.protocols.counters import (
    MAX_COUNTER,
    NotBelievedError,
    counter,
    decode_block,
    detail,
    split_input,
)


class Counts(msgspec.Struct, gc=False, rename="camel"):
    """One statement of usage; thoughts stand beside the candidates."""

    prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    total_token_count: int = 0
    cached_content_token_count: int = 0
    tool_use_prompt_token_count: int = 0

    @property
    def total(self) -> int:
        """Return all tokens that the statement shows, named or not."""
        named = (
            self.prompt_token_count
            + self.tool_use_prompt_token_count
            + self.candidates_token_count
            + self.thoughts_token_count
        )
        return max(self.total_token_count, named)

    def usage(self, searches: int) -> Usage:
        """Return disjoint counters; `searches` are the paid searches seen."""
        uncached, cached, _ = split_input(
            self.prompt_token_count,
            self.cached_content_token_count,
            0,
            excluded=False,
        )
        uncached += self.tool_use_prompt_token_count
        output = self.candidates_token_count + self.thoughts_token_count
        return Usage(
            uncached_input=uncached,
            cache_read=cached,
            output=max(output, self.total_token_count - uncached - cached),
            reasoning=self.thoughts_token_count,
            server_tool_calls=searches,
        )


_COUNTS = msgspec.json.Decoder(Counts)


def read_counts(raw: msgspec.Raw | bytes) -> Counts | None:
    """Return what a usage block states; None when absent or not believed."""
    try:
        counts = _COUNTS.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return _checked(raw)
    numbers = (
        counts.prompt_token_count,
        counts.candidates_token_count,
        counts.thoughts_token_count,
        counts.total_token_count,
        counts.cached_content_token_count,
        counts.tool_use_prompt_token_count,
    )
    if min(numbers) < 0 or max(numbers) > MAX_COUNTER:
        return _checked(raw)
    return counts if counts.prompt_token_count else None


def _checked(raw: msgspec.Raw | bytes) -> Counts | None:
    """Read a block that holds nulls or other oddities, counter by counter."""
    block = decode_block(raw)
    if block is None:
        return None
    try:
        counts = Counts(
            prompt_token_count=counter(block, "promptTokenCount") or 0,
            candidates_token_count=counter(block, "candidatesTokenCount") or 0,
            thoughts_token_count=counter(block, "thoughtsTokenCount") or 0,
            total_token_count=counter(block, "totalTokenCount") or 0,
            cached_content_token_count=detail(block, "cachedContentTokenCount"),
            tool_use_prompt_token_count=detail(block, "toolUsePromptTokenCount"),
        )
    except NotBelievedError:
        return None
    return counts if counts.prompt_token_count else None
