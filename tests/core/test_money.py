"""Money: exact integers, one rounding rule, text that loses nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faregate.core.money import MAX_PICO, ZERO, Money

amounts = st.integers(min_value=-MAX_PICO, max_value=MAX_PICO).map(Money)


def test_reads_decimals_integers_and_text() -> None:
    assert Money.usd(Decimal("0.41")) == Money(410_000_000_000)
    assert Money.usd(20) == Money(20 * 10**12)
    assert Money.usd("0.000000000001") == Money(1)


def test_what_is_finer_than_a_pico_usd_rounds_up() -> None:
    assert Money.usd("0.0000000000001") == Money(1)
    assert Money.usd("-0.0000000000011") == Money(-1)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "twenty", ""])
def test_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="amount in USD"):
        Money.usd(text)


def test_refuses_what_a_ledger_cell_cannot_hold() -> None:
    assert Money.usd("9223372.036854775807") == Money(MAX_PICO)
    with pytest.raises(ValueError, match="beyond"):
        Money.usd("9223372.036854775808")


@given(amounts, amounts)
def test_sums_and_differences_are_exact(one: Money, other: Money) -> None:
    assert one + other - other == one
    assert -(one - other) == other - one
    assert one * 3 == one + one + one


@given(amounts)
def test_exact_text_reads_back_as_the_same_amount(amount: Money) -> None:
    assert Money.usd(amount.exact()) == amount
    assert "E" not in amount.exact()


@pytest.mark.parametrize(
    ("pico", "exact", "shown"),
    [
        (0, "0", "$0.00"),
        (410_000_000_000, "0.41", "$0.41"),
        (20 * 10**12, "20", "$20.00"),
        (1_234_567 * 10**12, "1234567", "$1,234,567.00"),
        (123_000_000, "0.000123", "$0.0001"),
        (-1_500_000_000_000, "-1.5", "-$1.50"),
    ],
)
def test_text_for_machines_and_for_people(pico: int, exact: str, shown: str) -> None:
    assert Money(pico).exact() == exact
    assert str(Money(pico)) == shown


def test_orders_by_amount_and_only_zero_is_false() -> None:
    assert Money(1) > ZERO > Money(-1)
    assert not ZERO
    assert Money(-1)
