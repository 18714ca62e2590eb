"""Each way in which text and streams fail, over real HTTP."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faregate.providers.spec import GEMINI
from faregate.smoke.metrics import Cadence
from faregate.smoke.probe import Probe
from faregate.smoke.probes import (
    basic,
    cadence,
    cancel,
    first_byte,
    hygiene,
    reasoning,
    served_model,
    stream_equals,
    termination,
)
from faregate.smoke.simulated.delivery import open_stream, stream_parts
from faregate.smoke.simulated.exchange import Exchange
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.faults import answers, bodies, connection, streams
from faregate.smoke.simulated.interception import RawAnswer, json_answer
from faregate.smoke.simulated.obedient import Obedient
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.verdict import Verdict
from tests.smoke.probing import (
    CHAT,
    EVERY,
    MESSAGES,
    MODEL,
    RESPONSES,
    SHORT,
    probed,
    stage,
)

FAIL, WARN, PASS = Verdict.FAIL, Verdict.WARN, Verdict.PASS
DRIP = connection.drip(gap=0.02)
SMALL_ENDLESS = bodies.endless(2 * 1024 * 1024)


@pytest.mark.parametrize(
    ("probe", "fault", "verdict", "words"),
    [
        (basic.PROBE, "empty_answer", FAIL, "empty answer"),
        (basic.PROBE, "html_page", FAIL, "HTML"),
        (basic.PROBE, "redirect", FAIL, "redirect"),
        (basic.PROBE, "401", FAIL, "401"),
        (basic.PROBE, "402", FAIL, "402"),
        (basic.PROBE, "404", FAIL, "404"),
        (basic.PROBE, "429_quota", FAIL, "429"),
        (basic.PROBE, "500", FAIL, "500"),
        (basic.PROBE, "error_first", FAIL, "Overloaded"),
        (basic.PROBE, "no_content", FAIL, "204"),
        (basic.PROBE, "empty_body", FAIL, "empty"),
        (basic.PROBE, "reset_before_response", FAIL, ""),
        (basic.PROBE, "stall_before_first_byte", FAIL, "no end within"),
        (first_byte.PROBE, "pings_only", FAIL, "no token"),
        (termination.PROBE, "no_done", WARN, "[DONE]"),
        (termination.PROBE, "no_finish", FAIL, "no finish reason"),
        (termination.PROBE, "doubled_end", FAIL, "2 times"),
        (termination.PROBE, "clean_end_midway", FAIL, "no finish reason"),
        (termination.PROBE, "reset_midway", FAIL, "cut"),
        (termination.PROBE, "cut_midway", FAIL, "cut"),
        (termination.PROBE, "error_midway", FAIL, "inside the stream"),
        (termination.PROBE, "stall_midway", FAIL, "never ended"),
        (termination.PROBE, DRIP, FAIL, "never ended"),
        (termination.PROBE, SMALL_ENDLESS, FAIL, "never ended"),
        (termination.PROBE, "data_after_end", FAIL, "after the end"),
        (hygiene.PROBE, "comments", PASS, "keep-alive"),
        (hygiene.PROBE, "crlf", PASS, "all JSON"),
        (hygiene.PROBE, "wrong_content_type", WARN, "application/json"),
        (served_model.PROBE, answers.swapped_model(), WARN, "sim-cheap"),
    ],
)
async def test_a_fault_gets_its_verdict(
    probe: Probe, fault: str | Fault, verdict: Verdict, words: str
) -> None:
    found = await probed(probe, fault=fault, most_bytes=1024 * 1024)
    assert (found.verdict, words in found.seen) == (verdict, True), found


@pytest.mark.parametrize("protocol", EVERY)
@pytest.mark.parametrize(
    ("fault", "verdict"),
    [("clean_end_midway", FAIL), ("error_midway", FAIL), ("cut_midway", FAIL)],
)
async def test_broken_ends_in_every_protocol(
    protocol: str, fault: str, verdict: Verdict
) -> None:
    assert (await probed(termination.PROBE, protocol, fault=fault)).verdict is verdict


@pytest.mark.parametrize("protocol", [RESPONSES, MESSAGES])
async def test_a_typed_stream_without_its_last_event_fails(protocol: str) -> None:
    """There the last event carries the finish, or stands behind it."""
    found = await probed(termination.PROBE, protocol, fault="no_finish")
    assert found.verdict in {FAIL, WARN}


async def test_bounds_hold_whatever_comes() -> None:
    for fault in (
        DRIP,
        connection.stall_midway(),
        connection.stall_before_first_byte(),
    ):
        async with stage(fault=fault) as on:
            await on.verdict(termination.PROBE)
            assert on.ctx.transcripts[0].duration_s < SHORT.request_s + 1


class TestBasic:
    async def test_a_model_that_does_not_obey_is_a_warning(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="I would rather not."))
            found = await on.verdict(basic.PROBE)
        assert found.verdict is WARN
        assert "too weak" in found.means

    async def test_only_reasoning_is_a_warning(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="", reasoning="hm, well " * 9))
            found = await on.verdict(basic.PROBE)
        assert found.verdict is WARN
        assert "only reasoning" in found.seen

    async def test_an_answer_without_id_and_model_is_a_warning(self) -> None:
        chunk = (
            b'data: {"choices":[{"delta":{"content":"ZEBRA-4821"},"finish_reason":'
            b'"stop"}]}\n\ndata: [DONE]\n\n'
        )
        bare = RawAnswer(body=chunk, content_type="text/event-stream")
        async with stage() as on:
            on.provider.intercept(lambda _: bare)
            found = await on.verdict(basic.PROBE)
            assert (await on.verdict(served_model.PROBE)).verdict is WARN
        assert found.verdict is WARN
        assert "without id and model" in found.seen

    async def test_parameters_that_are_refused_by_name_are_left_out(self) -> None:
        refusals = iter(("Unknown field stream_options", "Use another than max_tokens"))

        def before(seen: SeenRequest) -> RawAnswer | None:
            why = next(refusals, None) if seen.protocol else None
            return (
                None if why is None else json_answer(400, {"error": {"message": why}})
            )

        async with stage() as on:
            on.provider.intercept(before)
            found = await on.verdict(basic.PROBE)
            assert on.ctx.output_field == "max_completion_tokens"
            assert not on.ctx.ask_usage
            last = on.provider.requests[-1].json
        assert found.verdict is PASS
        assert "stream_options" not in last
        assert "max_tokens" not in last


class TestCadence:
    async def test_a_burst_after_a_while_is_a_warning(self) -> None:
        async with stage() as on:
            obedient = Obedient(fault=streams.burst())
            on.provider.match(lambda seen: replace(obedient(seen), first_byte=0.5))
            found = await on.verdict(cadence.PROBE)
        assert found.verdict is WARN
        assert "burst" in found.seen

    async def test_a_long_wait_before_a_real_stream_is_no_burst(self) -> None:
        async with stage() as on:
            said = "ZEBRA-4821 one, two, three"
            on.provider.match(
                lambda _: Step(text=said, chunks=8, first_byte=0.5, gap=0.015)
            )
            found = await on.verdict(cadence.PROBE)
        assert found.verdict is PASS, found

    async def test_most_of_it_at_the_very_end_is_a_burst(self) -> None:
        async def late(exchange: Exchange) -> None:
            parts = list(stream_parts(exchange))
            await open_stream(exchange)
            for number, (data, frame) in enumerate(parts):
                await exchange.write(data, frame.tokens)
                await exchange.wait(0.2 if number in {1, 2, 3} else 0.002)
            await exchange.end()

        found = await probed(cadence.PROBE, fault=Fault(name="late", take_over=late))
        assert found.verdict is WARN, found

    @pytest.mark.parametrize(
        ("events", "arrivals", "late", "burst"),
        [
            (9, 9, 0.6, False),
            (19, 19, 0.9, False),
            (20, 20, 0.6, True),
            (20, 20, 0.4, False),
            (40, 2, 0.1, True),
            (40, 3, 0.1, True),
            (40, 4, 0.1, False),
        ],
    )
    def test_a_pause_before_a_few_events_is_no_burst(
        self, events: int, arrivals: int, late: float, burst: bool
    ) -> None:
        found = Cadence(
            events=events,
            arrivals=arrivals,
            span_s=0.7,
            spread=0.5,
            late_share=late,
            burst_ratio=1 - arrivals / events,
        )
        assert cadence._is_burst(found) is burst

    async def test_a_burst_at_once_cannot_be_judged(self) -> None:
        found = await probed(cadence.PROBE, fault="burst")
        assert found.verdict is Verdict.SKIP

    @pytest.mark.parametrize("protocol", EVERY)
    async def test_a_real_stream_passes(self, protocol: str) -> None:
        found = await probed(cadence.PROBE, protocol, gap=0.015)
        assert found.verdict is PASS, found
        assert found.facts["arrivals"] == found.facts["events"] == 40

    async def test_one_event_with_everything_is_a_warning(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="ZEBRA-4821 " * 40, chunks=1))
            found = await on.verdict(cadence.PROBE)
        assert found.verdict is WARN

    async def test_a_short_answer_is_not_judged(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="ZEBRA-4821", chunks=2))
            assert (await on.verdict(cadence.PROBE)).verdict is Verdict.SKIP


class TestHygiene:
    async def test_data_that_is_no_json_fails(self) -> None:
        body = b'data: {"choices":[]}\n\ndata: oops\n\ndata: [DONE]\n\n'
        async with stage() as on:
            on.provider.intercept(
                lambda _: RawAnswer(body=body, content_type="text/event-stream")
            )
            found = await on.verdict(hygiene.PROBE)
        assert found.verdict is FAIL
        assert "oops" in found.seen

    async def test_one_document_is_no_stream(self) -> None:
        whole = {
            "id": "x",
            "model": MODEL,
            "choices": [
                {"message": {"content": "ZEBRA-4821"}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
        }
        async with stage() as on:
            on.provider.intercept(lambda _: json_answer(200, whole))
            found = await on.verdict(hygiene.PROBE)
            assert (await on.verdict(basic.PROBE)).verdict is PASS
            assert (await on.verdict(first_byte.PROBE)).verdict is FAIL
        assert found.verdict is FAIL


async def test_a_slow_first_token_is_a_warning() -> None:
    async with stage(patience=replace(SHORT, first_token_s=0.0)) as on:
        assert (await on.verdict(first_byte.PROBE)).verdict is WARN


class TestStreamEquals:
    async def test_a_difference_is_a_warning(self) -> None:
        async with stage() as on:
            on.provider.match(
                lambda seen: Step(
                    text="Mercury, Venus" + ", Earth" * (20 * seen.stream),
                    model="sim-large" if seen.stream else None,
                )
            )
            found = await on.verdict(stream_equals.PROBE)
        assert found.verdict is WARN
        assert "sim-large" in found.seen
        assert "output" in found.seen

    async def test_a_fixed_temperature_is_unsupported(self) -> None:
        refusal = json_answer(400, {"error": {"message": "temperature must be 1"}})
        async with stage() as on:
            on.provider.intercept(lambda _: refusal)
            found = await on.verdict(stream_equals.PROBE)
        assert found.verdict is Verdict.UNSUPPORTED

    async def test_an_error_fails(self) -> None:
        assert (await probed(stream_equals.PROBE, fault="503")).verdict is FAIL


class TestCancel:
    @pytest.mark.parametrize("protocol", EVERY)
    async def test_it_is_broken_off_and_billed_by_what_was_seen(
        self, protocol: str
    ) -> None:
        async with stage(protocol, gap=0.02) as on:
            found = await on.verdict(cancel.PROBE)
            cut = on.ctx.transcripts[0]
            assert cut.aborted
            assert cut.booked == "settled"
            assert cut.cost_source == "estimated"
        assert found.verdict is PASS

    async def test_a_provider_that_is_upset_afterwards_fails(self) -> None:
        async with stage(gap=0.02) as on:
            usual = Obedient(gap=0.02)
            faulty = Obedient(fault=streams.error_first())
            on.provider.match(lambda s: usual(s) if s.stream else faulty(s))
            assert (await on.verdict(cancel.PROBE)).verdict is FAIL

    async def test_an_answer_too_short_is_not_judged(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="ZEBRA-4821", chunks=1))
            assert (await on.verdict(cancel.PROBE)).verdict is Verdict.SKIP

    async def test_an_error_fails(self) -> None:
        assert (await probed(cancel.PROBE, fault="500")).verdict is FAIL


class TestReasoning:
    @pytest.mark.parametrize(
        ("protocol", "where"),
        [
            (CHAT, "reasoning_content"),
            (RESPONSES, "reasoning_summary_text"),
            (MESSAGES, "thinking block"),
            (GEMINI, "thought part"),
        ],
    )
    async def test_it_says_where(self, protocol: str, where: str) -> None:
        async with stage(protocol) as on:
            on.provider.match(lambda _: Step(text="ZEBRA-4821", reasoning="well " * 9))
            found = await on.verdict(reasoning.PROBE)
        assert found.verdict is PASS
        assert where in found.seen

    async def test_thoughts_that_are_only_billed_are_told(self) -> None:
        billed = Counts(input=30, output=40, reasoning=20)
        async with stage() as on:
            on.provider.match(lambda _: Step(text="ZEBRA-4821", usage=billed))
            found = await on.verdict(reasoning.PROBE)
        assert found.verdict is PASS
        assert found.seen == "hidden, 20 tokens billed"

    async def test_a_leak_is_a_warning(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="<think>well</think> ZEBRA-4821"))
            assert (await on.verdict(reasoning.PROBE)).verdict is WARN
