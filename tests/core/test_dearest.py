"""The dearest rates are those of the row that is asked for, however often."""

from __future__ import annotations

from decimal import Decimal

import pytest

from faregate.core import dearest
from faregate.core.dearest import dearest_rates, worst_case
from faregate.core.money import Money
from faregate.core.pricing import ONE, CacheWrite, PriceRow, Rates, Ratio, Tier, scaled


def row(price: int) -> PriceRow:
    base = Rates.per_mtok(input=Decimal(price), output=Decimal(2 * price))
    more = Rates.per_mtok(input=Decimal(3 * price), output=Decimal(4 * price))
    return PriceRow(
        provider="p",
        model="m",
        base=base,
        tiers=(Tier(above_input=100, rates=more),),
        source="config",
    )


def listed(row: PriceRow, count: int, write: CacheWrite, factor: Ratio) -> Money:
    rates = dearest_rates(row, count, write).times(factor)
    return Money(scaled(rates.input * count + rates.output, row.hold_margin))


def test_what_is_remembered_is_what_would_be_worked_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dearest, "_REMEMBERED", 5)
    rows = [row(price) for price in (1, 2, 3)]
    factors: tuple[Ratio, ...] = (ONE, (11, 10))
    for _ in range(2):
        for each in rows:
            for count in (100, 101, 5_000):
                for write in CacheWrite:
                    for factor in factors:
                        assert worst_case(
                            each,
                            input_bound=count,
                            output_bound=1,
                            cache_write=write,
                            multiplier=factor,
                        ) == listed(each, count, write, factor)
    assert len(dearest._rates) <= 5


def test_another_row_at_the_same_place_is_another_row() -> None:
    for price in range(1, 200):
        known = row(price)
        assert worst_case(known, input_bound=1, output_bound=0) == listed(
            known, 1, CacheWrite.UNKNOWN, ONE
        ) - Money(known.base.output)
        del known
