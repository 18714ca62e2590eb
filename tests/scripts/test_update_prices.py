"""The price script reads two wheels and keeps the dearer price."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.scripts.price_wheels import TODAY, Sources, entry, model, only, usd


def test_sources_that_agree_make_one_row(script: Any, sources: Sources) -> None:
    sources.genai(
        model(
            "gpt-9", usd(input="2", output="10", cache_read="0.2"), ", context_window=9"
        )
    )
    sources.litellm(
        {
            "gpt-9": entry(
                2e-06,
                1e-05,
                cache_read_input_token_cost=2e-07,
                max_input_tokens=8,
                max_output_tokens=4,
            )
        }
    )
    file = sources.run(script)
    row = only(file)
    assert (row.provider, row.model, row.by) == ("openai", "gpt-9", "G=L")
    assert (row.input, row.cache_read, row.output) == ("2", "0.2", "10")
    assert (row.context, row.max_output, row.since) == (9, 4, None)
    assert file.generated == TODAY
    assert file.sources == {"genai-prices": "1.2.3", "litellm": "4.5.6"}


def test_sources_that_disagree_are_told_and_the_dearer_price_kept(
    script: Any, sources: Sources, capsys: pytest.CaptureFixture[str]
) -> None:
    sources.genai(model("gpt-9", usd(input="2", output="10", cache_read="0.2")))
    sources.litellm({"gpt-9": entry(1e-06, 3e-05, cache_read_input_token_cost=1e-07)})
    row = only(sources.run(script))
    assert (row.input, row.cache_read, row.output) == ("2", "0.2", "30")
    assert row.by == "G!=L"
    told = capsys.readouterr().out
    assert "openai/gpt-9: input G 2, L 1; cache_read G 0.2, L 0.1;" in told


def test_a_hand_written_row_decides(
    script: Any, sources: Sources, capsys: pytest.CaptureFixture[str]
) -> None:
    sources.genai(model("gpt-9", usd(input="2", output="10"), ", context_window=9"))
    sources.rows.write_text(
        '[[rows]]\nprovider = "openai"\nmodels = ["gpt-9", "gpt-9-hand"]\n'
        'in = "3"\nout = "12"\n'
        'windows = [{ days = "mon-fri", utc = "01:00-04:00", times = "2" }]\n'
    )
    rows = {row.model: row for row in sources.run(script).rows}
    assert rows["gpt-9"].input == "3"
    assert rows["gpt-9"].context == 9
    assert rows["gpt-9"].by == rows["gpt-9-hand"].by == "hand"
    assert rows["gpt-9-hand"].windows[0].times == "2"
    assert "decided by hand (1):\n  openai/gpt-9" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("price", "output"),
    [(2, 1e-05), (2e-12, 1e-05), (0, 0), (0, 1e-05), (2e-06, 0), (-1e-06, 1e-05)],
)
def test_slips_and_zero_prices_are_refused(
    script: Any,
    sources: Sources,
    capsys: pytest.CaptureFixture[str],
    price: float,
    output: float,
) -> None:
    sources.litellm({"gpt-9": entry(price, output)})
    assert sources.run(script).rows == ()
    assert "refused, left out (1):\n  openai/gpt-9" in capsys.readouterr().out


def test_an_embedding_has_no_output_price(script: Any, sources: Sources) -> None:
    sources.litellm({"embed-9": entry(1e-07, 0, mode="embedding")})
    assert only(sources.run(script)).output == "0"


def test_a_model_is_free_only_where_a_person_says_so(
    script: Any, sources: Sources
) -> None:
    sources.rows.write_text('free = ["zai/glm-9-flash"]\n')
    sources.litellm(
        {
            "zai/glm-9-flash": entry(0, 0, "zai"),
            "zai/glm-9-air": entry(0, 0, "zai"),
        }
    )
    row = only(sources.run(script))
    assert (row.model, row.input) == ("glm-9-flash", "0")


def test_a_cache_price_of_zero_means_that_none_is_known(
    script: Any, sources: Sources
) -> None:
    sources.litellm(
        {
            "gpt-9": entry(
                2e-06,
                1e-05,
                cache_read_input_token_cost=0,
                cache_creation_input_token_cost=0.0,
            )
        }
    )
    row = only(sources.run(script))
    assert (row.cache_read, row.cache_write_5m) == (None, None)
    assert row.row("").base.cache_read == row.row("").base.input


def test_noise_of_floats_is_no_price_but_a_fraction_rounds_up(
    script: Any, sources: Sources
) -> None:
    sources.litellm({"gpt-9": entry(1.6000000000000003e-06, 1.1428571428571428e-06)})
    row = only(sources.run(script))
    assert (row.input, row.output) == ("1.6", "1.142858")


def test_tiers_of_both_sources_are_read(script: Any, sources: Sources) -> None:
    sources.rows.write_text('inclusive_tiers = ["xai"]\n')
    sources.genai(
        "ModelInfo(id='grok-9', match=ClauseEquals(equals='grok-9'), prices=ModelPrice("
        "input_mtok=TieredPrices(base=Decimal('2'), "
        "tiers=[Tier(start=199999, price=Decimal('4'))]), output_mtok=Decimal('6')))",
        provider="x-ai",
    )
    sources.litellm(
        {
            "xai/grok-9": entry(
                2e-06,
                6e-06,
                "xai",
                input_cost_per_token_above_200k_tokens=4e-06,
                output_cost_per_token_above_200k_tokens=1.2e-05,
            ),
            "dashscope/qwen-9": entry(
                0,
                0,
                "dashscope",
                tiered_pricing=[
                    {
                        "range": [0, 32000.0],
                        "input_cost_per_token": 1e-06,
                        "output_cost_per_token": 5e-06,
                        "output_cost_per_reasoning_token": 7e-06,
                    },
                    {
                        "range": [32000.0, 128000.0],
                        "input_cost_per_token": 2e-06,
                        "output_cost_per_token": 9e-06,
                    },
                ],
            ),
        }
    )
    rows = {row.model: row for row in sources.run(script).rows}
    told = [(t.above, t.input, t.output) for t in rows["grok-9"].tiers]
    assert told == [(199_999, "4", "12")]
    assert (rows["qwen-9"].input, rows["qwen-9"].output) == ("1", "7")
    told = [(t.above, t.input, t.output) for t in rows["qwen-9"].tiers]
    assert told == [(32_000, "2", "9")]


def test_service_classes_become_rows_of_their_own(
    script: Any, sources: Sources
) -> None:
    sources.genai(
        model(
            "gpt-9",
            usd(input="2", output="10"),
            ", price_variants=[PriceVariant(constraint=None, "
            f"prices=ModelPrice({usd(input='4', output='20')}), "
            "when={'service_tier': 'fast'}), PriceVariant(constraint=None, "
            f"prices=ModelPrice({usd(input='1', output='5')}), "
            "when={'processing': 'batch'})]",
        )
    )
    sources.litellm(
        {
            "gpt-9": entry(
                2e-06,
                1e-05,
                input_cost_per_token_flex=1e-06,
                output_cost_per_token_flex=5e-06,
                input_cost_per_token_batches=1e-06,
                output_cost_per_token_batches=5e-06,
            )
        }
    )
    told = [(row.service, row.input) for row in sources.run(script).rows]
    assert told == [("", "2"), ("flex", "1"), ("priority", "4")]


def test_an_announced_price_is_a_dated_row_for_every_class(
    script: Any, sources: Sources
) -> None:
    sources.genai(
        "ModelInfo(id='gpt-9', match=ClauseEquals(equals='gpt-9'), prices=["
        f"ConditionalPrice(prices=ModelPrice({usd(input='2', output='10')})), "
        "ConditionalPrice(constraint=StartDateConstraint("
        "start_date=datetime.date(2026, 12, 1)), "
        f"prices=ModelPrice({usd(input='4', output='20')}))])"
    )
    sources.litellm(
        {
            "gpt-9": entry(
                2e-06,
                1e-05,
                input_cost_per_token_priority=4e-06,
                output_cost_per_token_priority=2e-05,
            )
        }
    )
    told = [(r.service, r.since, r.input) for r in sources.run(script).rows]
    assert told == [
        ("", None, "2"),
        ("", date(2026, 12, 1), "4"),
        ("priority", None, "4"),
        ("priority", date(2026, 12, 1), "8"),
    ]


def test_doubles_become_aliases_and_dated_doubles_go(
    script: Any, sources: Sources
) -> None:
    sources.genai(
        "ModelInfo(id='gpt-9', match=ClauseOr(or_=[ClauseEquals(equals='gpt-9'), "
        "ClauseEquals(equals='gpt-nine'), ClauseEquals(equals='gpt-9-2026-09-01'), "
        "ClauseStartsWith(starts_with='gpt-9')]), "
        f"prices=ModelPrice({usd(input='2', output='10')}))"
    )
    sources.litellm(
        {"gpt-9": entry(2e-06, 1e-05), "gpt-9-2026-01-01": entry(5e-06, 1e-05)}
    )
    rows = {row.model: row for row in sources.run(script).rows}
    assert rows.keys() == {"gpt-9", "gpt-9-2026-01-01"}
    assert rows["gpt-9"].aliases == ("gpt-nine",)


def test_what_is_gone_dropped_or_not_text_is_left_out(
    script: Any, sources: Sources
) -> None:
    sources.rows.write_text('drop = ["*gpt-3*"]\nslash_names = ["novita"]\n')
    sources.genai(
        model("gpt-8", usd(input="1", output="1"), ", deprecated=True"),
        model("listen-9", "input_mtok=Decimal('1'), input_audio_hours=Decimal('1')"),
    )
    sources.litellm(
        {
            "gpt-3.5": entry(1e-06, 1e-06),
            "gpt-7": entry(1e-06, 1e-06, deprecation_date="2026-11-23"),
            "draw-9": entry(1e-06, 1e-06, mode="image_generation"),
            "novita/loose": entry(1e-06, 1e-06, "novita"),
            "novita/a/tight": entry(1e-06, 1e-06, "novita"),
            "someone/else": entry(1e-06, 1e-06, "someone"),
            "gpt-9": entry(1e-06, 1e-06, deprecation_date="2026-11-24"),
        }
    )
    names = [f"{r.provider}/{r.model}" for r in sources.run(script).rows]
    assert names == ["novita/a/tight", "openai/gpt-9"]


def test_a_retired_dated_model_that_was_dearer_keeps_its_row(
    script: Any, sources: Sources
) -> None:
    sources.litellm(
        {
            "gpt-9": entry(2e-06, 1e-05),
            "gpt-9-2026-01-01": entry(5e-06, 1e-05, deprecation_date="2026-02-01"),
        }
    )
    file = sources.run(script)
    assert [row.input for row in file.rows] == ["2", "5"]


def test_fees_margins_and_unasked_cache_writes(script: Any, sources: Sources) -> None:
    sources.rows.write_text(
        'writes_cache = ["openai/*"]\n[margins]\n"openai/gpt-9" = "1"\n'
        '"openai/*" = "2"\n[tool_fees]\nopenai = "25"\n'
    )
    search = {"search_context_size_low": 0.01, "search_context_size_high": 0.03}
    sources.litellm(
        {
            "gpt-9": entry(
                2e-06,
                1e-05,
                cache_creation_input_token_cost=2.5e-06,
                search_context_cost_per_query=search,
            ),
            "gpt-8": entry(2e-06, 1e-05),
        }
    )
    rows = {row.model: row for row in sources.run(script).rows}
    assert (rows["gpt-9"].tool_fee, rows["gpt-8"].tool_fee) == ("30", "25")
    assert (rows["gpt-9"].writes, rows["gpt-8"].writes) == (True, False)
    assert (rows["gpt-9"].margin, rows["gpt-8"].margin) == (None, "2")


def test_sound_has_prices_of_its_own_or_a_person_says_it_is_as_text(
    script: Any, sources: Sources
) -> None:
    sources.rows.write_text('sound_as_text = ["openai/plain"]\n')
    sources.litellm(
        {
            "loud": entry(
                1e-06,
                1e-05,
                input_cost_per_audio_token=3e-06,
                cache_read_input_audio_token_cost=5e-07,
                output_cost_per_audio_token=2e-05,
                input_cost_per_token_priority=2e-06,
                output_cost_per_token_priority=2e-05,
                input_cost_per_audio_token_priority=6e-06,
            ),
            "plain": entry(1e-06, 1e-05),
            "silent": entry(1e-06, 1e-05),
        }
    )
    rows = {(row.model, row.service): row for row in sources.run(script).rows}
    loud, dear = rows["loud", ""], rows["loud", "priority"]
    assert (loud.audio_in, loud.audio_read, loud.audio_out) == ("3", "0.5", "20")
    assert (dear.audio_in, dear.audio_out) == ("6", "20")
    assert (rows["plain", ""].audio_in, rows["silent", ""].audio_in) == ("1", None)
