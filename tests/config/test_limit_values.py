"""Limits as people type them."""

from __future__ import annotations

import pytest

from faregate.config.limit_values import (
    allowed,
    limit_text,
    limit_toml,
    limit_value,
    limit_words,
    view_text,
)
from faregate.core.limits.effective import NAMES
from faregate.core.money import Money


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("requests", "300", 300),
        ("requests", "1,000", 1000),
        ("input_tokens", "200k", 200_000),
        ("output_tokens", "1.5M", 1_500_000),
        ("retries", "0", 0),
        ("retries", "none", None),
        ("tool_calls", " Unlimited ", None),
        ("wall_clock", "90s", 90.0),
        ("wall_clock", "1h30m", 5400.0),
        ("wall_clock", "4H", 14_400.0),
        ("spend_per_minute", "$0.50", Money.usd("0.5")),
        ("spend_per_minute", "2 USD", Money.usd(2)),
    ],
)
def test_what_is_typed_is_read(name: str, typed: str, value: object) -> None:
    assert limit_value(name, typed) == value


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("request", "5", "Did you mean requests?"),
        ("nonsense", "5", "They are: requests, wall_clock"),
        ("requests", "many", 'requests: "many" is not a whole number. Write a whole'),
        ("requests", "-1", "not a whole number"),
        ("requests", "1.5", "not a whole number"),
        ("requests", "0", "out of range. It goes from 1 to"),
        ("requests", "4h", "a whole number of requests, such as 100 or 200k, or none"),
        ("concurrency", "", "whole number"),
        ("wall_clock", "90", "90 has no unit. Write: 90s"),
        ("wall_clock", "soon", "such as 90s, 30m or 4h, or none"),
        ("wall_clock", "0.1s", "out of range"),
        ("spend_per_minute", "much", "no amount of money"),
        ("spend_per_minute", "-1", "an amount in USD, such as 0.50, or none"),
        ("spend_per_minute", "0.0000000001", "too small"),
        ("input_tokens", "9" * 60, "no value of a limit"),
        ("input_tokens", "٣", "no value of a limit"),
    ],
)
def test_what_is_wrong_says_what_is_allowed(name: str, typed: str, said: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - its text is looked at
        limit_value(name, typed)
    assert said in str(raised.value)


@pytest.mark.parametrize("name", NAMES)
def test_each_limit_says_what_is_allowed_and_can_be_none(name: str) -> None:
    assert allowed(name).endswith("or none")
    assert limit_value(name, "none") is None
    assert limit_toml(name, None) == "none"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("requests", 300, "300"),
        ("wall_clock", 5400.0, '"90m"'),
        ("wall_clock", 14_400.0, '"4h"'),
        ("wall_clock", 61.0, '"61s"'),
        ("wall_clock", 1.5, '"1500ms"'),
        ("spend_per_minute", Money.usd("0.5"), "0.5"),
        ("retries", None, '"none"'),
    ],
)
def test_a_value_is_written_as_the_configuration_has_it(
    name: str, value: object, text: str
) -> None:
    assert limit_text(name, value) == text
    assert limit_value(name, limit_words(name, value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (12_345_678, "12345678"),
        (14400.0, "14400"),
        (1_234_567.5, "1234567.5"),
        (0.25, "0.25"),
        (Money.usd("0.50"), "0.5"),
    ],
)
def test_a_view_has_a_limit_to_the_last_digit(
    value: float | Money | None, text: str | None
) -> None:
    assert view_text(value) == text
