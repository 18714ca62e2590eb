"""What is known of a target and a request, as it meets in a plan."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.core.estimate import UNKNOWN_MAXIMUM
from faregate.core.money import Money
from faregate.core.usage import Usage
from faregate.providers.price_table import PriceTable
from tests.gateway.gates import ask, row
from tests.gateway.planners import planned, planner


@pytest.mark.parametrize(
    ("region", "asked", "factor"),
    [("", None, 10), ("us", None, 11), ("us", "eu", 12), ("", "mars", 12)],
)
def test_a_region_can_cost_more(region: str, asked: str | None, factor: int) -> None:
    by = planner(regions={"r": region} if region else None)
    body = {"model": "r/m", "max_tokens": 1_000, "messages": []}
    if asked is not None:
        body["inference_geo"] = asked
    made = planned(body, "/v1/messages", by=by)
    usage = Usage(uncached_input=1_000, output=1_000)
    plain = Money.usd("0.011")
    assert made.cost(usage, None).amount == Money(plain.pico * factor // 10)
    assert made.amount(made.bounds) >= Money.usd("0.001") * factor


def test_reasoning_beyond_the_bound_is_held_and_never_sent() -> None:
    made = planned(ask("h/m", max_tokens=1_000, stream=False))
    assert made.bounds.billable_output == 9_000
    assert made.amount(made.bounds) > Money.usd("0.09")
    changes = made.splice(made.bounds)
    assert changes is not None
    assert changes.output_bound is None
    assert changes.model == "m"


def test_such_reasoning_of_a_model_nobody_knows_is_a_lot() -> None:
    by = planner()
    prices: Any = by
    prices._prices = PriceTable().with_overrides((row("h"),))
    made = planned(ask("h/m", max_tokens=1_000), by=by)
    assert made.bounds.hidden_output == UNKNOWN_MAXIMUM


def test_the_window_bounds_the_input() -> None:
    long = ask("p/small", messages=[{"role": "user", "content": "x" * 50_000}])
    assert planned(long).bounds.input == 4_000


def test_but_not_one_that_the_price_list_goes_beyond() -> None:
    body = ask("p/tiered", messages=[{"role": "user", "content": "x" * 300_000}])
    made = planned(body)
    assert made.bounds.input > 300_000
    assert made.amount(made.bounds) > Money.usd("0.60")
