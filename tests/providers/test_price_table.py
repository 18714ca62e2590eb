"""Which row a model name leads to, and that no name leads there by guessing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from faregate.core.dearest import dearest_rates
from faregate.core.model_facts import NOTHING_KNOWN, ModelFacts
from faregate.core.pricing import CacheWrite, PriceRow, Rates
from faregate.providers.price_records import PriceFileError
from faregate.providers.price_table import PriceTable

TODAY = date(2026, 11, 23)


def record(model: str, price: str, **fields: Any) -> dict[str, Any]:
    return {"provider": "p", "model": model, "in": price, "out": price} | fields


def table(*rows: dict[str, Any]) -> PriceTable:
    return PriceTable.from_json(
        json.dumps(
            {
                "schema": 1,
                "generated": "2026-11-20",
                "sources": {"somewhere": "1"},
                "rows": rows,
            }
        )
    )


def configured(model: str, price: str, provider: str = "p") -> PriceRow:
    return PriceRow(
        provider=provider,
        model=model,
        base=Rates.per_mtok(input=Decimal(price), output=Decimal(price)),
        source="config",
    )


def price_of(
    prices: PriceTable, model: str, at: date = TODAY, service: str | None = None
) -> int | None:
    """Return the price of output in USD per million tokens."""
    row = prices.row("p", model, at, service=service)
    return None if row is None else row.base.output // 1_000_000


class TestNames:
    prices = table(
        record("claude-opus-5", "5", aliases=["claude-opus-latest"]),
        record("gpt-4o", "10"),
        record("gpt-4o-2024-05-13", "15"),
        record("anthropic/claude-opus-5", "6"),
        record("accounts/fireworks/models/glm-5p3", "4", aliases=["glm-5p3"]),
        {"provider": "other", "model": "claude-opus-5", "in": "9", "out": "9"},
    )

    @pytest.mark.parametrize(
        ("model", "price"),
        [
            ("claude-opus-5", 5),
            ("Claude-OPUS-5", 5),
            ("claude-opus-latest", 5),
            ("claude-opus-5-20260921", 5),
            ("claude-opus-5@20260921", 5),
            ("claude-opus-5-2026-09-21", 5),
            ("claude-opus-latest-20260921", 5),
            ("gpt-4o-2024-08-06", 10),
            ("gpt-4o-2024-05-13", 15),
            ("anthropic/claude-opus-5", 6),
            ("glm-5p3", 4),
            ("accounts/fireworks/models/glm-5p3", 4),
        ],
    )
    def test_exact_alias_and_dated_names_are_found(
        self, model: str, price: int
    ) -> None:
        assert price_of(self.prices, model) == price

    @pytest.mark.parametrize(
        "model",
        [
            "claude-opus-5-5",
            "claude-opus",
            "claude-opus-50",
            "claude-opus-5-2026",
            "claude-opus-5-2026-09",
            "claude-opus-5-fast",
            "gpt-4o-mini",
            "claude-opus-5-20260921-v1",
            "",
        ],
    )
    def test_nothing_is_guessed(self, model: str) -> None:
        assert self.prices.row("p", model, TODAY) is None

    def test_a_provider_has_its_own_prices(self) -> None:
        row = self.prices.row("other", "claude-opus-5", TODAY)
        assert row is not None
        assert row.base.output == 9_000_000
        assert self.prices.row("nobody", "claude-opus-5", TODAY) is None

    def test_a_row_says_which_table_it_is_from(self) -> None:
        row = self.prices.row("p", "gpt-4o", TODAY)
        assert row is not None
        assert row.source == "bundled 2026-11-20"
        assert self.prices.generated == date(2026, 11, 20)
        assert self.prices.sources == {"somewhere": "1"}

    def test_a_row_is_converted_once(self) -> None:
        first = self.prices.row("p", "gpt-4o", TODAY)
        assert first is self.prices.row("p", "gpt-4o-2024-08-06", TODAY)

    def test_the_models_of_a_provider_are_listed(self) -> None:
        assert self.prices.models("other") == ("claude-opus-5",)
        mine = self.prices.with_overrides([configured("mine", "1")]).models("p")
        assert mine[0] == "claude-opus-5"
        assert mine[-1] == "mine"


class TestDates:
    prices = table(
        record("m", "1"),
        record("m", "2", since="2026-06-01"),
        record("m", "4", since="2026-12-01"),
        record("new", "3", since="2026-12-01"),
    )

    @pytest.mark.parametrize(
        ("at", "price"),
        [
            (date(2026, 5, 31), 1),
            (date(2026, 6, 1), 2),
            (date(2026, 11, 30), 2),
            (date(2026, 12, 1), 4),
        ],
    )
    def test_the_newest_row_that_has_begun_counts(self, at: date, price: int) -> None:
        assert price_of(self.prices, "m", at) == price

    def test_before_its_first_row_a_model_has_no_price(self) -> None:
        assert self.prices.row("p", "new", TODAY) is None


class TestServices:
    prices = table(
        record("m", "10"),
        record("m", "5", service="flex"),
        record("m", "20", service="priority"),
        record("m", "60", service="ultrafast"),
        record("plain", "10"),
        record("cheap", "10"),
        record("cheap", "5", service="flex"),
    )

    @pytest.mark.parametrize(
        ("service", "price"),
        [
            (None, 10),
            ("", 10),
            ("auto", 10),
            ("default", 10),
            ("standard", 10),
            ("flex", 5),
            ("priority", 20),
            ("PRIORITY", 20),
            ("fast", 20),
            ("ultrafast", 60),
            ("something-new", 60),
            ("batch", 10),
        ],
    )
    def test_a_class_has_its_own_row_and_an_unknown_one_the_dearest(
        self, service: str | None, price: int
    ) -> None:
        assert price_of(self.prices, "m", service=service) == price

    def test_a_discount_that_is_not_listed_costs_the_usual_price(self) -> None:
        assert price_of(self.prices, "plain", service="flex") == 10

    @pytest.mark.parametrize("model", ["plain", "cheap"])
    def test_a_dearer_class_without_a_price_has_none(self, model: str) -> None:
        assert self.prices.row("p", model, TODAY, service="priority") is None

    def test_a_user_may_price_a_model_that_the_table_does_not_know(self) -> None:
        mine = self.prices.with_overrides([configured("own", "12")])
        assert price_of(mine, "own") == 12
        assert price_of(mine, "own", service="priority") == 12

    def test_a_users_row_stands_for_all_but_a_class_known_to_be_dearer(self) -> None:
        mine = self.prices.with_overrides([configured("m", "12")])
        assert price_of(mine, "m") == 12
        assert price_of(mine, "m", service="flex") == 12
        assert price_of(mine, "m", service="priority") == 20
        dear = self.prices.with_overrides([configured("m", "30")])
        assert price_of(dear, "m", service="priority") == 30


class TestOverrides:
    prices = table(
        record("m", "1", aliases=["m-latest"], context=1000, max_out=100),
        record("m-2026-01-01", "2"),
    ).with_overrides(
        [configured("m", "7"), configured("glob-*", "8"), configured("*", "9")],
        {
            ("p", "m"): ModelFacts(max_output=50),
            ("p", "glob-*"): ModelFacts(context=77),
        },
    )

    @pytest.mark.parametrize(
        ("model", "price"),
        [
            ("m", 7),
            ("M", 7),
            ("m-latest", 7),
            ("m-2026-02-02", 7),
            ("m-2026-01-01", 2),
            ("glob-a", 8),
            ("GLOB-a", 8),
            ("anything", 9),
        ],
    )
    def test_the_users_rows_go_first_and_globs_last(
        self, model: str, price: int
    ) -> None:
        assert price_of(self.prices, model) == price

    def test_a_glob_is_bound_to_its_provider(self) -> None:
        assert self.prices.row("q", "anything", TODAY) is None

    def test_facts_are_overridden_field_by_field(self) -> None:
        assert self.prices.facts("p", "m") == ModelFacts(context=1000, max_output=50)
        assert self.prices.facts("p", "glob-a").context == 77
        assert self.prices.facts("p", "unknown") == NOTHING_KNOWN

    def test_the_table_itself_does_not_change(self) -> None:
        prices = table(record("m", "1"))
        prices.with_overrides([configured("m", "7")])
        assert price_of(prices, "m") == 1

    def test_later_overrides_go_before_earlier_ones(self) -> None:
        again = self.prices.with_overrides([configured("m", "3"), configured("*", "4")])
        assert price_of(again, "m") == 3
        assert price_of(again, "anything") == 4


class TestFactors:
    prices = table(
        record("m", "10", tiers=[{"above": 5, "in": "20", "out": "20"}]),
        {"provider": "q", "model": "m", "in": "10", "out": "10"},
    )

    def test_a_dearer_region_multiplies_the_prices_of_its_provider_alone(self) -> None:
        dear = self.prices.with_factors({"p": (11, 10)})
        row = dear.row("p", "m", TODAY)
        assert row is not None
        assert row.base.output == 11_000_000
        assert row.tiers[0].rates.output == 22_000_000
        other = dear.row("q", "m", TODAY)
        assert other is not None
        assert other.base.output == 10_000_000
        assert price_of(self.prices, "m") == 10

    def test_a_users_row_is_final_in_whatever_order(self) -> None:
        mine = [configured("m", "7")]
        factors = {"p": (2, 1), "q": (3, 1)}
        for prices in (
            self.prices.with_overrides(mine).with_factors(factors),
            self.prices.with_factors(factors).with_overrides(mine),
        ):
            assert price_of(prices, "m") == 7
            other = prices.row("q", "m", TODAY)
            assert other is not None
            assert other.base.output == 30_000_000


class TestFacts:
    def test_a_newer_row_without_facts_keeps_the_older_ones(self) -> None:
        prices = table(
            record("m", "1", context=1000, max_out=100),
            record("m", "2", since="2026-12-01", context=2000),
        )
        assert prices.facts("p", "m-20260101") == ModelFacts(
            context=2000, max_output=100
        )


class TestDearest:
    prices = table(
        record("cheap", "1", tiers=[{"above": 10, "in": "30", "out": "1"}]),
        record(
            "dear", "20", windows=[{"days": "mon", "utc": "00:00-01:00", "times": "2"}]
        ),
        record("margin", "5", margin="10"),
        record("gone", "99", since="2027-01-01"),
        {"provider": "q", "model": "m", "in": "3", "out": "3", "tool_fee": "10"},
    )

    def test_no_known_model_exceeds_it(self) -> None:
        row = self.prices.dearest("p", TODAY)
        assert row is not None
        assert row.base.output == 50_000_000
        for model in ("cheap", "dear", "margin"):
            known = self.prices.row("p", model, TODAY)
            assert known is not None
            most = dearest_rates(known, 10**9, CacheWrite.UNKNOWN)
            assert row.base.dearer(most.times(known.hold_margin)) == row.base

    def test_a_provider_without_prices_gets_the_dearest_of_all(self) -> None:
        row = self.prices.dearest("nobody", TODAY)
        assert row is not None
        assert row.base.output == 50_000_000
        assert row.fee_per_server_tool_call == 10_000_000_000

    def test_the_users_rows_count_too(self) -> None:
        dear = self.prices.with_overrides(
            [configured("mine", "70"), configured("theirs", "90", provider="q")]
        )
        row = dear.dearest("p", TODAY)
        assert row is not None
        assert row.base.output == 70_000_000

    def test_an_empty_table_has_none(self) -> None:
        assert PriceTable().dearest("p", TODAY) is None


def test_a_broken_row_is_told_when_it_is_wanted() -> None:
    prices = table(record("good", "1"), record("bad", "1000000"))
    assert price_of(prices, "good") == 1
    with pytest.raises(PriceFileError, match="p/bad"):
        prices.row("p", "bad", TODAY)


class TestFees:
    prices = table(record("m", "1", tool_fee="10"), record("n", "1", tool_fee="25"))

    def fee(self, model: str, *rows: PriceRow, provider: str = "p") -> int:
        """Return the fee of a call in pico-USD."""
        row = self.prices.with_overrides(rows).row(provider, model, TODAY)
        assert row is not None
        return row.fee_per_server_tool_call

    def test_prices_of_tokens_do_not_make_searches_free(self) -> None:
        assert self.fee("m", configured("m", "5")) == 10_000_000_000
        assert self.fee("unknown", configured("unknown", "5")) == 25_000_000_000
        assert self.fee("any", configured("a*", "5")) == 25_000_000_000
        own = configured("m", "5", provider="own")
        assert self.fee("m", own, provider="own") == 0

    def test_a_fee_that_the_user_states_is_final(self) -> None:
        for fee in (7, 0):
            stated = replace(
                configured("m", "5"), fee_per_server_tool_call=fee, fee_is_stated=True
            )
            assert self.fee("m", stated) == fee
