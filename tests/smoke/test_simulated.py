"""The simulated provider: its bill, its pace, its books of what it saw."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from faregate.core.money import Money
from faregate.smoke.simulated.bill import BilledBecause
from faregate.smoke.simulated.rates import ANY_MODEL, BillRates, Counts
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import SimulatorSettings
from tests.smoke.wire import CALLS, CHAT, GEMINI, MESSAGES, post, until

RATES = {ANY_MODEL: BillRates(input="2", cached="0.5", cache_write="2.5", output="10")}
CHAT_PATH = "/v1/chat/completions"


async def started(
    rates: dict[str, BillRates] | None = None, **settings: Any
) -> SimulatedProvider:
    simulated = SimulatedProvider(settings=SimulatorSettings(**settings), rates=rates)
    await simulated.start()
    return simulated


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["chat", "messages", "responses", "gemini"])
async def test_each_call_costs_what_its_fixed_usage_costs(
    name: str, stream: bool
) -> None:
    # 1000 x $2 + 400 x $0.50 + 200 x $2.50 + 4500 x $10 a million = $0.0477
    usage = Counts(input=1000, cached=400, cache_write=200, output=4500, reasoning=500)
    simulated = await started(RATES, usage=usage)
    path, body = CALLS[name]
    if name == "gemini" and not stream:
        path = "/v1beta/models/sim-small:generateContent"
    asked: dict[str, Any] = body | {"max_tokens": 9000}
    if stream and name != "gemini":
        asked["stream"] = True
    for _ in range(3):
        answer = await post(simulated.url, path, asked)
        assert answer.status == 200
    await simulated.stop()
    assert simulated.bill.total == Money.usd("0.1431")
    row = simulated.bill.rows[0]
    assert (row.input, row.cached, row.cache_write, row.output) == (
        1000,
        400,
        200,
        4500,
    )
    assert row.billed_because is BilledBecause.COMPLETED
    assert row.protocol == name
    assert not row.aborted
    assert simulated.generations[0].row is row


async def test_five_cents_a_call(provider: SimulatedProvider) -> None:
    provider.rates = {ANY_MODEL: BillRates(input="0", output="50")}
    provider.script(*[Step(text="ok", usage=Counts(output=1000))] * 20)
    for _ in range(20):
        await post(provider.url, CHAT_PATH, CHAT)
    assert provider.bill.total == Money.usd("1")
    assert provider.unused_steps == 0


async def test_a_price_that_is_no_whole_pico_is_refused() -> None:
    with pytest.raises(ValueError, match="pico"):
        BillRates(input="0.0000001", output="1").amount(Counts(input=1))


def test_cached_tokens_cost_the_input_price_where_no_other_is_given() -> None:
    rates = BillRates(input="1", output="4", cache_write="2")
    counts = Counts(input=1, cached=2, cache_write=3, cache_write_1h=4, output=5)
    assert rates.amount(counts) == Money(1_000_000 * (1 + 2 + 6 + 8 + 20))


def test_the_upper_tier_bills_the_whole_request() -> None:
    upper = BillRates(input="4", output="30")
    rates = BillRates(input="2", output="10", tier_above=200, tier=upper)
    assert rates.amount(Counts(input=200, output=1)) == Money(410 * 10**6)
    assert rates.amount(Counts(input=101, cached=100, output=1)) == Money(834 * 10**6)


async def test_output_bounds_are_obeyed(provider: SimulatedProvider) -> None:
    bounded: list[tuple[str, dict[str, Any]]] = [
        ("chat", {"max_tokens": 5}),
        ("chat", {"max_completion_tokens": 5}),
        ("chat", {"max_completion_tokens": 5, "max_tokens": 8}),
        ("messages", {"max_tokens": 5}),
        ("responses", {"max_output_tokens": 5}),
        ("gemini", {"generationConfig": {"maxOutputTokens": 5}}),
        ("completions", {"max_tokens": 5}),
    ]
    for name, bound in bounded:
        path, body = CALLS[name]
        await post(provider.url, path, {**body, **bound})
    assert [row.output for row in provider.bill.rows] == [5] * len(bounded)


async def test_a_provider_may_write_past_the_bound(provider: SimulatedProvider) -> None:
    provider.script(Step(output_tokens=90, obey_max=False))
    await post(provider.url, CHAT_PATH, {**CHAT, "max_tokens": 5})
    assert provider.bill.rows[0].output == 90


async def test_every_choice_is_billed(provider: SimulatedProvider) -> None:
    answer = await post(provider.url, CHAT_PATH, {**CHAT, "n": 3, "max_tokens": 10})
    assert len(answer.json["choices"]) == 3
    assert provider.bill.rows[0].output == 30
    assert answer.json["usage"]["completion_tokens"] == 30


async def test_input_is_a_quarter_of_the_bytes(provider: SimulatedProvider) -> None:
    await post(provider.url, CHAT_PATH, CHAT)
    # {"role":"user","content":"hi"} is 30 bytes.
    assert provider.bill.rows[0].input == 8


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("stop", BilledBecause.CLIENT_LEFT_STOPPED),
        ("finish", BilledBecause.CLIENT_LEFT_FINISHED),
    ],
)
async def test_a_client_that_leaves_mid_stream(
    policy: str, reason: BilledBecause
) -> None:
    simulated = await started(
        RATES, on_disconnect=policy, gap=0.02, chunks=100, output_tokens=1000
    )
    body = {**CHAT, "stream": True}
    await post(simulated.url, CHAT_PATH, body, stop_after=2000)
    await until(lambda: simulated.bill.rows)
    row = simulated.bill.rows[0]
    await simulated.stop()
    assert row.aborted
    assert row.billed_because is reason
    assert row.input == 8
    if policy == "finish":
        assert row.output == 1000
    else:
        assert 0 < row.output < 1000
        assert row.output % 10 == 0
    assert row.amount == Money((8 * 2 + row.output * 10) * 10**6)


async def test_a_client_that_leaves_before_the_first_byte_owes_the_input() -> None:
    simulated = await started(RATES, first_byte=30)
    call = asyncio.ensure_future(post(simulated.url, CHAT_PATH, CHAT))
    await until(lambda: simulated.in_flight)
    call.cancel()
    await until(lambda: not simulated.in_flight)
    await simulated.stop()
    row = simulated.bill.rows[0]
    assert (row.input, row.output, row.status) == (8, 0, 0)
    assert row.aborted


async def test_leaving_right_after_the_last_event_is_no_abort() -> None:
    simulated = await started(gap=0.0)
    body = {"model": "m", "input": "hi", "stream": True}
    await post(simulated.url, "/v1/responses", body, stop_after=6500)
    await until(lambda: simulated.bill.rows)
    await simulated.stop()
    assert simulated.bill.rows[0].billed_because is BilledBecause.COMPLETED
    assert simulated.bill.rows[0].output == 32


async def test_what_was_seen_and_how_many_at_once() -> None:
    simulated = await started(gap=0.01)
    headers = {"X-Claude-Code-Session-Id": "s-1"}
    async with aiohttp.ClientSession(headers=headers) as client:

        async def call() -> None:
            body = {**CHAT, "stream": True}
            async with client.post(simulated.url + CHAT_PATH, json=body) as answer:
                await answer.read()

        await asyncio.gather(*(call() for _ in range(7)))
        async with client.head(simulated.url + "/") as answer:
            assert answer.status == 200
    await simulated.stop()
    assert simulated.in_flight == 0
    assert 1 < simulated.peak_in_flight <= 7
    assert len(simulated.generations) == 7
    assert len(simulated.requests) == 8
    seen = simulated.generations[0]
    assert (seen.method, seen.path, seen.model) == ("POST", CHAT_PATH, "sim-small")
    assert seen.stream
    assert seen.label == "s-1"
    assert seen.json["messages"] == CHAT["messages"]
    assert seen.ended is not None
    assert simulated.bill.of("s-1") == simulated.bill.total
    assert simulated.bill.of("other") == Money(0)


async def test_queue_then_matcher_then_model_name(provider: SimulatedProvider) -> None:
    def matcher(seen: SeenRequest) -> Step | None:
        return Step(text="matched") if seen.model == "sim-large" else None

    provider.match(matcher)
    provider.script(Step(text="queued"))
    large = {**CHAT, "model": "sim-large"}
    limited = {**CHAT, "model": "sim-small#429x2"}
    first = await post(provider.url, CHAT_PATH, large)
    assert first.json["choices"][0]["message"]["content"] == "queued"
    second = await post(provider.url, CHAT_PATH, large)
    assert second.json["choices"][0]["message"]["content"] == "matched"
    statuses = [(await post(provider.url, CHAT_PATH, limited)) for _ in range(3)]
    assert [answer.status for answer in statuses] == [429, 429, 200]
    assert statuses[2].json["model"] == "sim-small"
    assert [row.model for row in provider.bill.rows] == [
        "sim-large",
        "sim-large",
        "sim-small",
    ]


async def test_clear_forgets_everything(provider: SimulatedProvider) -> None:
    await post(provider.url, CHAT_PATH, CHAT)
    provider.script(Step(text="later"))
    provider.clear()
    assert provider.bill.total == Money(0)
    assert not provider.requests
    assert provider.unused_steps == 0


async def test_a_repeated_prompt_is_read_from_the_cache() -> None:
    simulated = await started(RATES, cache=True)
    long = {"role": "user", "content": "x" * 8000}
    more = {"role": "user", "content": "y" * 400}
    await post(simulated.url, CHAT_PATH, {**CHAT, "messages": [long]})
    await post(simulated.url, CHAT_PATH, {**CHAT, "messages": [long, more]})
    await simulated.stop()
    first, second = simulated.bill.rows
    assert (first.input, first.cached) == (2007, 0)
    assert second.cached == 1920  # 2007 in whole blocks of 128
    assert second.input + second.cached == 2114


async def test_marked_prompts_write_and_read_the_cache() -> None:
    simulated = await started(RATES, cache=True)
    mark = {"cache_control": {"type": "ephemeral"}}
    hour = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    system = [{"type": "text", "text": "s" * 8000, **hour}]

    def body(*texts: str) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": t} for t in texts]
        content[-1] |= mark
        turn = {"role": "user", "content": content}
        return {**MESSAGES, "system": system, "messages": [turn]}

    # A block is 25 bytes and its text: 8025, 12050 and then 12475 bytes of prompt.
    one = await post(simulated.url, "/v1/messages", body("a" * 4000))
    two = await post(simulated.url, "/v1/messages", body("a" * 4000, "b" * 400))
    await simulated.stop()
    assert one.json["usage"]["cache_creation"] == {
        "ephemeral_5m_input_tokens": 1006,
        "ephemeral_1h_input_tokens": 2007,
    }
    assert two.json["usage"]["cache_read_input_tokens"] == 3013
    assert two.json["usage"]["input_tokens"] == 0
    assert [row.cache_write for row in simulated.bill.rows] == [3013, 106]


async def test_a_refused_request_leaves_nothing_in_the_cache() -> None:
    simulated = await started(cache=True)
    long = {**CHAT, "messages": [{"role": "user", "content": "x" * 8000}]}
    await post(simulated.url, CHAT_PATH, {**long, "model": "sim-small#429x1"})
    await post(simulated.url, CHAT_PATH, long)
    await simulated.stop()
    assert [row.cached for row in simulated.bill.rows] == [0]


@pytest.mark.parametrize(
    ("flavour", "field", "wanted"),
    [("openrouter", "cost", 0.0123), ("xai", "cost_in_usd_ticks", 123_000_000)],
)
async def test_the_price_in_the_answer(flavour: str, field: str, wanted: float) -> None:
    usage = Counts(input=1150, output=1000)
    simulated = await started(RATES, report_cost=flavour, usage=usage)
    answer = await post(simulated.url, CHAT_PATH, CHAT)
    await simulated.stop()
    assert answer.json["usage"][field] == wanted
    assert simulated.bill.total.decimal() == Decimal("0.0123")


async def test_calls_that_generate_nothing(provider: SimulatedProvider) -> None:
    counted = await post(provider.url, "/v1/messages/count_tokens", MESSAGES)
    assert counted.json["input_tokens"] > 0
    counted = await post(provider.url, "/v1beta/models/m:countTokens", GEMINI)
    assert counted.json["totalTokens"] > 0
    async with aiohttp.ClientSession() as client:
        async with client.get(provider.url + "/v1/models") as answer:
            listed = await answer.json()
        assert [m["id"] for m in listed["data"]] == ["sim-small", "sim-large"]
        async with client.get(provider.url + "/v1beta/models") as answer:
            listed = await answer.json()
        assert listed["models"][0]["name"] == "models/sim-small"
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
        url = provider.url + "/v1/responses"
        async with client.get(url, headers=upgrade) as answer:
            assert answer.status == 426
    assert not provider.bill.rows
    assert not provider.generations


async def test_stopping_ends_a_stalled_request_at_once() -> None:
    simulated = await started(first_byte=3600)
    call = asyncio.ensure_future(post(simulated.url, CHAT_PATH, CHAT))
    await until(lambda: simulated.in_flight)
    await simulated.stop()
    assert (await call).data == b""
    assert simulated.in_flight == 0
    with pytest.raises(RuntimeError, match="not running"):
        _ = simulated.url


async def test_arguments_are_cut_at_the_bound(provider: SimulatedProvider) -> None:
    call = ToolCall(name="write", arguments={"text": "x" * 400})
    provider.script(Step(tools=(call,)), Step(text="y" * 40, tools=(call,)))
    cut = await post(provider.url, CHAT_PATH, {**CHAT, "max_tokens": 20})
    choice = cut.json["choices"][0]
    assert choice["finish_reason"] == "length"
    assert 0 < len(choice["message"]["tool_calls"][0]["function"]["arguments"]) < 400
    cut = await post(provider.url, CHAT_PATH, {**CHAT, "max_tokens": 10})
    assert "tool_calls" not in cut.json["choices"][0]["message"]
