"""The usage block of Chat Completions, in all the forms that providers give it.

Owns its split into disjoint counters. What the bytes do not tell is declared by
flags; a block that cannot be believed is no usage at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from faregate.core.usage import Usage
from faregate.protocols.counters import (
    MAX_COUNTER,
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
    from faregate.core.money import Money

_Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNTER)] | None


class _Input(msgspec.Struct, gc=False):
    cached_tokens: _Count = None
    cache_write_tokens: _Count = None
    cache_creation_input_tokens: _Count = None
    cache_creation_tokens: _Count = None


class _Output(msgspec.Struct, gc=False):
    reasoning_tokens: _Count = None


class _Searches(msgspec.Struct, gc=False):
    web_search_requests: _Count = None


class _Block(msgspec.Struct, gc=False):
    prompt_tokens: _Count = None
    completion_tokens: _Count = None
    total_tokens: _Count = None
    prompt_cache_hit_tokens: _Count = None
    prompt_cache_miss_tokens: _Count = None
    cached_tokens: _Count = None
    cache_read_input_tokens: _Count = None
    cache_creation_input_tokens: _Count = None
    num_search_queries: _Count = None
    num_sources_used: _Count = None
    prompt_tokens_details: _Input | None = None
    completion_tokens_details: _Output | None = None
    server_tool_use: _Searches | None = None


_BLOCK = msgspec.json.Decoder(_Block)


def read_chat_usage(
    raw: msgspec.Raw | bytes, flags: frozenset[str], *, generates: bool = True
) -> Usage | None:
    """Return the counters of a usage block; None when absent or not believed.

    `generates` False allows a block without completion tokens, as embeddings have.
    """
    if not raw:
        return None
    try:
        block: _Block | None = _BLOCK.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        block = _loosely(raw)
    if block is None:
        return None
    cost = reported_cost(decode_block(raw) or {}, flags) if flags else None
    return _usage_of(block, flags, cost, generates=generates)


def _loosely(raw: msgspec.Raw | bytes) -> _Block | None:
    """Return a block of which some field has a form that nobody expected."""
    block = decode_block(raw)
    if block is None:
        return None
    try:
        found: dict[str, object] = {name: counter(block, name) for name in _TOTALS}
    except NotBelievedError:
        return None
    # The rest only tells of which kind the tokens are: what is odd there counts 0.
    for name in _DETAILS:
        found[name] = detail(block, name)
    for name, kind in _INNER.items():
        inner = nested(block, name)
        found[name] = {each: detail(inner, each) for each in kind.__struct_fields__}
    return msgspec.convert(found, _Block)


_TOTALS = ("prompt_tokens", "completion_tokens", "total_tokens")
_INNER: dict[str, type[msgspec.Struct]] = {
    "prompt_tokens_details": _Input,
    "completion_tokens_details": _Output,
    "server_tool_use": _Searches,
}
_DETAILS = tuple(
    name for name in _Block.__struct_fields__ if name not in {*_TOTALS, *_INNER}
)


def _usage_of(
    block: _Block, flags: frozenset[str], cost: Money | None, *, generates: bool
) -> Usage | None:
    output = block.completion_tokens
    total = block.total_tokens or 0
    hit = block.prompt_cache_hit_tokens or 0
    prompt = hit + (block.prompt_cache_miss_tokens or 0)
    if block.prompt_tokens is not None and block.prompt_tokens > prompt:
        prompt = block.prompt_tokens
    if not prompt:
        prompt = max(0, total - (output or 0))
    if output is None:
        if generates and not total:
            return None
        output = max(0, total - prompt)
    cached, written = _cached(block, hit)
    uncached, cached, written = split_input(
        prompt, cached, written, excluded=INPUT_EXCLUDES_CACHE in flags
    )
    inner = block.completion_tokens_details
    reasoning = 0 if inner is None else inner.reasoning_tokens or 0
    if COMPLETION_EXCLUDES_REASONING in flags or reasoning > output:
        output += reasoning
    known = uncached + cached + written
    # A total above the sum shows tokens that no field names; they are never less.
    if total - known > output:
        output = total - known
    if not known:
        return None
    return Usage(
        uncached,
        cached,
        written,
        0,
        output,
        reasoning if reasoning < output else output,
        _searches(block),
        cost,
    )


def _larger(one: int | None, other: int) -> int:
    return other if one is None or one < other else one


def _cached(block: _Block, hit: int) -> tuple[int, int]:
    """Return cached and newly cached input, wherever the block states them."""
    cached, written = hit, block.cache_creation_input_tokens or 0
    # Most blocks state none of them, and this is read for every answer.
    if block.cached_tokens or block.cache_read_input_tokens:
        cached = _larger(block.cached_tokens, hit)
        cached = _larger(block.cache_read_input_tokens, cached)
    inner = block.prompt_tokens_details
    if inner is not None:
        cached = _larger(inner.cached_tokens, cached)
        written = _larger(inner.cache_write_tokens, written)
        written = _larger(inner.cache_creation_input_tokens, written)
        written = _larger(inner.cache_creation_tokens, written)
    return cached, written


def _searches(block: _Block) -> int:
    asked = block.server_tool_use
    if asked is None and not (block.num_search_queries or block.num_sources_used):
        return 0
    most = 0 if asked is None else asked.web_search_requests or 0
    return _larger(block.num_search_queries, _larger(block.num_sources_used, most))
