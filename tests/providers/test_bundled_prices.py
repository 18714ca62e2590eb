"""The bundled table: prices that two sources agreed on, and its own soundness."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files

import pytest

from faregate.core.dearest import worst_case
from faregate.core.fees import searches_unasked
from faregate.core.money import Money
from faregate.core.pricing import (
    CacheWrite,
    PriceRow,
    Rates,
    cost_of,
    price_per_token,
)
from faregate.core.usage import Usage
from faregate.providers.price_records import PRICES_FILE, PriceFile, decode
from faregate.providers.price_table import PriceTable
from faregate.providers.registry import PROVIDERS, by_name
from faregate.providers.spec import Billing

DATA = files("faregate.providers").joinpath(PRICES_FILE).read_bytes()
FILE: PriceFile = decode(DATA)
TABLE = PriceTable.from_json(DATA)
TODAY = date(2026, 11, 23)
METERED = {spec.name for spec in PROVIDERS if spec.billing is Billing.METERED}

# Provider, model, and USD per million tokens of input, cache read and output.
AGREED = [
    ("anthropic", "claude-opus-4-5", "5", "0.5", "25"),
    ("anthropic", "claude-opus-4-8", "5", "0.5", "25"),
    ("anthropic", "claude-opus-5-5", "4", "0.2", "20"),
    ("anthropic", "claude-sonnet-4-5", "3", "0.3", "15"),
    ("anthropic", "claude-sonnet-5-5", "2", "0.1", "10"),
    ("anthropic", "claude-haiku-4-5", "1", "0.1", "5"),
    ("anthropic", "claude-haiku-5-5", "0.1", "0.01", "0.5"),
    ("openai", "gpt-4.1", "2", "0.5", "8"),
    ("openai", "gpt-5", "1.25", "0.125", "10"),
    ("openai", "gpt-5-mini", "0.25", "0.025", "2"),
    ("openai", "gpt-5.4", "2.5", "0.25", "15"),
    ("openai", "gpt-5.5", "5", "0.5", "30"),
    ("openai", "gpt-6-sol", "2", "0.2", "10"),
    ("openai", "gpt-6.1-sol", "2", "0.1", "10"),
    ("openai", "gpt-6-luna", "0.1", "0.01", "0.5"),
    ("zai", "glm-4.6", "0.6", "0.11", "2.2"),
    ("zai", "glm-4.7", "0.6", "0.11", "2.2"),
    ("zai", "glm-5", "1", "0.2", "3.2"),
    ("zai", "glm-5.2", "1.4", "0.26", "4.4"),
    ("zai", "glm-5.3", "1.4", "0.26", "4.4"),
    ("moonshot", "kimi-k2.6", "0.95", "0.16", "4"),
    ("moonshot", "kimi-k3", "3", "0.3", "15"),
    ("moonshot", "kimi-k3.1-pro", "2", "0.2", "10"),
    ("minimax", "MiniMax-M2", "0.3", "0.03", "1.2"),
    ("minimax", "MiniMax-M2.5", "0.3", "0.03", "1.2"),
    ("minimax", "MiniMax-M3", "0.3", "0.06", "1.2"),
    ("gemini", "gemini-2.5-pro", "1.25", "0.125", "10"),
    ("gemini", "gemini-2.5-flash", "0.3", "0.03", "2.5"),
    ("gemini", "gemini-3.1-pro-preview", "2", "0.2", "12"),
    ("gemini", "gemini-3.5-flash", "1.5", "0.15", "9"),
    ("gemini", "gemini-3.8-flash", "0.75", "0.075", "3.75"),
    ("gemini", "gemini-4-argon", "2", "0.1", "10"),
    ("xai", "grok-4.3", "1.25", "0.2", "2.5"),
    ("xai", "grok-4.7", "2", "0.5", "6"),
    ("mistral", "mistral-medium-latest", "1.5", "0.15", "7.5"),
    ("groq", "openai/gpt-oss-120b", "0.15", "0.075", "0.6"),
]

FREE = {
    "gemini/gemma-3-27b-it",
    "gemini/gemma-4-26b-a4b-it",
    "gemini/gemma-4-31b-it",
    "zai/glm-4.5-flash",
    "zai/glm-4.7-flash",
}


def row_of(provider: str, model: str, service: str | None = None) -> PriceRow:
    row = TABLE.row(provider, model, TODAY, service=service)
    assert row is not None
    return row


def mtok(usd: str) -> int:
    return price_per_token(Decimal(usd))


@pytest.mark.parametrize(("provider", "model", "price", "cached", "output"), AGREED)
def test_prices_that_both_sources_agree_on(
    provider: str, model: str, price: str, cached: str, output: str
) -> None:
    base = row_of(provider, model).base
    assert (base.input, base.cache_read, base.output) == (
        mtok(price),
        mtok(cached),
        mtok(output),
    )


@pytest.mark.parametrize(
    ("at", "output"),
    [
        (datetime(2026, 11, 28, 2, 0, tzinfo=UTC), "0.6"),
        (datetime(2026, 11, 23, 2, 0, tzinfo=UTC), "1.2"),
        (datetime(2026, 11, 23, 5, 0, tzinfo=UTC), "0.6"),
        (datetime(2026, 11, 23, 9, 59, tzinfo=UTC), "1.2"),
        (datetime(2026, 11, 29, 7, 0, tzinfo=UTC), "0.6"),
    ],
)
def test_deepseek_doubles_on_weekdays_only(at: datetime, output: str) -> None:
    row = row_of("deepseek", "deepseek-flash")
    assert cost_of(Usage(output=1_000_000), row, at).amount == Money.usd(output)


def test_deepseek_is_always_held_at_the_peak() -> None:
    hold = worst_case(
        row_of("deepseek", "deepseek-v4-pro"),
        input_bound=1_000_000,
        output_bound=1_000_000,
        cache_write=CacheWrite.NONE,
    )
    assert hold == Money.usd("1.32") + Money.usd("3.96")


def test_retired_names_have_no_price() -> None:
    retired = [(s.name, old) for s in PROVIDERS for old in s.retired]
    assert ("deepseek", "deepseek-chat") in retired
    assert [name for name in retired if TABLE.row(*name, TODAY)] == []
    for spec in PROVIDERS:
        for new in spec.retired.values():
            assert TABLE.row(spec.name, new, TODAY) is not None


@pytest.mark.parametrize(
    ("tokens", "price"), [(199_999, "2"), (200_000, "4"), (200_001, "4")]
)
def test_xai_long_prompts_begin_at_200_000(tokens: int, price: str) -> None:
    assert row_of("xai", "grok-4.7").rates_for(tokens).input == mtok(price)


@pytest.mark.parametrize(
    ("tokens", "price"), [(199_999, "1.25"), (200_000, "1.25"), (200_001, "2.5")]
)
def test_gemini_long_prompts_begin_above_200_000(tokens: int, price: str) -> None:
    assert row_of("gemini", "gemini-2.5-pro").rates_for(tokens).input == mtok(price)


@pytest.mark.parametrize(
    ("tokens", "price", "output"),
    [
        (32_000, "1", "5"),
        (32_001, "1.8", "9"),
        (128_001, "3", "15"),
        (256_001, "6", "60"),
    ],
)
def test_dashscope_prices_rise_with_the_input(
    tokens: int, price: str, output: str
) -> None:
    rates = row_of("dashscope", "qwen3-coder-plus").rates_for(tokens)
    assert (rates.input, rates.output) == (mtok(price), mtok(output))


def test_anthropic_cache_writes_cost_a_quarter_more_and_twice_as_much() -> None:
    for model in TABLE.models("anthropic"):
        base = row_of("anthropic", model).base
        assert base.cache_write_5m * 4 == base.input * 5, model
        assert base.cache_write_1h == base.input * 2, model


def test_openai_bills_cache_writes_that_nobody_asked_for() -> None:
    assert row_of("openai", "gpt-6.1-sol").writes_cache
    assert not row_of("openai", "gpt-5.5").writes_cache
    assert not row_of("anthropic", "claude-opus-5-5").writes_cache


def test_web_searches_have_a_fee() -> None:
    fee = Money.usd("0.01").pico
    assert row_of("anthropic", "claude-opus-5-5").fee_per_server_tool_call == fee
    assert row_of("openai", "gpt-6.1-sol").fee_per_server_tool_call == fee
    assert row_of("gemini", "gemini-2.5-pro").fee_per_server_tool_call >= 3 * fee


def test_faster_service_has_its_own_price() -> None:
    assert row_of("openai", "gpt-6.1-sol", "priority").base.output == mtok("20")
    assert row_of("openai", "gpt-6.1-sol", "fast").base.output == mtok("20")
    assert row_of("openai", "gpt-6.1-sol", "flex").base.output == mtok("5")
    assert row_of("anthropic", "claude-opus-5-5", "fast").base.output == mtok("40")


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-haiku-5-5"])
def test_capacity_paid_for_in_advance_has_the_usual_price(model: str) -> None:
    assert row_of("anthropic", model, "priority") is row_of("anthropic", model)


def test_an_announced_price_waits_for_its_day() -> None:
    old = TABLE.row("gemini", "gemini-4-argon", date(2026, 11, 30))
    new = TABLE.row("gemini", "gemini-4-argon", date(2026, 12, 1))
    fast = TABLE.row("gemini", "gemini-4-argon", date(2026, 12, 1), service="priority")
    assert old is not None
    assert new is not None
    assert fast is not None
    assert (old.base.output, new.base.output) == (mtok("10"), mtok("20"))
    assert fast.base.output == mtok("36")


def test_what_agents_use_has_facts() -> None:
    for provider, model in [
        ("anthropic", "claude-opus-5-5"),
        ("openai", "gpt-6.1-sol"),
        ("gemini", "gemini-3.8-flash"),
        ("deepseek", "deepseek-flash"),
        ("zai", "glm-5.3"),
    ]:
        facts = TABLE.facts(provider, model)
        assert facts.context is not None
        assert facts.context >= 128_000
        assert facts.max_output is not None
        assert 16_000 <= facts.max_output <= facts.context


def test_every_row_is_sound() -> None:
    for record in FILE.rows:
        name = f"{record.provider}/{record.model}"
        row = record.row("bundled")
        assert record.by, name
        levels: list[Rates] = [row.base, *(tier.rates for tier in row.tiers)]
        free = record.model.endswith(":free") or name in FREE
        assert free != all(rates.input > 0 for rates in levels), name
        bounds = [tier.above_input for tier in row.tiers]
        assert bounds == sorted(set(bounds)), name
        assert row.hold_margin[0] >= row.hold_margin[1], name


def test_no_name_leads_to_two_rows() -> None:
    keys = [(r.provider, r.model.casefold(), r.service, r.since) for r in FILE.rows]
    assert len(keys) == len(set(keys))
    names = {(r.provider, r.model.casefold()) for r in FILE.rows}
    aliases: dict[tuple[str, str], str] = {}
    for record in FILE.rows:
        for alias in record.aliases:
            name = record.provider, alias.casefold()
            assert name not in names, name
            assert aliases.setdefault(name, record.model) == record.model


def test_the_file_is_sorted_with_one_row_a_line_and_small() -> None:
    assert len(DATA) < 400_000
    lines = DATA.decode().splitlines()
    assert len(lines) == len(FILE.rows) + 2
    keys = [
        (r.provider, r.model.casefold(), r.service, r.since or date.min)
        for r in FILE.rows
    ]
    assert keys == sorted(keys)


def test_every_price_belongs_to_a_provider_of_the_catalogue() -> None:
    assert {record.provider for record in FILE.rows} <= METERED
    unpriced = METERED - {record.provider for record in FILE.rows}
    assert unpriced == {"siliconflow"}
    assert all(by_name(name) for name in METERED)


@pytest.mark.parametrize(
    ("model", "heard"),
    [
        ("gemini-2.5-flash", "1"),
        ("gemini-2.5-pro", "1.25"),
        ("gemini-embedding-2", "6.5"),
    ],
)
def test_sound_is_priced_where_gemini_takes_it(model: str, heard: str) -> None:
    row = TABLE.row("gemini", model, TODAY)
    assert row is not None
    assert row.audio is not None
    assert row.audio.input == price_per_token(Decimal(heard))
    text = TABLE.row("openai", "gpt-5", TODAY)
    assert text is not None
    assert text.audio is None


def test_models_that_search_unasked_name_a_fee() -> None:
    found = [r for r in FILE.rows if searches_unasked(r.model)]
    assert len(found) >= 10
    assert all(row.tool_fee for row in found)
