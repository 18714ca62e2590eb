"""Prices as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from faregate.config.price_values import price_section, price_values


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("3 15", ("3", "15")),
        (" $3  $15 0.3 ", ("3", "15", "0.3")),
        ("0.25/2", ("0.25", "2")),
    ],
)
def test_what_is_typed_is_read(typed: str, values: tuple[str, ...]) -> None:
    assert price_values(typed) == values


@pytest.mark.parametrize("typed", ["", "3", "1 2 3 4", "a b", "-1 2", "1e3 2", "1,5 2"])
def test_what_is_wrong_says_what_is_allowed(typed: str) -> None:
    with pytest.raises(ValueError, match="USD per million tokens"):
        price_values(typed)


def test_a_section_has_what_was_given() -> None:
    assert price_section("3", "15") == {"input": Decimal(3), "output": Decimal(15)}
    assert price_section("3", "15", None, "") == {
        "input": Decimal(3),
        "output": Decimal(15),
    }
