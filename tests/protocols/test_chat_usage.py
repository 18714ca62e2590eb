"""The usage blocks of Chat Completions, as every provider writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.money import Money
from faregate.core.usage import Usage
from faregate.protocols.chat_usage import read_chat_usage
from faregate.protocols.flags import (
    COMPLETION_EXCLUDES_REASONING,
    INPUT_EXCLUDES_CACHE,
    REPORTS_COST_TICKS,
    REPORTS_COST_USD,
)

FLAGS = (
    COMPLETION_EXCLUDES_REASONING,
    INPUT_EXCLUDES_CACHE,
    REPORTS_COST_TICKS,
    REPORTS_COST_USD,
)


def read(*flags: str, generates: bool = True, **block: Any) -> Usage | None:
    raw = json.dumps(block).encode()
    return read_chat_usage(raw, frozenset(flags), generates=generates)


BASE: dict[str, Any] = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "total_tokens": 120,
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, Usage(uncached_input=100, output=20)),
        (
            {"prompt_tokens_details": {"cached_tokens": 30}},
            Usage(uncached_input=70, cache_read=30, output=20),
        ),
        ({"prompt_tokens_details": None}, Usage(uncached_input=100, output=20)),
        (
            {"prompt_tokens_details": {"cached_tokens": -5}},
            Usage(uncached_input=100, output=20),
        ),
        (
            {"prompt_tokens_details": {"cached_tokens": "30"}},
            Usage(uncached_input=100, output=20),
        ),
        ({"cached_tokens": 30}, Usage(uncached_input=70, cache_read=30, output=20)),
        (
            {"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36},
            Usage(uncached_input=36, cache_read=64, output=20),
        ),
        (
            {"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 99},
            Usage(uncached_input=99, cache_read=64, output=20),
        ),
        (
            {"prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 9}},
            Usage(uncached_input=61, cache_read=30, cache_write_5m=9, output=20),
        ),
        (
            {"cache_read_input_tokens": 30, "cache_creation_input_tokens": 9},
            Usage(uncached_input=61, cache_read=30, cache_write_5m=9, output=20),
        ),
        (
            {"completion_tokens_details": {"reasoning_tokens": 15}},
            Usage(uncached_input=100, output=20, reasoning=15),
        ),
        (
            {"completion_tokens_details": {"reasoning_tokens": 50}},
            Usage(uncached_input=100, output=70, reasoning=50),
        ),
        ({"total_tokens": 150}, Usage(uncached_input=100, output=50)),
        ({"total_tokens": 90}, Usage(uncached_input=100, output=20)),
        ({"total_tokens": None}, Usage(uncached_input=100, output=20)),
        ({"prompt_tokens": None}, Usage(uncached_input=100, output=20)),
        ({"completion_tokens": None}, Usage(uncached_input=100, output=20)),
        ({"completion_tokens": 0}, Usage(uncached_input=100, output=20)),
        (
            {"num_search_queries": 3},
            Usage(uncached_input=100, output=20, server_tool_calls=3),
        ),
        (
            {"server_tool_use": {"web_search_requests": 2}},
            Usage(uncached_input=100, output=20, server_tool_calls=2),
        ),
    ],
)
def test_forms(more: dict[str, Any], expected: Usage) -> None:
    assert read(**{**BASE, **more}) == expected


@pytest.mark.parametrize("key", ["prompt_tokens", "completion_tokens", "total_tokens"])
@pytest.mark.parametrize("bad", ["12", -1, 1.5, True, 2**53 + 1, 10**30, [], {}])
def test_counters_that_are_not_believed(key: str, bad: object) -> None:
    assert read(**{**BASE, key: bad}) is None


def test_a_block_of_nothing_is_no_usage() -> None:
    assert read() is None
    assert read(prompt_tokens=0, completion_tokens=0, total_tokens=0) is None
    assert read(prompt_tokens=5) is None
    assert read(generates=False, prompt_tokens=5) == Usage(uncached_input=5)


def test_reasoning_beside_the_completion() -> None:
    block: dict[str, Any] = {
        **BASE,
        "completion_tokens_details": {"reasoning_tokens": 15},
    }
    assert read(COMPLETION_EXCLUDES_REASONING, **block) == Usage(
        uncached_input=100, output=35, reasoning=15
    )


def test_cache_beside_the_prompt() -> None:
    block: dict[str, Any] = {**BASE, "cached_tokens": 30}
    assert read(INPUT_EXCLUDES_CACHE, **block) == Usage(
        uncached_input=100, cache_read=30, output=20
    )


def test_cached_tokens_that_do_not_fit_lose_nothing() -> None:
    assert read(**{**BASE, "cached_tokens": 130}) == Usage(
        uncached_input=100, cache_read=130, output=20
    )


def cost(*flags: str, **block: Any) -> Money | None:
    usage = read(*flags, **{**BASE, **block})
    assert usage is not None
    return usage.reported_cost


def test_reported_costs() -> None:
    assert cost(REPORTS_COST_USD, cost=0.00123) == Money.usd("0.00123")
    assert cost(REPORTS_COST_TICKS, cost_in_usd_ticks=37756000) == Money.usd(
        "0.0037756"
    )
    assert cost(cost=0.00123, cost_in_usd_ticks=5) is None


@pytest.mark.parametrize("bad", [0, -1, "x", True, None, 1e30, []])
def test_costs_that_are_not_believed(bad: object) -> None:
    assert cost(REPORTS_COST_USD, cost=bad) is None
    assert cost(REPORTS_COST_TICKS, cost_in_usd_ticks=bad) is None


def test_with_ones_own_key_the_vendor_is_paid_too() -> None:
    details = {"upstream_inference_cost": 0.02}
    assert cost(
        REPORTS_COST_USD, cost=0.001, is_byok=True, cost_details=details
    ) == Money.usd("0.021")
    assert cost(
        REPORTS_COST_USD, cost=0, is_byok=True, cost_details=details
    ) == Money.usd("0.02")
    assert cost(REPORTS_COST_USD, cost=0.001, is_byok=True) is None
    assert cost(
        REPORTS_COST_USD, cost=0.001, is_byok=False, cost_details=details
    ) == Money.usd("0.001")


counts = st.integers(0, 10**6)


@settings(max_examples=100, deadline=None)
@given(
    prompt=counts,
    completion=counts,
    total=counts,
    cached=counts,
    written=counts,
    reasoning=counts,
    flags=st.sets(st.sampled_from(FLAGS)),
)
def test_no_token_is_ever_lost(
    prompt: int,
    completion: int,
    total: int,
    cached: int,
    written: int,
    reasoning: int,
    flags: set[str],
) -> None:
    usage = read(
        *flags,
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total,
        prompt_tokens_details={"cached_tokens": cached, "cache_write_tokens": written},
        completion_tokens_details={"reasoning_tokens": reasoning},
    )
    if usage is None:
        assert prompt == 0
        return
    assert usage.input_tokens >= prompt
    assert usage.output >= completion
    assert usage.total_tokens >= total
    assert 0 <= usage.reasoning <= usage.output
    assert min(usage.uncached_input, usage.cache_read, usage.cache_write_5m) >= 0
