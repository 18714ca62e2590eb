"""Each way in which usage is missing, misplaced, wrong or inflated."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from faregate.core.pricing import Rates
from faregate.protocols.flags import REPORTS_COST_USD
from faregate.providers.spec import GEMINI, Billing
from faregate.smoke.asking.target import SmokeTarget
from faregate.smoke.probe import Probe
from faregate.smoke.probes import (
    cache,
    max_tokens,
    reported_cost,
    usage,
    usage_count,
    usage_sums,
    usage_unasked,
)
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.interception import RawAnswer, json_answer
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.simulated.settings import SimulatorSettings
from faregate.smoke.verdict import Verdict
from tests.smoke.probing import (
    CHAT,
    EVERY,
    KEY,
    MESSAGES,
    RESPONSES,
    ROW,
    probed,
    stage,
    target_of,
)

FAIL, WARN, PASS = Verdict.FAIL, Verdict.WARN, Verdict.PASS
SKIP, UNSUPPORTED = Verdict.SKIP, Verdict.UNSUPPORTED


async def test_whether_one_may_ask_for_usage_is_noted() -> None:
    def before(seen: SeenRequest) -> RawAnswer | None:
        if b"stream_options" not in seen.body:
            return None
        return json_answer(400, {"error": {"message": "Unknown field stream_options"}})

    async with stage() as on:
        assert (await on.verdict(usage.PROBE)).facts["include_usage"] is True
    async with stage() as on:
        on.provider.intercept(before)
        found = await on.verdict(usage.PROBE)
        assert found.verdict is FAIL
        assert found.facts["include_usage"] is False
    async with stage(MESSAGES) as on:
        assert "include_usage" not in (await on.verdict(usage.PROBE)).facts


@pytest.mark.parametrize("protocol", EVERY)
async def test_missing_usage_fails_in_every_protocol(protocol: str) -> None:
    found = await probed(usage.PROBE, protocol, fault="usage_missing")
    assert found.verdict is FAIL
    assert "no usage" in found.seen


@pytest.mark.parametrize("protocol", [CHAT, RESPONSES, GEMINI])
@pytest.mark.parametrize("fault", ["usage_text", "usage_huge"])
async def test_usage_that_nobody_believes_fails(protocol: str, fault: str) -> None:
    found = await probed(usage.PROBE, protocol, fault=fault)
    assert found.verdict is FAIL


@pytest.mark.parametrize(
    ("fault", "verdict", "words"),
    [
        ("usage_null", FAIL, "no usage"),
        ("usage_in_choice", WARN, "choices[0].usage"),
        ("usage_in_x_groq", WARN, "x_groq"),
        ("usage_with_finish", WARN, "usage"),
        ("usage_twice", WARN, "2 blocks"),
        ("usage_cumulative", WARN, "2 blocks"),
        ("usage_decreasing", WARN, "2 blocks"),
    ],
)
async def test_usage_in_odd_places(fault: str, verdict: Verdict, words: str) -> None:
    found = await probed(usage.PROBE, fault=fault)
    assert (found.verdict, words in found.seen) == (verdict, True), found


async def test_a_refused_include_usage_is_a_warning() -> None:
    def before(seen: SeenRequest) -> RawAnswer | None:
        wrong = {"error": {"message": "stream_options: unknown field"}}
        return json_answer(400, wrong) if b"stream_options" in seen.body else None

    async with stage(fault="usage_unasked") as on:
        on.provider.intercept(before)
        found = await on.verdict(usage.PROBE)
    assert found.verdict is WARN
    assert "refused" in found.seen


@pytest.mark.parametrize(
    ("fault", "verdict", "sent"),
    [(None, PASS, False), ("usage_unasked", PASS, True), ("no_finish", FAIL, None)],
)
async def test_a_stream_that_nobody_asked_for_usage(
    fault: str | None, verdict: Verdict, sent: bool | None
) -> None:
    found = await probed(usage_unasked.PROBE, fault=fault)
    assert found.verdict is verdict
    assert found.facts.get("usage_unasked") is sent


async def test_an_error_instead_of_such_a_stream_fails() -> None:
    assert (await probed(usage_unasked.PROBE, fault="500")).verdict is FAIL


def with_usage(**changes: object) -> Fault:
    """A chat stream whose usage block says something else."""

    def bent(frames: object, _dialect: object) -> object:
        for frame in frames:  # type: ignore[attr-defined]
            if isinstance(frame.data, dict) and frame.data.get("usage"):
                frame.data["usage"].update(changes)
            yield frame

    return Fault(name="changed", on_frames=bent)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"total_tokens": 5}, "is not the total"),
        ({"prompt_tokens_details": {"cached_tokens": 9_999}}, "cached of only"),
        ({"completion_tokens": 500, "total_tokens": 543}, "was the bound"),
        ({"completion_tokens": -1}, "below zero"),
        ({"completion_tokens": "9"}, "no whole number"),
        ({"completion_tokens": 9.5}, "no whole number"),
    ],
)
async def test_sums_that_do_not_add_up_fail(
    changes: dict[str, object], words: str
) -> None:
    found = await probed(usage_sums.PROBE, fault=with_usage(**changes))
    assert (found.verdict, words in found.seen) == (FAIL, True), found


@pytest.mark.parametrize("protocol", EVERY)
async def test_more_tokens_than_bytes_fail_in_every_protocol(protocol: str) -> None:
    async with stage(protocol) as on:
        counts = Counts(input=40, output=90)
        on.provider.match(lambda _: Step(text="ZEBRA-4821", usage=counts, chunks=2))
        found = await on.verdict(usage_sums.PROBE)
    assert found.verdict is FAIL
    assert "bytes of text" in found.seen


@pytest.mark.parametrize("protocol", EVERY)
async def test_counters_below_zero_fail_in_every_protocol(protocol: str) -> None:
    found = await probed(usage_sums.PROBE, protocol, fault="usage_negative")
    assert found.verdict is FAIL


async def test_without_usage_there_are_no_sums() -> None:
    for probe in (usage_sums.PROBE, usage_count.PROBE, cache.PROBE):
        found = await probed(probe, fault="usage_missing")
        assert found.verdict is SKIP


class TestCount:
    @staticmethod
    def named(target: SmokeTarget) -> SmokeTarget:
        return replace(target, spec=replace(target.spec, tokenizer="o200k_base"))

    async def test_inflated_usage_fails_where_the_tokenizer_is_known(self) -> None:
        async with stage(fault="usage_inflated", change=self.named) as on:
            found = await on.verdict(usage_count.PROBE)
        assert found.verdict is FAIL
        assert "inflated" in found.means

    async def test_a_little_off_is_a_warning(self) -> None:
        async with stage(change=self.named) as on:
            on.provider.match(
                lambda _: Step(
                    text="one, two " * 30, usage=Counts(input=50, output=120)
                )
            )
            found = await on.verdict(usage_count.PROBE)
        assert found.verdict is WARN

    async def test_another_tokenizer_may_differ_more_and_never_fails(self) -> None:
        async with stage(fault="usage_inflated") as on:
            found = await on.verdict(usage_count.PROBE)
        assert found.verdict is WARN
        assert "not known here" in found.seen

    async def test_nor_is_it_worth_a_word_where_nothing_is_billed(self) -> None:
        def free(target: SmokeTarget) -> SmokeTarget:
            return replace(target, spec=replace(target.spec, billing=Billing.FREE))

        async with stage(fault="usage_inflated", change=free) as on:
            found = await on.verdict(usage_count.PROBE)
        assert found.verdict is SKIP
        assert "nothing is billed" in found.seen

    async def test_without_a_vocabulary_nothing_is_compared(self) -> None:
        def other(target: SmokeTarget) -> SmokeTarget:
            return replace(target, spec=replace(target.spec, tokenizer="none_such"))

        async with stage(change=other) as on:
            found = await on.verdict(usage_count.PROBE)
        assert found.verdict is SKIP
        assert "no vocabulary" in found.seen

    async def test_the_provider_own_count_is_believed(self) -> None:
        def before(seen: SeenRequest) -> RawAnswer | None:
            counts = seen.path.endswith("count_tokens")
            return json_answer(200, {"input_tokens": 10}) if counts else None

        async with stage(MESSAGES) as on:
            on.provider.intercept(before)
            found = await on.verdict(usage_count.PROBE)
        assert found.verdict is FAIL
        assert "against 10 by the provider's own count" in found.seen

    async def test_without_such_a_count_a_local_one_serves(self) -> None:
        def before(seen: SeenRequest) -> RawAnswer | None:
            counts = seen.path.endswith("count_tokens")
            return json_answer(404, {}) if counts else None

        async with stage(MESSAGES) as on:
            on.provider.intercept(before)
            found = await on.verdict(usage_count.PROBE)
        assert found.verdict is PASS
        assert "o200k_base" in found.seen


class TestBound:
    async def test_an_ignored_bound_fails(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="one, two " * 30, obey_max=False))
            found = await on.verdict(max_tokens.PROBE)
            # The truth is booked, and within what was held.
            assert on.spender.ends[-1].cost <= on.ctx.transcripts[-1].held
        assert found.verdict is FAIL
        assert "within a bound of 16" in found.seen

    async def test_an_ignored_bound_shows_without_usage_too(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="one, two " * 60, obey_max=False))
            on.ctx.output_field = "max_tokens"
            found = await on.verdict(max_tokens.PROBE)
        assert found.verdict is FAIL

    async def test_a_few_tokens_more_are_a_way_of_counting(self) -> None:
        async with stage() as on:
            on.provider.match(
                lambda _: Step(
                    text="one, two", usage=Counts(input=30, output=18), obey_max=False
                )
            )
            found = await on.verdict(max_tokens.PROBE)
        assert found.verdict is WARN
        assert "18 tokens within a bound of 16" in found.seen

    async def test_a_finish_that_hides_the_cut_is_a_warning(self) -> None:
        async with stage() as on:
            cut = Step(text="one, two", usage=Counts(input=30, output=16))
            on.provider.match(lambda _: cut)
            found = await on.verdict(max_tokens.PROBE)
        assert found.verdict is WARN
        assert "finish is stop after 16 tokens" in found.seen

    async def test_an_answer_that_was_shorter_shows_nothing(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="one, two"))
            found = await on.verdict(max_tokens.PROBE)
        assert found.verdict is SKIP
        assert "ended by itself" in found.seen

    async def test_the_other_name_is_tried(self) -> None:
        def before(seen: SeenRequest) -> RawAnswer | None:
            wrong = {"error": {"message": "'max_tokens' is not supported"}}
            return json_answer(400, wrong) if b'"max_tokens"' in seen.body else None

        async with stage() as on:
            on.provider.intercept(before)
            found = await on.verdict(max_tokens.PROBE)
        assert found.verdict is PASS
        assert found.facts["field"] == "max_completion_tokens"

    async def test_no_name_that_is_accepted_fails(self) -> None:
        wrong = json_answer(
            400, {"error": {"message": "max_tokens max_completion_tokens"}}
        )
        async with stage() as on:
            on.provider.intercept(lambda _: wrong)
            assert (await on.verdict(max_tokens.PROBE)).verdict is FAIL

    async def test_an_error_fails(self) -> None:
        assert (await probed(max_tokens.PROBE, fault="500")).verdict is FAIL


class TestCache:
    async def test_no_cached_tokens_are_no_fault(self) -> None:
        assert (await probed(cache.PROBE)).verdict is UNSUPPORTED

    @pytest.mark.parametrize("protocol", EVERY)
    async def test_cached_tokens_are_shown(self, protocol: str) -> None:
        settings = SimulatorSettings(keys=frozenset({KEY}), cache=True)
        found = await probed(cache.PROBE, protocol, settings=settings)
        assert found.verdict is PASS
        assert "cached" in found.seen

    async def test_an_error_fails(self) -> None:
        assert (await probed(cache.PROBE, fault="500")).verdict is FAIL

    async def test_a_window_that_turns_out_too_small_is_no_fault(self) -> None:
        why = "This model's maximum context length is 4096 tokens."
        error = {"message": why, "code": "context_length_exceeded"}

        def before(seen: SeenRequest) -> RawAnswer | None:
            long = len(seen.body) > 4096
            return json_answer(400, {"error": error}) if long else None

        async with stage() as on:
            on.provider.intercept(before)
            found = await on.verdict(cache.PROBE)
        assert found.verdict is SKIP
        assert "longer than the window" in found.seen

    async def test_a_small_window_is_left_alone(self) -> None:
        async with stage() as on:
            on.ctx.window = 2048
            assert (await on.verdict(cache.PROBE)).verdict is SKIP
            assert on.ctx.transcripts == []


class TestPrice:
    @staticmethod
    def reporting(target: SmokeTarget) -> SmokeTarget:
        flags = frozenset({REPORTS_COST_USD})
        return replace(
            target,
            spec=replace(target.spec, usage_flags=flags),
            prices=replace(target.prices, usage_flags=flags),
        )

    async def price(self, probe: Probe, factor: int) -> Verdict:
        settings = SimulatorSettings(keys=frozenset({KEY}), report_cost="openrouter")

        def change(target: SmokeTarget) -> SmokeTarget:
            base = Rates.per_mtok(input=Decimal(factor), output=Decimal(10 * factor))
            row = replace(ROW, base=base)
            target = self.reporting(target)
            return replace(target, prices=replace(target.prices, row=row))

        async with stage(settings=settings, change=change) as on:
            await usage.PROBE.run(on.ctx)
            return (await on.verdict(probe)).verdict

    async def test_a_bill_as_expected_passes(self) -> None:
        assert await self.price(reported_cost.PROBE, 1) is PASS

    async def test_a_bill_unlike_the_table_is_a_warning(self) -> None:
        assert await self.price(reported_cost.PROBE, 2) is WARN

    async def test_what_is_free_has_no_price(self) -> None:
        def free(target: SmokeTarget) -> SmokeTarget:
            return target_of(target.base_url, free=True, spec=target.spec)

        async with stage(change=free) as on:
            await usage.PROBE.run(on.ctx)
            found = await on.verdict(reported_cost.PROBE)
        assert found.verdict is SKIP
        assert "free" in found.seen
