from __future__ import annotations

from decimal import Decimal

import pytest

from faregate.cli.price_cells import offer_document, per_mtok, price_cells, size
from faregate.core.model_facts import ModelFacts
from faregate.core.pricing import PriceRow, Rates, Window
from faregate.core.routing import Target
from faregate.tariff import Offer

ROW = PriceRow(
    provider="p",
    model="m",
    base=Rates.per_mtok(input=Decimal(3), output=Decimal("0.075")),
    windows=(
        Window(
            days=frozenset(range(7)),
            start_minute=30,
            end_minute=600,
            multiplier=(1, 2),
        ),
    ),
    source="config",
    hold_margin=(11, 10),
    fee_per_server_tool_call=10**10,
)


def offer(row: PriceRow | None) -> Offer:
    return Offer(
        target=Target(provider="p", model="m"), row=row, facts=ModelFacts(context=4096)
    )


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (3_000_000, "3"),
        (75_000, "0.075"),
        (0, "0"),
        (100_000_000, "100"),
        (1, "0.000001"),
    ],
)
def test_rates_in_usd_per_million(rate: int, shown: str) -> None:
    assert per_mtok(rate) == shown


def test_everything_that_changes_a_price_is_told() -> None:
    cells = price_cells(offer(ROW))
    assert cells[:2] == ("p/m", "3")
    assert cells[-1] == "x0.5 daily 00:30-10:00 UTC, $0.01 a server tool call"
    document = offer_document(offer(ROW))
    assert document["context"] == 4096
    assert document["price"]["windows"][0]["multiplier"] == "0.5"
    assert document["price"]["hold_margin"] == "1.1"
    assert document["price"]["server_tool_call"] == "0.01"


def test_no_price_is_said_so() -> None:
    assert "no price is known" in price_cells(offer(None))
    assert offer_document(offer(None))["price"] is None
    assert size(None) == "-"
