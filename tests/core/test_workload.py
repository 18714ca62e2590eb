from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from faregate.core.money import ZERO, Money
from faregate.core.pricing import PriceRow, Rates, Tier
from faregate.core.workload import (
    Workload,
    on_a_route,
    per_month,
    per_request,
    workload_of,
)

AT = datetime(2026, 11, 23, tzinfo=UTC)
RATES = Rates.per_mtok(
    input=Decimal(1),
    output=Decimal(10),
    cache_read=Decimal("0.1"),
    cache_write_5m=Decimal("1.25"),
)
ROW = PriceRow(provider="p", model="m", base=RATES, source="config")
DEARER = replace(ROW, base=RATES.times((10, 1)))
WORK = Workload(
    requests=Decimal(1000),
    uncached_input=1000,
    cache_read=10_000,
    cache_write=400,
    output=100,
)
# 0.001 + 0.001 + 0.0005 + 0.001
EACH = Money.usd("0.0035")


def test_a_request_and_a_month_of_them() -> None:
    assert per_request(WORK, ROW, AT) == EACH
    assert per_month(WORK, ROW, AT) == Money.usd("3.5")
    assert per_month(replace(WORK, requests=Decimal("0.5")), ROW, AT) == Money.usd(
        "0.00175"
    )
    assert per_month(replace(WORK, requests=Decimal(0)), ROW, AT) == ZERO


def test_a_long_input_meets_its_tier() -> None:
    tiered = replace(ROW, tiers=(Tier(above_input=11_000, rates=DEARER.base),))
    assert per_request(WORK, tiered, AT) == EACH * 10


def test_what_is_escalated_is_paid_twice() -> None:
    rows = [ROW, DEARER]
    assert on_a_route(WORK, rows, Decimal("0.1"), AT) == Money.usd("7")
    assert on_a_route(WORK, rows, Decimal(0), AT) == Money.usd("3.5")
    assert on_a_route(WORK, rows[:1], Decimal(1), AT) == Money.usd("3.5")
    assert on_a_route(WORK, [], Decimal(1), AT) == ZERO


def test_shares_of_the_input() -> None:
    work = workload_of(
        requests=Decimal(1),
        input_tokens=1001,
        output_tokens=5,
        cached=Decimal("0.8"),
        cache_write=Decimal("0.2"),
    )
    assert (work.uncached_input, work.cache_read, work.cache_write) == (0, 801, 200)
    assert work.usage.input_tokens == 1001


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("requests", Decimal(-1)),
        ("input_tokens", -1),
        ("output_tokens", -1),
        ("cached", Decimal("-0.1")),
        ("cache_write", Decimal("0.3")),
    ],
)
def test_what_no_workload_can_be(field: str, value: Decimal | int) -> None:
    fields = {
        "requests": Decimal(1),
        "input_tokens": 10,
        "output_tokens": 1,
        "cached": Decimal("0.8"),
    }
    with pytest.raises(ValueError, match=r"below zero|more than the input"):
        workload_of(**{**fields, field: value})  # type: ignore[arg-type]
