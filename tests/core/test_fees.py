"""What is billed beside tokens of text, and what has no price."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from faregate.core.facts import RequestFacts, Work
from faregate.core.fees import (
    as_billed,
    searches_unasked,
    sounding,
    unpriced_part,
    with_unasked_search,
)
from faregate.core.pricing import PriceRow, Rates, Tier
from faregate.core.usage import Usage

FACTS = RequestFacts(protocol="openai_chat", work=Work.GENERATION, model="m")


def rates(price: str, output: str = "10") -> Rates:
    return Rates.per_mtok(input=Decimal(price), output=Decimal(output))


ROW = PriceRow(provider="p", model="m", base=rates("1"), source="bundled")
SOUND = replace(ROW, audio=rates("3"))


@pytest.mark.parametrize(
    ("model", "searches"),
    [
        ("gpt-4o-search-preview", True),
        ("gpt-4o-mini-search-preview-2025-03-11", True),
        ("openai/gpt-5-search-api", True),
        ("perplexity/Sonar-pro", True),
        ("sonar", True),
        ("o3-deep-research", True),
        ("gpt-5.6", False),
        ("relace/relace-search", False),
        ("resonar-1", False),
    ],
)
def test_models_that_search_without_being_asked(model: str, searches: bool) -> None:
    assert searches_unasked(model) is searches


def test_such_a_model_is_held_like_one_that_was_asked() -> None:
    billed = as_billed(FACTS, "sonar")
    assert billed.server_tools == ("web_search",)
    assert billed.server_tool_uses is None
    asked = replace(FACTS, server_tools=("web_search",), server_tool_uses=2)
    assert as_billed(asked, "sonar") is asked
    assert as_billed(FACTS, "gpt-5.6") is FACTS


def test_one_search_at_least_is_booked_for_it() -> None:
    usage = Usage(uncached_input=10, output=5)
    assert with_unasked_search(usage, "sonar").server_tool_calls == 1
    assert with_unasked_search(usage, "gpt-5.6") is usage
    three = replace(usage, server_tool_calls=3)
    assert with_unasked_search(three, "sonar") is three


def test_what_no_row_prices_is_named() -> None:
    def part(row: PriceRow = ROW, **changes: object) -> str | None:
        return unpriced_part(replace(FACTS, **changes), row)  # type: ignore[arg-type]

    assert part() is None
    assert part(server_tools=("web_search", "file_search")) is None
    drawing = part(server_tools=("web_search", "image_generation"))
    assert drawing == "the tool image_generation"
    assert part(server_tools=("code_interpreter",)) == "the tool code_interpreter"
    stated = replace(ROW, fee_is_stated=True)
    assert part(stated, server_tools=("image_generation",)) is None
    assert part(audio=True) == "sound"
    assert part(SOUND, audio=True) is None
    assert part(replace(ROW, source="config"), audio=True) is None


def test_sound_makes_every_token_dearer() -> None:
    tiered = replace(SOUND, tiers=(Tier(above_input=100, rates=rates("2", "20")),))
    row = sounding(tiered)
    assert (row.base.input, row.base.output) == (3_000_000, 10_000_000)
    assert (row.tiers[0].rates.input, row.tiers[0].rates.output) == (
        3_000_000,
        20_000_000,
    )
    assert row.audio is not None
    assert sounding(ROW) is ROW
    same = sounding(replace(ROW, audio=ROW.base))
    assert (same.base, same.audio) == (ROW.base, None)


def test_a_regions_factor_holds_for_sound_too() -> None:
    assert SOUND.times((2, 1)).audio == rates("6", "20")
    assert ROW.times((2, 1)).audio is None
