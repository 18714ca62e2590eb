"""Reach, model list, wrong and missing keys: each way in which they fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from faregate.smoke.asking.target import SmokeTarget
from faregate.smoke.probe import Probe
from faregate.smoke.probes import bad_key, models, no_key, reach
from faregate.smoke.simulated.interception import RawAnswer, json_answer
from faregate.smoke.simulated.settings import SimulatorSettings
from faregate.smoke.verdict import Verdict
from tests.smoke.probing import CHAT, EVERY, KEY, SHORT, locally, spec_of, stage

PAGE = RawAnswer(status=200, body=b"<!DOCTYPE html><p>Log in", content_type="text/html")
ERROR = {"error": {"message": "Incorrect key", "type": "auth", "code": "bad_key"}}


async def test_nobody_there_is_unreachable() -> None:
    def moved(target: SmokeTarget) -> SmokeTarget:
        urls = dict.fromkeys(target.spec.base_urls, "http://127.0.0.1:9/v1")
        return replace(target, spec=replace(target.spec, base_urls=urls))

    async with stage(change=moved) as on:
        found = await on.verdict(reach.PROBE)
    assert found.verdict is Verdict.FAIL
    assert "refused" in found.seen
    assert "127.0.0.1:9" in found.seen + found.fix


async def test_silence_is_unreachable_within_the_bound() -> None:
    async with stage(patience=SHORT) as on:
        on.provider.intercept(lambda _: RawAnswer(delay=30))
        found = await on.verdict(reach.PROBE)
        assert on.ctx.transcripts[0].duration_s < SHORT.error_s + 1
    assert found.verdict is Verdict.FAIL
    assert "1 s" in found.seen


async def test_a_redirect_is_named_and_not_followed() -> None:
    async with stage() as on:
        there = {"Location": "http://127.0.0.1:9/elsewhere"}
        on.provider.intercept(lambda _: RawAnswer(status=307, headers=there))
        found = await on.verdict(reach.PROBE)
        assert len(on.provider.requests) == 1
    assert found.verdict is Verdict.WARN
    assert "redirect" in found.seen


async def test_what_speaks_no_http_is_named() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]

        def elsewhere(target: SmokeTarget) -> SmokeTarget:
            return replace(target, spec=spec_of(f"http://127.0.0.1:{port}"))

        async with stage(change=elsewhere) as on:
            found = await on.verdict(reach.PROBE)
    assert found.verdict is Verdict.FAIL
    assert "does not speak HTTP" in found.means


async def test_a_slow_connection_is_a_warning() -> None:
    async with stage(patience=replace(SHORT, connect_s=-1.0)) as on:
        found = await on.verdict(reach.PROBE)
    assert found.verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (json_answer(404, {"error": {"message": "no"}}), Verdict.UNSUPPORTED, "404"),
        (json_answer(200, {"data": [{"id": "other"}]}), Verdict.WARN, "not among"),
        (json_answer(200, {"data": []}), Verdict.WARN, "no list"),
        (json_answer(401, ERROR), Verdict.WARN, "401"),
        (PAGE, Verdict.WARN, "HTML"),
    ],
)
async def test_a_model_list_can_lack_the_model(
    answer: RawAnswer, verdict: Verdict, words: str
) -> None:
    async with stage() as on:
        on.provider.intercept(lambda _: answer)
        found = await on.verdict(models.PROBE)
    assert (found.verdict, words in found.seen) == (verdict, True), found.seen


async def test_a_retired_model_names_its_successor() -> None:
    def retired(target: SmokeTarget) -> SmokeTarget:
        spec = replace(target.spec, retired={"old": "sim-large"})
        return replace(target, spec=spec, model="old")

    async with stage(change=retired) as on:
        found = await on.verdict(models.PROBE)
    assert found.verdict is Verdict.FAIL
    assert "sim/sim-large" in found.fix


@pytest.mark.parametrize("protocol", EVERY)
async def test_a_wrong_key_is_refused_in_every_protocol(protocol: str) -> None:
    async with stage(protocol) as on:
        found = await on.verdict(bad_key.PROBE)
        assert KEY not in str(on.provider.requests[0].headers)
    assert found.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (json_answer(403, ERROR), Verdict.WARN, "403"),
        (json_answer(400, ERROR), Verdict.WARN, "400"),
        (json_answer(401, [ERROR]), Verdict.WARN, "array"),
        (json_answer(401, {"error": {"message": ""}}), Verdict.WARN, "no message"),
        (
            json_answer(200, {"base_resp": {"status_code": 1004, "status_msg": "no"}}),
            Verdict.WARN,
            "200",
        ),
        (json_answer(401, ERROR, delay=0.6), Verdict.WARN, "it took"),
        (json_answer(500, ERROR), Verdict.FAIL, "500"),
        (PAGE, Verdict.FAIL, "HTML"),
        (RawAnswer(status=401, body=b"no"), Verdict.FAIL, "401"),
        (RawAnswer(status=401), Verdict.FAIL, "empty"),
        (RawAnswer(status=401, delay=9), Verdict.FAIL, "no end within"),
    ],
)
async def test_odd_refusals_of_a_wrong_key(
    answer: RawAnswer, verdict: Verdict, words: str
) -> None:
    async with stage(patience=SHORT if answer.delay else None) as on:
        on.provider.intercept(lambda _: answer)
        found = await on.verdict(bad_key.PROBE)
    assert (found.verdict, words in found.seen) == (verdict, True), found.seen


ANYBODY = SimulatorSettings()


@pytest.mark.parametrize("probe", [bad_key.PROBE, no_key.PROBE])
async def test_an_answer_to_anybody_is_a_failure(probe: Probe) -> None:
    async with stage(settings=ANYBODY) as on:
        found = await on.verdict(probe)
    assert found.verdict is Verdict.FAIL
    assert "who is billed" in found.means


@pytest.mark.parametrize("probe", [bad_key.PROBE, no_key.PROBE])
async def test_a_local_server_may_answer_anybody(probe: Probe) -> None:
    async with stage(settings=ANYBODY, change=locally) as on:
        assert (await on.verdict(probe)).verdict is Verdict.SKIP


@pytest.mark.parametrize("probe", [bad_key.PROBE, no_key.PROBE])
async def test_a_target_without_a_key_has_no_wrong_one(probe: Probe) -> None:
    async with stage(settings=ANYBODY, key=None) as on:
        assert (await on.verdict(probe)).verdict is Verdict.SKIP
        assert on.provider.requests == []


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (json_answer(403, ERROR), Verdict.PASS),
        (json_answer(400, ERROR), Verdict.WARN),
        (json_answer(500, ERROR), Verdict.FAIL),
        (PAGE, Verdict.FAIL),
    ],
)
async def test_a_missing_key(answer: RawAnswer, verdict: Verdict) -> None:
    async with stage(CHAT) as on:
        on.provider.intercept(lambda _: answer)
        assert (await on.verdict(no_key.PROBE)).verdict is verdict
        assert "authorization" not in on.provider.requests[0].headers
