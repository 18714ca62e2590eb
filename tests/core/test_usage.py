"""Usage: disjoint counters that add up."""

from __future__ import annotations

from faregate.core.usage import Usage, UsageSource


def test_input_is_the_sum_of_its_disjoint_parts() -> None:
    usage = Usage(
        uncached_input=1, cache_read=20, cache_write_5m=300, cache_write_1h=4000
    )
    assert usage.input_tokens == 4321


def test_reasoning_is_a_part_of_the_output_and_never_added() -> None:
    usage = Usage(uncached_input=10, output=100, reasoning=90)
    assert usage.total_tokens == 110


def test_an_empty_usage_counts_nothing_and_says_it_was_reported() -> None:
    usage = Usage()
    assert usage.input_tokens == usage.total_tokens == 0
    assert usage.source is UsageSource.REPORTED
    assert usage.reported_cost is None
