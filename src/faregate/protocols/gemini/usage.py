"""The usage metadata of generateContent as disjoint counters."""

from __future__ import annotations

from typing import Annotated

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

_Tokens = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNTER)]


class Counts(msgspec.Struct, gc=False, rename="camel"):
    """One statement of usage; thoughts stand beside the candidates."""

    prompt_token_count: _Tokens = 0
    candidates_token_count: _Tokens = 0
    thoughts_token_count: _Tokens = 0
    total_token_count: _Tokens = 0
    cached_content_token_count: _Tokens = 0
    tool_use_prompt_token_count: _Tokens = 0

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


def read_counts(stated: Counts | msgspec.Raw | bytes | None) -> Counts | None:
    """Return what a usage block states; None when absent or not believed."""
    if not stated:
        return None
    if isinstance(stated, Counts):
        counts: Counts | None = stated
    else:
        try:
            counts = _COUNTS.decode(stated)
        except (msgspec.DecodeError, RecursionError):
            counts = _checked(stated)
    return counts if counts is not None and counts.prompt_token_count else None


def larger(known: Counts | None, new: Counts | None) -> Counts | None:
    """Return the later of two statements, unless it says less.

    Each states the totals so far; only the last one has them all.
    """
    if known is None or new is None:
        return new or known
    return new if new.total >= known.total else known


def _checked(raw: msgspec.Raw | bytes) -> Counts | None:
    """Read a block that holds nulls or other oddities, counter by counter."""
    block = decode_block(raw)
    if block is None:
        return None
    try:
        return Counts(
            prompt_token_count=counter(block, "promptTokenCount") or 0,
            candidates_token_count=counter(block, "candidatesTokenCount") or 0,
            thoughts_token_count=counter(block, "thoughtsTokenCount") or 0,
            total_token_count=counter(block, "totalTokenCount") or 0,
            cached_content_token_count=detail(block, "cachedContentTokenCount"),
            tool_use_prompt_token_count=detail(block, "toolUsePromptTokenCount"),
        )
    except NotBelievedError:
        return None
