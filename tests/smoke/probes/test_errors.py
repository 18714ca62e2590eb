"""Each way in which refusals, formats and limits go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faregate.providers.spec import ANTHROPIC_MESSAGES, GEMINI
from faregate.smoke.context import Profile
from faregate.smoke.exchanges import NO_SUCH_MODEL
from faregate.smoke.probe import Probe
from faregate.smoke.probes import (
    context_overflow,
    json_mode,
    json_schema,
    logprobs,
    malformed_json,
    rate_headers,
    rate_limit,
    stop,
    system,
    unknown_field,
    unknown_model,
    wrong_type,
)
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.faults import statuses
from faregate.smoke.simulated.interception import Interceptor, RawAnswer, json_answer
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.verdict import Finding, Verdict
from tests.smoke.probing import CHAT, EVERY, RESPONSES, SHORT, locally, probed, stage

FAIL, WARN, PASS = Verdict.FAIL, Verdict.WARN, Verdict.PASS
SKIP, UNSUPPORTED = Verdict.SKIP, Verdict.UNSUPPORTED
PAGE = RawAnswer(status=400, body=b"<html>Bad request", content_type="text/html")
SILENT = RawAnswer(delay=9)


def error(status: int, message: str) -> RawAnswer:
    return json_answer(status, {"error": {"message": message, "type": "invalid"}})


def answered(text: str = "Hello.", model: str = "sim-small") -> RawAnswer:
    message = {"content": text, "role": "assistant"}
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json_answer(
        200, {"id": "x", "model": model, "choices": [choice], "usage": usage}
    )


async def told(probe: Probe, answer: RawAnswer, protocol: str = CHAT) -> Finding:
    """Run a probe whose every request gets one answer."""
    patience = SHORT if answer.delay else None
    async with stage(protocol, patience=patience) as on:
        on.provider.intercept(lambda _: answer)
        return await on.verdict(probe)


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (error(404, f"no {NO_SUCH_MODEL} here"), PASS, NO_SUCH_MODEL),
        (error(404, "no such model"), WARN, "does not name"),
        (error(403, f"{NO_SUCH_MODEL} is not for you"), WARN, "403"),
        (error(500, "oops"), FAIL, "500"),
        (PAGE, FAIL, "HTML"),
        (SILENT, FAIL, "no end within"),
        (answered(model="sim-cheap"), FAIL, "sim-cheap"),
        (answered("", model="sim-cheap"), FAIL, "sim-cheap"),
    ],
)
async def test_unknown_model(answer: RawAnswer, verdict: Verdict, words: str) -> None:
    found = await told(unknown_model.PROBE, answer)
    assert (found.verdict, words in found.seen) == (verdict, True), found


async def test_a_local_server_may_take_any_model_name() -> None:
    async with stage(change=locally) as on:
        on.provider.intercept(lambda _: answered())
        found = await on.verdict(unknown_model.PROBE)
    assert found.verdict is WARN
    assert "any name" in found.means


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (error(400, "no JSON"), PASS),
        (error(422, "no JSON"), PASS),
        (error(413, "too large"), WARN),
        (error(500, "oops"), FAIL),
        (PAGE, FAIL),
        (SILENT, FAIL),
        (answered(), FAIL),
    ],
)
async def test_malformed_json(answer: RawAnswer, verdict: Verdict) -> None:
    found = await told(malformed_json.PROBE, answer)
    assert found.verdict is verdict, found


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (error(400, "max_tokens must be a number"), PASS),
        (json_answer(400, {"error": {"message": "bad", "code": "x"}}), WARN),
        (answered(), WARN),
        (error(500, "oops"), FAIL),
        (PAGE, FAIL),
    ],
)
async def test_wrong_type(answer: RawAnswer, verdict: Verdict) -> None:
    found = await told(wrong_type.PROBE, answer)
    assert found.verdict is verdict, found


@pytest.mark.parametrize(
    ("answer", "verdict", "strict"),
    [
        (answered(), PASS, False),
        (error(400, "unknown name faregate_smoke_field"), PASS, True),
        (error(400, "unknown name"), WARN, True),
        (error(500, "oops"), FAIL, None),
    ],
)
async def test_unknown_field(
    answer: RawAnswer, verdict: Verdict, strict: bool | None
) -> None:
    found = await told(unknown_field.PROBE, answer)
    assert found.verdict is verdict, found
    assert found.facts.get("refuses_unknown_fields") is strict


class TestOverflow:
    async def overflow(
        self,
        answer: RawAnswer,
        *,
        window: int | None = 500,
        profile: Profile = Profile.FULL,
    ) -> Finding:
        patience = SHORT if answer.delay else None
        async with stage(profile=profile, patience=patience) as on:
            on.ctx.window = window
            on.provider.intercept(lambda _: answer)
            return await on.verdict(context_overflow.PROBE)

    @pytest.mark.parametrize(
        ("answer", "verdict"),
        [
            (error(400, "the context is 500 tokens"), PASS),
            (error(413, "too long"), PASS),
            (error(400, "no"), WARN),
            (answered(), FAIL),
            (error(500, "oops"), FAIL),
            (SILENT, FAIL),
        ],
    )
    async def test_what_comes_back(self, answer: RawAnswer, verdict: Verdict) -> None:
        found = await self.overflow(answer)
        assert found.verdict is verdict, found

    async def test_a_large_window_is_for_the_costly_profile(self) -> None:
        answer = error(400, "the context is 20000 tokens")
        assert (await self.overflow(answer, window=20_000)).verdict is SKIP
        costly = await self.overflow(answer, window=20_000, profile=Profile.COSTLY)
        assert costly.verdict is PASS

    async def test_an_unknown_window_is_left_alone(self) -> None:
        assert (await self.overflow(answered(), window=None)).verdict is SKIP


class TestFormats:
    @pytest.mark.parametrize("protocol", [p for p in EVERY if p != ANTHROPIC_MESSAGES])
    @pytest.mark.parametrize("probe", [json_mode.PROBE, json_schema.PROBE])
    async def test_text_instead_of_json_is_a_warning(
        self, probe: Probe, protocol: str
    ) -> None:
        async with stage(protocol) as on:
            on.provider.match(lambda _: Step(text="Paris, of course."))
            found = await on.verdict(probe)
        assert found.verdict is WARN
        assert "no JSON" in found.seen
        assert "not supported" in found.means

    @pytest.mark.parametrize("probe", [json_mode.PROBE, json_schema.PROBE])
    async def test_cut_json_is_a_warning(self, probe: Probe) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text='{"city": "' + "Paris " * 400))
            assert (await on.verdict(probe)).verdict is WARN

    @pytest.mark.parametrize("probe", [json_mode.PROBE, json_schema.PROBE])
    @pytest.mark.parametrize(
        ("answer", "verdict"),
        [
            (error(400, "response_format is not supported"), UNSUPPORTED),
            (error(500, "oops"), FAIL),
        ],
    )
    async def test_refusals(
        self, probe: Probe, answer: RawAnswer, verdict: Verdict
    ) -> None:
        assert (await told(probe, answer)).verdict is verdict

    async def test_json_that_breaks_the_schema_is_a_warning(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text='{"city": "Paris", "size": "big"}'))
            found = await on.verdict(json_schema.PROBE)
        assert found.verdict is WARN


class TestStop:
    @pytest.mark.parametrize(
        ("text", "verdict"),
        [
            ("alpha beta gamma STOPHERE delta epsilon", FAIL),
            ("alpha beta gamma  delta epsilon", FAIL),
            ("something else", SKIP),
        ],
    )
    async def test_texts(self, text: str, verdict: Verdict) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text=text))
            assert (await on.verdict(stop.PROBE)).verdict is verdict

    @pytest.mark.parametrize(
        ("answer", "verdict"),
        [(error(400, "stop is not supported"), UNSUPPORTED), (error(500, "x"), FAIL)],
    )
    async def test_refusals(self, answer: RawAnswer, verdict: Verdict) -> None:
        assert (await told(stop.PROBE, answer)).verdict is verdict

    def test_responses_have_none(self) -> None:
        assert RESPONSES not in stop.PROBE.protocols


class TestSystem:
    async def test_counted_and_not_obeyed_is_a_warning(self) -> None:
        async with stage() as on:
            on.provider.match(lambda _: Step(text="Hello."))
            found = await on.verdict(system.PROBE)
        assert found.verdict is WARN

    async def test_dropped_fails(self) -> None:
        found = await told(system.PROBE, answered())
        assert found.verdict is FAIL

    async def test_an_error_fails(self) -> None:
        assert (await probed(system.PROBE, fault="500")).verdict is FAIL


class TestLogprobs:
    async def test_given(self) -> None:
        def bent(body: dict[str, object], _dialect: object) -> dict[str, object]:
            choices = body["choices"]
            assert isinstance(choices, list)
            choices[0]["logprobs"] = {"content": [{"token": "a", "logprob": -0.1}]}
            return body

        fault = Fault(name="logprobs", on_body=bent)
        assert (await probed(logprobs.PROBE, fault=fault)).verdict is PASS

    @pytest.mark.parametrize(
        ("answer", "verdict"),
        [
            (answered(), UNSUPPORTED),
            (error(400, "logprobs are not supported"), UNSUPPORTED),
            (error(500, "oops"), FAIL),
        ],
    )
    async def test_not_given(self, answer: RawAnswer, verdict: Verdict) -> None:
        assert (await told(logprobs.PROBE, answer)).verdict is verdict


class TestLimits:
    async def test_no_headers_are_no_fault(self) -> None:
        assert (await probed(rate_headers.PROBE, GEMINI)).verdict is UNSUPPORTED

    async def test_headers_are_read(self) -> None:
        found = await probed(rate_headers.PROBE)
        assert found.verdict is PASS
        assert "of 10000 requests left" in found.seen

    async def limited(self, fault: Fault, *, after: int = 3) -> tuple[Finding, int]:
        """Run the burst against a provider that refuses from some request on."""
        seen = 0

        def matcher(_: SeenRequest) -> Step:
            nonlocal seen
            seen += 1
            left = {"x-ratelimit-remaining-requests": str(max(0, after - seen))}
            return Step(
                text="Hello.", fault=fault if seen > after else None, headers=left
            )

        async with stage(profile=Profile.COSTLY) as on:
            on.provider.match(matcher)
            found = await on.verdict(rate_limit.PROBE)
            return found, len(on.provider.generations)

    @pytest.mark.parametrize(
        ("fault", "verdict", "words"),
        [
            (statuses.status(429, retry_after="7"), PASS, "again in 7 s"),
            (statuses.status(429), WARN, "no Retry-After"),
            (statuses.status(429, retry_after="3600"), WARN, "3600"),
        ],
    )
    async def test_a_limit_that_is_met(
        self, fault: Fault, verdict: Verdict, words: str
    ) -> None:
        found, sent = await self.limited(fault)
        assert (found.verdict, words in found.seen) == (verdict, True), found
        assert sent <= 8

    async def test_a_limit_without_a_reason_fails(self) -> None:
        async def bare(exchange: object) -> None:
            await exchange.send_whole(b"slow down", status=429)  # type: ignore[attr-defined]

        fault = replace(statuses.status(429), take_over=bare)
        assert (await self.limited(fault))[0].verdict is FAIL

    async def test_a_limit_far_away_is_left_alone(self) -> None:
        async with stage(profile=Profile.COSTLY) as on:
            found = await on.verdict(rate_limit.PROBE)
            assert len(on.provider.generations) == 1
        assert found.verdict is SKIP

    async def test_a_burst_that_meets_no_limit_ends(self) -> None:
        async with stage(GEMINI, profile=Profile.COSTLY) as on:
            found = await on.verdict(rate_limit.PROBE)
            assert len(on.provider.generations) == 1 + rate_limit.MOST
        assert found.verdict is SKIP


async def test_no_probe_waits_past_its_bound() -> None:
    hung: Interceptor = lambda _: SILENT  # noqa: E731 - typed on purpose
    for probe in (unknown_model.PROBE, malformed_json.PROBE, json_mode.PROBE):
        async with stage(patience=SHORT) as on:
            on.provider.intercept(hung)
            await on.verdict(probe)
            assert on.ctx.transcripts[0].duration_s < SHORT.request_s + 1
