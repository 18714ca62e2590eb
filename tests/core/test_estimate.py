"""Bounds that hold for every tokenizer and every answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faregate.core import estimate
from faregate.core.estimate import (
    BYTES_PER_MESSAGE,
    PREFIX_SLACK,
    Bounds,
    KnownTurn,
    Unbounded,
    bounds_of,
    extends,
    hold_amount,
    input_bound,
    observed_output,
)
from faregate.core.facts import Conversation, RequestFacts, Work
from faregate.core.model_facts import ModelFacts
from faregate.core.money import Money
from faregate.core.pricing import CacheWrite, PriceRow, Rates

NOTHING = ModelFacts(context=None, max_output=None, output_field=None)
ROW = PriceRow(
    provider="p",
    model="m",
    base=Rates.per_mtok(input=Decimal(1), output=Decimal(10)),
    source="test",
    fee_per_server_tool_call=10**10,
)


def facts(
    *,
    body_bytes: int = 1000,
    messages: int = 2,
    output_bound: int | None = None,
    choices: int = 1,
    media: bool = False,
    stored_input: bool = False,
    server_tools: tuple[str, ...] = (),
    server_tool_uses: int | None = None,
    conversation: Conversation | None = None,
) -> RequestFacts:
    return RequestFacts(
        protocol="openai_chat",
        work=Work.GENERATION,
        model="m",
        body_bytes=body_bytes,
        messages=messages,
        output_bound=output_bound,
        choices=choices,
        media=media,
        stored_input=stored_input,
        server_tools=server_tools,
        server_tool_uses=server_tool_uses,
        conversation=conversation or Conversation(),
    )


def window(context: int, max_output: int | None = None) -> ModelFacts:
    return ModelFacts(context=context, max_output=max_output, output_field=None)


def test_bytes_bound_the_input_and_the_window_bounds_the_bytes() -> None:
    assert input_bound(facts(), NOTHING) == 1000 + 2 * BYTES_PER_MESSAGE
    assert input_bound(facts(), window(500)) == 500


def test_each_input_of_a_batch_may_fill_a_window_of_its_own() -> None:
    batch = replace(facts(body_bytes=9_000, messages=3), inputs=3)
    assert input_bound(batch, window(2_000)) == 6_000
    assert input_bound(replace(batch, media=True), window(2_000)) == 6_000
    assert input_bound(batch, window(8_000)) == 9_000 + 3 * BYTES_PER_MESSAGE


@pytest.mark.parametrize("kind", ["media", "stored_input"])
def test_input_outside_the_body_takes_the_window_or_has_no_bound(kind: str) -> None:
    asked = facts(media=kind == "media", stored_input=kind == "stored_input")
    assert input_bound(asked, window(200_000)) == 200_000
    assert isinstance(input_bound(asked, NOTHING), Unbounded)


def conversation(*sizes: int, fixed: int = 1) -> Conversation:
    return Conversation(fixed=fixed, parts=tuple(range(len(sizes))), sizes=sizes)


def test_a_conversation_that_goes_on_is_bounded_by_what_was_added() -> None:
    known = KnownTurn(
        conversation=conversation(900, 100),
        body_bytes=3_908,
        input_tokens=250,
        output_tokens=40,
    )
    asked = facts(
        body_bytes=4_000, messages=4, conversation=conversation(900, 100, 60, 30)
    )
    tight = 250 + 40 + 90 + 2 * BYTES_PER_MESSAGE + PREFIX_SLACK
    assert input_bound(asked, NOTHING, known) == tight


def test_a_body_that_grew_outside_its_messages_is_bounded_by_its_growth() -> None:
    known = KnownTurn(
        conversation=conversation(900, 100),
        body_bytes=1_100,
        input_tokens=250,
        output_tokens=40,
    )
    asked = facts(
        body_bytes=51_100, messages=3, conversation=conversation(900, 100, 60)
    )
    assert input_bound(asked, NOTHING, known) == 250 + 40 + 50_000 + PREFIX_SLACK


def test_usage_that_cannot_be_all_of_a_turn_bounds_no_later_one() -> None:
    known = KnownTurn(
        conversation=conversation(900, 99_000),
        body_bytes=100_000,
        input_tokens=50,
        output_tokens=40,
    )
    asked = facts(body_bytes=100_100, conversation=conversation(900, 99_000))
    assert input_bound(asked, NOTHING, known) == 100_100 + 2 * BYTES_PER_MESSAGE


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (conversation(1, 2), conversation(1, 2, 3, fixed=2)),
        (conversation(1, 2, 3), conversation(1, 2)),
        (conversation(), conversation(1, 2)),
        (
            conversation(1, 2),
            Conversation(fixed=1, parts=(0, 9, 2), sizes=(1, 2, 3)),
        ),
    ],
    ids=["other tools", "shorter", "nothing known", "edited history"],
)
def test_what_is_no_extension(before: Conversation, now: Conversation) -> None:
    assert extends(before, now) is None


def test_a_conversation_that_is_shortened_first_is_sampled_twice() -> None:
    asked = replace(facts(output_bound=500), compacts=True)
    bounds = bounds_of(asked, NOTHING, default_output=9, input_tokens=1_000)
    assert bounds.input == 2_000
    assert bounds.billable_output == 1_000


def test_the_same_conversation_again_adds_nothing() -> None:
    assert extends(conversation(5, 6), conversation(5, 6)) == 0


def test_an_unnamed_output_bound_is_the_least_of_default_and_maximum() -> None:
    small = bounds_of(
        facts(), window(100_000, 8_000), default_output=32_000, input_tokens=10
    )
    assert (small.output, small.output_injected) == (8_000, True)
    large = bounds_of(facts(), NOTHING, default_output=32_000, input_tokens=10)
    assert large.output == 32_000


def test_a_named_output_bound_is_never_changed() -> None:
    named = bounds_of(
        facts(output_bound=64_000),
        window(100_000, 8_000),
        default_output=32_000,
        input_tokens=10,
    )
    assert (named.output, named.output_injected) == (64_000, False)


def test_reasoning_billed_beside_the_output_is_held_as_well() -> None:
    bounds = bounds_of(
        facts(output_bound=100, choices=2),
        window(100_000, 8_000),
        default_output=1,
        input_tokens=10,
        hidden_reasoning=True,
    )
    assert bounds.billable_output == 2 * (100 + 8_000)


def test_a_wrong_prediction_is_held_beside_the_output() -> None:
    bounds = bounds_of(
        replace(facts(output_bound=100, choices=2), predicted=40),
        NOTHING,
        default_output=1,
        input_tokens=10,
    )
    assert bounds.billable_output == 2 * (100 + 40)


def test_every_round_of_a_server_tool_pays_its_input_and_earlier_results() -> None:
    asked = facts(output_bound=1, server_tools=("web_search",), server_tool_uses=2)
    bounds = bounds_of(asked, NOTHING, default_output=1, input_tokens=1_000)
    results = estimate.SERVER_TOOL_RESULT
    assert bounds.input == 1_000 + (1_000 + results) + (1_000 + 2 * results)
    assert bounds.server_tool_calls == 2


@given(
    tokens=st.integers(0, 300_000),
    uses=st.integers(0, 40),
    context=st.integers(1, 400_000),
)
def test_no_round_is_held_above_the_window(
    tokens: int, uses: int, context: int
) -> None:
    asked = facts(output_bound=1, server_tools=("web_search",), server_tool_uses=uses)
    tokens = min(tokens, context)
    bounds = bounds_of(asked, window(context), default_output=1, input_tokens=tokens)
    rounds = [
        min(context, tokens + estimate.SERVER_TOOL_RESULT * n) for n in range(uses + 1)
    ]
    assert sum(rounds) <= bounds.input <= context * (uses + 1)


def test_a_hold_is_input_and_output_of_all_choices_and_fees() -> None:
    bounds = Bounds(input=1_000, output=500, choices=3, server_tool_calls=2)
    amount = hold_amount(bounds, ROW, facts())
    assert amount == Money.usd("0.001") + Money.usd("0.015") + Money.usd("0.02")


def test_a_prompt_that_may_be_cached_is_held_at_the_dearer_price() -> None:
    row = PriceRow(
        provider="p",
        model="m",
        base=Rates.per_mtok(
            input=Decimal(1), output=Decimal(1), cache_write_5m=Decimal("1.25")
        ),
        source="test",
    )
    plain = facts()
    cached = RequestFacts(
        protocol="anthropic_messages",
        work=Work.GENERATION,
        model="m",
        cache_write=CacheWrite.FIVE_MINUTES,
    )
    bounds = Bounds(input=1_000_000, output=0)
    assert hold_amount(bounds, row, plain) == Money.usd(1)
    assert hold_amount(bounds, row, cached) == Money.usd("1.25")


def test_a_cut_answer_is_bounded_by_its_bytes_and_by_time() -> None:
    assert observed_output(1_000, 0.1) == 1_000 + estimate.ABORT_MARGIN
    assert observed_output(0, 10) == 10 * estimate.ABORT_RATE
    assert observed_output(0, 10, choices=3) == 30 * estimate.ABORT_RATE
