"""How a plan turns usage into money."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from faregate.core.facts import RequestFacts, Work
from faregate.core.money import ZERO, Money
from faregate.core.pricing import ONE, CostSource, PriceRow
from faregate.core.routing import Target
from faregate.core.usage import Usage
from faregate.gateway.plan import Plan
from tests.gateway.gates import SPEC, ask, row
from tests.gateway.planners import planned

USED = Usage(uncached_input=1_000, output=100)
PRICE = Money.usd("0.002")


def plan(price: PriceRow | None, **rows: PriceRow) -> Plan:
    made = planned(ask())
    return Plan(
        target=Target(provider="p", model="m"),
        spec=SPEC,
        row=price,
        row_of=lambda service: rows.get(service or "", price),
        received_ms=1_795_392_000_000,
        multiplier=ONE,
        facts=RequestFacts(protocol="openai_chat", work=Work.GENERATION, model="m"),
        bounds=made.bounds,
        output_field="max_tokens",
        url="",
        headers={},
        strip_usage=False,
    )


def test_usage_costs_what_its_row_says() -> None:
    assert plan(row("p")).cost(USED, None).amount == PRICE
    assert plan(row("p")).cost(USED, "default").amount == PRICE


def test_a_dearer_class_counts_and_a_cheaper_one_does_not() -> None:
    double = row("p", hold_margin=(1, 1))
    dear = PriceRow(
        provider="p", model="m", base=double.base.times((2, 1)), source="config"
    )
    cheap = PriceRow(
        provider="p", model="m", base=double.base.times((1, 2)), source="config"
    )
    made = plan(double, priority=dear, flex=cheap)
    assert made.cost(USED, "priority").amount == PRICE + PRICE
    assert made.cost(USED, "flex").amount == PRICE


def test_a_cost_that_the_provider_states_goes_first() -> None:
    stated = Usage(uncached_input=1, output=1, reported_cost=Money.usd("0.5"))
    cost = plan(row("p")).cost(stated, "priority")
    assert (cost.amount, cost.source) == (Money.usd("0.5"), CostSource.REPORTED)


def test_an_estimate_takes_the_margin_of_its_row() -> None:
    assert plan(row("p", hold_margin=(3, 2))).at_most(USED) == Money.usd("0.003")


def test_without_a_row_nothing_is_held_and_nothing_known() -> None:
    made = plan(None)
    assert made.amount(made.bounds) == ZERO
    assert made.cost(USED, None).source is CostSource.UNPRICED
    assert made.at_most(USED) == ZERO


def test_a_model_that_searches_unasked_pays_one_search_at_least() -> None:
    price = row("p", fee_per_server_tool_call=10_000_000_000)
    searching = structs.replace(
        plan(price), target=Target(provider="p", model="sonar-pro")
    )
    assert searching.cost(USED, None).amount == PRICE + Money.usd("0.01")
    two = replace(USED, server_tool_calls=2)
    assert searching.cost(two, None).amount == PRICE + Money.usd("0.02")
    assert plan(price).cost(USED, None).amount == PRICE


def test_a_cost_at_the_price_of_sound_is_an_estimate() -> None:
    price = row("p")
    heard = replace(price, audio=price.base)
    made = structs.replace(plan(heard), facts=replace(plan(heard).facts, audio=True))
    assert made.cost(USED, None).source is CostSource.ESTIMATED
    assert plan(heard).cost(USED, None).source is CostSource.CONFIG
