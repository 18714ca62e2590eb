"""What usage costs: rates, tiers, windows, caches, fees and sources of truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from faregate.core.dearest import dearest_rates, worst_case
from faregate.core.money import ZERO, Money
from faregate.core.pricing import (
    CacheWrite,
    CostSource,
    PriceRow,
    Rates,
    Tier,
    Window,
    cost_of,
    price_per_token,
    scaled,
    zero_row,
)
from faregate.core.usage import Usage, UsageSource

MONDAY_2 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SATURDAY_2 = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WEEKDAYS = frozenset(range(5))


def usd(text: str) -> Rates:
    """Read "input/cache read/write 5m/write 1h/output" in USD per million tokens."""
    input_, read, write_5m, write_1h, output = (Decimal(p) for p in text.split("/"))
    return Rates.per_mtok(
        input=input_,
        cache_read=read,
        cache_write_5m=write_5m,
        cache_write_1h=write_1h,
        output=output,
    )


OPUS = PriceRow(
    provider="anthropic",
    model="claude-opus-4-8",
    base=usd("5/0.5/6.25/10/25"),
    source="bundled 2026-11-23",
    fee_per_server_tool_call=10_000_000_000,
)
GROK = PriceRow(
    provider="xai",
    model="grok-4.7",
    base=usd("2/0.5/2/2/6"),
    tiers=(Tier(above_input=199_999, rates=usd("4/1/4/4/12")),),
    source="bundled 2026-11-23",
)
DEEPSEEK = PriceRow(
    provider="deepseek",
    model="deepseek-flash",
    base=usd("0.15/0.003/0.15/0.15/0.6"),
    windows=(
        Window(days=WEEKDAYS, start_minute=60, end_minute=240, multiplier=(2, 1)),
        Window(days=WEEKDAYS, start_minute=360, end_minute=600, multiplier=(2, 1)),
    ),
    source="bundled 2026-11-23",
)


class TestReadingPrices:
    def test_usd_per_million_becomes_pico_per_token(self) -> None:
        assert price_per_token(Decimal(1)) == 1_000_000
        assert price_per_token(Decimal("0.0005")) == 500

    def test_what_is_finer_than_a_pico_rounds_up(self) -> None:
        assert price_per_token(Decimal("1.0000001")) == 1_000_001

    @pytest.mark.parametrize(
        "price", ["10000", "3000000", "0.000003", "0.0000005", "-1", "NaN", "Infinity"]
    )
    def test_a_slip_of_a_million_and_nonsense_are_refused(self, price: str) -> None:
        with pytest.raises(ValueError, match="price"):
            price_per_token(Decimal(price))

    @pytest.mark.parametrize(("rate", "up"), [(10, 11), (9, 10), (1, 2), (0, 0)])
    def test_a_factor_rounds_up(self, rate: int, up: int) -> None:
        assert scaled(rate, (11, 10)) == up

    def test_the_edges_of_what_is_believed(self) -> None:
        assert price_per_token(Decimal("9999.999999")) == 9_999_999_999
        assert price_per_token(Decimal("0.0001")) == 100
        assert price_per_token(Decimal(0)) == 0

    def test_a_missing_cache_price_is_the_full_input_price(self) -> None:
        rates = Rates.per_mtok(input=Decimal(3), output=Decimal(15))
        assert rates == usd("3/3/3/3/15")

    def test_a_dearer_write_means_twice_the_input_for_an_hour(self) -> None:
        rates = Rates.per_mtok(
            input=Decimal(4), output=Decimal(20), cache_write_5m=Decimal(5)
        )
        assert rates.cache_write_1h == price_per_token(Decimal(8))

    def test_a_cheaper_write_never_makes_the_long_one_cheaper_than_input(self) -> None:
        rates = Rates.per_mtok(
            input=Decimal(4), output=Decimal(20), cache_write_5m=Decimal(1)
        )
        assert rates.cache_write_1h == price_per_token(Decimal(4))

    def test_a_stated_zero_stays_zero(self) -> None:
        rates = Rates.per_mtok(
            input=Decimal(3), output=Decimal(15), cache_read=Decimal(0)
        )
        assert rates.cache_read == 0


class TestCost:
    def test_each_counter_has_its_own_price_and_the_lines_add_up(self) -> None:
        usage = Usage(
            uncached_input=10,
            cache_read=90_000,
            cache_write_5m=2_000,
            cache_write_1h=1_000,
            output=400,
            reasoning=300,
            server_tool_calls=2,
        )
        cost = cost_of(usage, OPUS, NOON)
        told = {line.what: (line.count, line.amount.exact()) for line in cost.lines}
        assert told == {
            "uncached input": (10, "0.00005"),
            "cache read": (90_000, "0.045"),
            "cache write 5m": (2_000, "0.0125"),
            "cache write 1h": (1_000, "0.01"),
            "output": (400, "0.01"),
            "server tool calls": (2, "0.02"),
        }
        assert cost.amount == Money.usd("0.09755")
        assert cost.source is CostSource.TABLE
        assert cost.row is OPUS

    def test_nothing_used_costs_nothing(self) -> None:
        cost = cost_of(Usage(), OPUS, NOON)
        assert (cost.amount, cost.lines) == (ZERO, ())

    @pytest.mark.parametrize(
        ("tokens", "exact"),
        [(199_999, "0.399998"), (200_000, "0.8"), (200_001, "0.800004")],
    )
    def test_a_tier_from_200_000_on_reprices_the_whole_request(
        self, tokens: int, exact: str
    ) -> None:
        cost = cost_of(Usage(uncached_input=tokens), GROK, NOON)
        assert cost.amount.exact() == exact

    def test_a_tier_above_200_000_begins_one_token_later(self) -> None:
        row = PriceRow(
            provider="p",
            model="m",
            base=usd("1/1/1/1/1"),
            tiers=(Tier(above_input=200_000, rates=usd("2/2/2/2/2")),),
            source="bundled",
        )
        assert row.rates_for(200_000) is row.base
        assert row.rates_for(200_001) is row.tiers[0].rates

    def test_cached_tokens_count_towards_the_tier(self) -> None:
        usage = Usage(uncached_input=1, cache_read=199_999, output=10)
        assert cost_of(usage, GROK, NOON).amount == Money.usd("0.000004") + Money.usd(
            "0.199999"
        ) + Money.usd("0.00012")

    def test_the_highest_tier_in_reach_counts_in_whatever_order(self) -> None:
        low = Tier(above_input=10, rates=usd("2/2/2/2/2"))
        high = Tier(above_input=20, rates=usd("3/3/3/3/3"))
        for tiers in [(low, high), (high, low)]:
            row = PriceRow(
                provider="p",
                model="m",
                base=usd("1/1/1/1/1"),
                tiers=tiers,
                source="bundled",
            )
            assert row.rates_for(15) == low.rates
            assert row.rates_for(21) == high.rates

    def test_a_multiplier_scales_tokens_and_not_fees(self) -> None:
        usage = Usage(output=1_000, server_tool_calls=1)
        cost = cost_of(usage, OPUS, NOON, multiplier=(11, 10))
        assert cost.amount == Money.usd("0.0275") + Money.usd("0.01")


class TestWindows:
    @pytest.mark.parametrize(
        ("at", "exact"),
        [
            (MONDAY_2, "0.0003"),
            (SATURDAY_2, "0.00015"),
            (datetime(2026, 11, 22, 2, tzinfo=UTC), "0.00015"),
            (datetime(2026, 11, 27, 9, 59, 59, tzinfo=UTC), "0.0003"),
            (datetime(2026, 11, 27, 10, 0, tzinfo=UTC), "0.00015"),
            (datetime(2026, 11, 24, 0, 59, 59, tzinfo=UTC), "0.00015"),
            (datetime(2026, 11, 24, 1, 0, tzinfo=UTC), "0.0003"),
            (datetime(2026, 11, 24, 4, 0, tzinfo=UTC), "0.00015"),
        ],
    )
    def test_weekday_peaks_double_every_price(self, at: datetime, exact: str) -> None:
        cost = cost_of(Usage(uncached_input=1_000), DEEPSEEK, at)
        assert cost.amount.exact() == exact

    def test_the_week_is_that_of_utc(self) -> None:
        tokyo = timezone(timedelta(hours=9))
        monday_in_tokyo = datetime(2026, 11, 23, 8, 0, tzinfo=tokyo)
        assert DEEPSEEK.multiplier_at(monday_in_tokyo) == (1, 1)
        assert DEEPSEEK.multiplier_at(MONDAY_2.astimezone(tokyo)) == (2, 1)

    def test_an_instant_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            cost_of(Usage(), DEEPSEEK, datetime(2026, 11, 23, 2))  # noqa: DTZ001

    @pytest.mark.parametrize(
        ("days", "start", "end", "multiplier"),
        [
            (frozenset[int](), 0, 10, (2, 1)),
            (frozenset({7}), 0, 10, (2, 1)),
            (WEEKDAYS, 10, 10, (2, 1)),
            (WEEKDAYS, 20, 10, (2, 1)),
            (WEEKDAYS, 0, 1441, (2, 1)),
            (WEEKDAYS, -1, 10, (2, 1)),
            (WEEKDAYS, 0, 10, (0, 1)),
            (WEEKDAYS, 0, 10, (1, 0)),
        ],
    )
    def test_a_window_that_cannot_be_is_refused(
        self, days: frozenset[int], start: int, end: int, multiplier: tuple[int, int]
    ) -> None:
        with pytest.raises(ValueError, match="price"):
            Window(days=days, start_minute=start, end_minute=end, multiplier=multiplier)


class TestSources:
    def test_what_the_provider_reports_goes_first(self) -> None:
        usage = Usage(output=1_000_000, reported_cost=Money(7))
        cost = cost_of(usage, OPUS, NOON)
        assert (cost.amount, cost.source) == (Money(7), CostSource.REPORTED)
        assert sum((line.amount for line in cost.lines), ZERO) == Money(7)

    def test_a_reported_cost_needs_no_price(self) -> None:
        cost = cost_of(Usage(reported_cost=Money(7)), None, NOON)
        assert (cost.amount, cost.source) == (Money(7), CostSource.REPORTED)

    def test_a_negative_report_is_not_believed(self) -> None:
        usage = Usage(output=1_000, reported_cost=Money(-7))
        assert cost_of(usage, OPUS, NOON).amount == Money.usd("0.025")

    @pytest.mark.parametrize("source", ["free", "subscription"])
    def test_where_nothing_is_billed_a_report_is_ignored(self, source: str) -> None:
        usage = Usage(output=1_000, reported_cost=Money(7))
        cost = cost_of(usage, zero_row("p", "m", source), NOON)
        assert (cost.amount, cost.source) == (ZERO, CostSource(source))

    def test_only_two_ways_of_not_being_billed_exist(self) -> None:
        with pytest.raises(ValueError, match="not being billed"):
            zero_row("p", "m", "table")

    def test_no_price_is_unpriced_and_never_free(self) -> None:
        cost = cost_of(Usage(output=1_000), None, NOON)
        assert (cost.amount, cost.source) == (ZERO, CostSource.UNPRICED)

    def test_a_price_from_the_config_says_so(self) -> None:
        row = PriceRow(provider="p", model="m", base=usd("1/1/1/1/1"), source="config")
        assert cost_of(Usage(output=1), row, NOON).source is CostSource.CONFIG

    def test_estimated_usage_makes_an_estimated_cost(self) -> None:
        usage = Usage(output=1, source=UsageSource.ESTIMATED)
        assert cost_of(usage, OPUS, NOON).source is CostSource.ESTIMATED


class TestWorstCase:
    def test_without_caching_it_is_input_and_output_alone(self) -> None:
        hold = worst_case(
            OPUS, input_bound=1_000, output_bound=500, cache_write=CacheWrite.NONE
        )
        assert hold == Money.usd("0.005") + Money.usd("0.0125")

    @pytest.mark.parametrize(
        ("cache_write", "exact"),
        [
            (CacheWrite.NONE, "0.005"),
            (CacheWrite.FIVE_MINUTES, "0.00625"),
            (CacheWrite.ONE_HOUR, "0.01"),
            (CacheWrite.UNKNOWN, "0.01"),
        ],
    )
    def test_a_cache_write_is_dearer_than_input(
        self, cache_write: CacheWrite, exact: str
    ) -> None:
        hold = worst_case(
            OPUS, input_bound=1_000, output_bound=0, cache_write=cache_write
        )
        assert hold.exact() == exact

    def test_a_provider_that_caches_unasked_is_held_at_the_write_price(self) -> None:
        row = PriceRow(
            provider="openai",
            model="gpt-6.1-sol",
            base=usd("2/0.1/2.5/5/10"),
            source="bundled",
            writes_cache=True,
        )
        hold = worst_case(
            row, input_bound=1_000, output_bound=0, cache_write=CacheWrite.NONE
        )
        assert hold.exact() == "0.0025"

    @pytest.mark.parametrize(
        ("bound", "exact"), [(199_999, "0.399998"), (200_000, "0.8")]
    )
    def test_a_tier_counts_once_the_bound_reaches_it(
        self, bound: int, exact: str
    ) -> None:
        hold = worst_case(
            GROK, input_bound=bound, output_bound=0, cache_write=CacheWrite.NONE
        )
        assert hold.exact() == exact

    def test_a_tier_that_is_cheaper_does_not_lower_the_hold(self) -> None:
        row = PriceRow(
            provider="p",
            model="m",
            base=usd("2/2/2/2/2"),
            tiers=(Tier(above_input=10, rates=usd("1/1/1/1/1")),),
            source="bundled",
        )
        assert dearest_rates(row, 100, CacheWrite.NONE) == row.base

    def test_the_peak_counts_at_any_hour_and_a_discount_never(self) -> None:
        half = Window(days=WEEKDAYS, start_minute=0, end_minute=60, multiplier=(1, 2))
        row = PriceRow(
            provider="p",
            model="m",
            base=DEEPSEEK.base,
            windows=(half, *DEEPSEEK.windows),
            source="bundled",
        )
        assert dearest_rates(row, 1, CacheWrite.NONE).output == 1_200_000

    def test_each_choice_and_each_tool_call_is_held(self) -> None:
        hold = worst_case(
            OPUS,
            input_bound=0,
            output_bound=1_000,
            choices=3,
            cache_write=CacheWrite.NONE,
            server_tool_calls=5,
        )
        assert hold == Money.usd("0.075") + Money.usd("0.05")

    def test_a_margin_sizes_the_hold_and_not_the_bill(self) -> None:
        row = PriceRow(
            provider="openrouter",
            model="z-ai/glm-5.3",
            base=usd("1/1/1/1/1"),
            source="bundled",
            hold_margin=(3, 2),
        )
        hold = worst_case(
            row, input_bound=3, output_bound=0, cache_write=CacheWrite.NONE
        )
        assert hold == Money(4_500_000)
        assert cost_of(Usage(uncached_input=3), row, NOON).amount == Money(3_000_000)

    def test_a_service_class_scales_it(self) -> None:
        hold = worst_case(
            OPUS,
            input_bound=0,
            output_bound=1_000,
            cache_write=CacheWrite.NONE,
            multiplier=(5, 2),
        )
        assert hold.exact() == "0.0625"
