"""A request for a provider of another dialect: what is sent, held, told and booked."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from faregate.core.facts import RequestFacts, Work
from faregate.core.model_facts import ModelFacts
from faregate.core.money import ZERO, Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.routing import Target
from faregate.gateway import translating
from faregate.gateway.inbound import Whole
from faregate.gateway.translating import Ahead, estimated
from faregate.protocols.seals import MARK
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    AuthScheme,
    Billing,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.gates import GRANT, FakeAnswer, SmallGate, row

CHAT = ProviderSpec(
    name="c",
    title="C",
    base_urls={OPENAI_CHAT: "http://127.0.0.1:9/v1"},
    key_env=("C_KEY",),
    output_fields={OPENAI_CHAT: "max_completion_tokens"},
    error_rules=(
        ErrorRule(error_class=ErrorClass.CONTEXT_OVERFLOW, text="does not fit"),
    ),
)
CLAUDE = ProviderSpec(
    name="a",
    title="A",
    base_urls={ANTHROPIC_MESSAGES: "http://127.0.0.1:9"},
    auth=AuthScheme.X_API_KEY,
    key_env=("A_KEY",),
    output_fields=max_tokens(ANTHROPIC_MESSAGES),
    headers={"X-Vendor": "yes"},
)
FREE = replace(CLAUDE, name="f", billing=Billing.FREE)
JSON = {"content-type": "application/json"}
MESSAGES = "/v1/messages"
RESPONSES = "/v1/responses"
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
HEADERS = {
    "content-type": "application/json",
    "user-agent": "agent/1",
    "anthropic-beta": "x",
    "authorization": "Bearer fg-local",
    "x-stainless-lang": "js",
}


@pytest.fixture
def small(ledger: CountingLedger, clock: FakeClock) -> SmallGate:
    rows = (row("c"), row("a"))
    return SmallGate(ledger, clock, rows=rows, specs=(CHAT, CLAUDE, FREE))


def claude_turn(**more: Any) -> dict[str, Any]:
    said = [{"role": "user", "content": "hi"}]
    return {"model": "c/m", "max_tokens": 1000, "messages": said, **more}


def chat_chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"id": "x", "model": "m", "choices": [choice]})


def event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def stream(*parts: bytes) -> FakeAnswer:
    return FakeAnswer(parts=list(parts))


ANSWER = (
    chat_chunk({"role": "assistant", "content": "Hel"}),
    chat_chunk({"content": "lo"}),
    chat_chunk({}, "stop"),
    event({"id": "x", "choices": [], "usage": USAGE}),
    b"data: [DONE]\n\n",
)


def whole(status: int, value: object) -> FakeAnswer:
    body = json.dumps(value).encode()
    return FakeAnswer(status=status, headers=JSON, parts=[body])


async def run(
    small: SmallGate,
    body: dict[str, Any],
    answer: Any,
    path: str = MESSAGES,
    **more: Any,
) -> tuple[Any, Any]:
    exchange, reply = small.exchange(body, path, **more)
    small.upstream.script = answer if isinstance(answer, list) else [answer]
    return await exchange.run(), reply


async def test_what_is_sent_speaks_the_providers_dialect(small: SmallGate) -> None:
    said = claude_turn(stream=True, system="Be brief.")
    await run(small, said, stream(*ANSWER), headers=HEADERS)
    (sent,) = small.upstream.sent
    assert sent.url == "http://127.0.0.1:9/v1/chat/completions"
    assert dict(sent.headers) == {
        "content-type": "application/json",
        "user-agent": "agent/1",
        "accept-encoding": "identity",
        "authorization": "Bearer sk-key",
    }
    assert json.loads(sent.body) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hi"},
        ],
        "stream": True,
        "max_completion_tokens": 1000,
        "stream_options": {"include_usage": True},
    }


async def test_the_client_reads_its_own_dialect_and_the_bill_is_the_providers(
    small: SmallGate,
) -> None:
    said = claude_turn(stream=True, system=[{"type": "text", "text": "Be brief."}])
    said["system"][0]["cache_control"] = {"type": "ephemeral"}
    result, reply = await run(small, said, stream(*ANSWER))
    assert result is None
    text = b"".join(reply.written)
    assert text.startswith(b"event: message_start\n")
    assert text.endswith(b'data: {"type":"message_stop"}\n\n')
    assert b'"input_tokens":100' in text
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["x-faregate-losses"] == "cache_control"
    assert small.month().spent == Money.usd("0.0003")
    assert small.month().held == small.month().unknown == ZERO


async def test_the_hold_covers_the_larger_of_both_bodies(small: SmallGate) -> None:
    tools = [{"name": f"t{n}", "input_schema": {"type": "object"}} for n in range(50)]
    exchange, _ = small.exchange(claude_turn(tools=tools), MESSAGES)
    small.upstream.script = [whole(400, {"error": {"message": "no"}})]
    result = await exchange.run()
    assert isinstance(result, Whole)
    asked: Any = exchange._inbound.explanation.last("translation")
    held = exchange._inbound.explanation.last("hold")
    assert held is not None
    bounds: Any = held["bounds"]
    assert bounds["input"] > max(asked["bytes_before"], asked["bytes_after"])


async def test_an_output_bound_is_set_in_the_providers_field(small: SmallGate) -> None:
    answer = {
        "id": "msg_1",
        "type": "message",
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 10, "output_tokens": 2},
    }
    asked = {"model": "a/m", "input": "hi", "store": False}
    result, _ = await run(small, asked, whole(200, answer), RESPONSES)
    (sent,) = small.upstream.sent
    assert json.loads(sent.body)["max_tokens"] >= 1024
    assert sent.headers["x-api-key"] == "sk-key"
    assert sent.headers["anthropic-version"] == "2023-06-01"
    assert sent.headers["x-vendor"] == "yes"
    assert json.loads(result.body)["output"][0]["content"][0]["text"] == "hello"
    assert result.headers == {"content-type": "application/json"}


async def test_a_free_provider_gets_the_bound_that_its_dialect_wants(
    small: SmallGate,
) -> None:
    asked = {"model": "f/m", "input": "hi", "store": False}
    await run(small, asked, whole(400, {"error": {"message": "no"}}), RESPONSES)
    assert json.loads(small.upstream.sent[0].body)["max_tokens"] == 32_000


async def test_what_an_error_teaches_holds_for_a_translated_request(
    small: SmallGate,
) -> None:
    text = "max_completion_tokens is too large: 32000; at most 4096 tokens"
    refused = whole(400, {"error": {"message": text}})
    done = {
        "id": "x",
        "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
    asked = {"model": "c/m", "input": "hi", "store": False}
    result, _ = await run(small, asked, [refused, whole(200, done)], RESPONSES)
    assert result.status == 200
    bounds = [json.loads(s.body)["max_completion_tokens"] for s in small.upstream.sent]
    assert bounds == [32_000, 4096]
    assert json.loads(result.body)["object"] == "response"


async def test_a_clients_bound_was_meant_for_another_model(small: SmallGate) -> None:
    text = "max_completion_tokens is too large: 32000; at most 4096 tokens"
    refused = whole(400, {"error": {"message": text}})
    asked = claude_turn(max_tokens=32_000, stream=True)
    await run(small, asked, [refused, stream(*ANSWER)])
    await run(small, asked, stream(*ANSWER))
    bounds = [json.loads(s.body)["max_completion_tokens"] for s in small.upstream.sent]
    assert bounds == [32_000, 4096, 4096]


async def test_a_bound_beyond_what_the_model_can_write_is_lowered(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    facts = {("c", "m"): ModelFacts(max_output=500)}
    small = SmallGate(ledger, clock, rows=(row("c"),), specs=(CHAT,), facts=facts)
    _, reply = await run(small, claude_turn(stream=True), stream(*ANSWER))
    assert json.loads(small.upstream.sent[0].body)["max_completion_tokens"] == 500
    assert reply.headers["x-faregate-losses"] == "output_bound"


async def test_an_error_has_the_clients_shape_and_status(small: SmallGate) -> None:
    refused = whole(429, {"error": {"message": "slow down", "code": "rate"}})
    result, _ = await run(small, claude_turn(), [refused] * 4)
    assert result.status == 429
    assert json.loads(result.body)["error"] == {
        "type": "rate_limit_error",
        "code": "rate",
        "param": None,
        "message": "slow down",
    }


async def test_a_full_window_is_said_as_the_client_knows_it(small: SmallGate) -> None:
    refused = whole(400, {"error": {"message": "that does not fit"}})
    result, _ = await run(small, claude_turn(), refused)
    error = json.loads(result.body)["error"]
    assert error["message"] == "prompt is too long: that does not fit"
    assert error["code"] == "context_length_exceeded"


async def test_an_error_inside_a_200_is_no_answer(small: SmallGate) -> None:
    failed = whole(200, {"error": {"message": "broken", "code": "x"}})
    result, _ = await run(small, claude_turn(), [failed] * 4)
    assert result.status >= 500
    assert json.loads(result.body)["error"]["message"] == "broken"


async def test_a_stream_that_changes_its_dialect_is_a_fault(small: SmallGate) -> None:
    other = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    result, reply = await run(
        small, claude_turn(stream=True), stream(ANSWER[0], other, *ANSWER[1:])
    )
    words = reply.last_words or (result.message.encode() if result else b"")
    assert b"goes on as Messages" in words
    assert b"message_stop" not in b"".join(reply.written)


async def test_a_stream_that_breaks_when_its_usage_is_known_is_still_a_fault(
    small: SmallGate,
) -> None:
    """The bytes come at once, so that the meter has read the end by then."""
    bad = b'data: {"choices":[{"delta":{"content":"x\n"}}]}\n\n'
    result, reply = await run(
        small, claude_turn(stream=True), stream(b"".join((bad, *ANSWER)))
    )
    assert isinstance(result, Refusal)
    assert result.code is RefusalCode.UPSTREAM_BROKEN
    assert not reply.started
    assert small.month().spent + small.month().unknown >= Money.usd("0.0003")


async def test_a_callers_own_key_and_unknown_dialects_are_refused(
    small: SmallGate,
) -> None:
    result, _ = await run(small, claude_turn(), [], grant=None)
    assert isinstance(result, Refusal)
    assert "local token" in result.message
    asked = {"model": "a/m", "input": "x"}
    result, _ = await run(small, asked, [], "/v1/embeddings")
    assert isinstance(result, Refusal)
    assert "does not speak" in result.message
    assert small.upstream.sent == []


async def test_what_cannot_be_translated_is_refused_by_its_name(
    small: SmallGate,
) -> None:
    asked = {"model": "a/m", "input": "x", "previous_response_id": "resp_1"}
    result, _ = await run(small, asked, [], RESPONSES)
    assert isinstance(result, Refusal)
    assert (result.code, result.param) == (
        RefusalCode.BAD_REQUEST,
        "previous_response_id",
    )


async def test_a_provider_never_sees_what_another_one_sealed(small: SmallGate) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": f"{MARK}gemini:QQ=="}
    said = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "ok"}]},
        {"role": "user", "content": "go on"},
    ]
    body = claude_turn(model="a/m", messages=said)
    await run(small, body, whole(400, {"error": {"message": "no"}}))
    (sent,) = small.upstream.sent
    assert json.loads(sent.body)["messages"][1]["content"] == [
        {"type": "text", "text": "ok"}
    ]
    assert MARK.encode() not in sent.body


async def test_tokens_are_estimated_where_no_provider_can_be_asked(
    small: SmallGate,
) -> None:
    body = {"model": "c/m", "messages": [{"role": "user", "content": "word " * 100}]}
    result, _ = await run(small, body, [], "/v1/messages/count_tokens")
    assert result.headers["x-faregate-estimate"] == "tokens"
    assert 100 < json.loads(result.body)["input_tokens"] < 300
    assert small.upstream.sent == []
    assert small.month().held == ZERO


async def test_an_image_is_no_text_in_an_estimate(small: SmallGate) -> None:
    facts = RequestFacts(protocol="gemini", work=Work.TOKEN_COUNT, model="m")
    asked = {"contents": [{"parts": [{"inlineData": {"data": "QUJD" * 5000}}]}]}
    exchange, _ = small.exchange(asked, "/v1beta/models/m:countTokens", GRANT)
    counted = await estimated(exchange._inbound, facts, None)
    assert json.loads(counted.body)["totalTokens"] < 2000


@pytest.mark.parametrize("model", ["c/m", "a/m", "nobody"])
async def test_a_large_request_is_translated_away_from_the_loop(
    small: SmallGate, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []

    def noted(*args: Any, **named: Any) -> Any:
        threads.append(threading.current_thread().name)
        return real(*args, **named)

    real = translating.carried
    monkeypatch.setattr(translating, "carried", noted)
    text = [{"role": "user", "content": "words " * 60_000}]
    done = whole(400, {"error": {"message": "no"}})
    result, _ = await run(small, claude_turn(model=model, messages=text), done)
    assert isinstance(result, Refusal) is (model == "nobody")
    assert len(threads) == (model == "c/m")
    assert threading.main_thread().name not in threads


async def test_what_was_made_ahead_is_given_out_once(small: SmallGate) -> None:
    ahead = Ahead()
    one, other = (Target(provider="p", model=name) for name in ("m", "n"))
    asked = [small.exchange(claude_turn(), MESSAGES)[0]._inbound for _ in range(100)]
    inbound = asked[-1]
    for number, inbound in enumerate(asked):
        await ahead.make(inbound, one, lambda: None)
        if number % 2:
            assert ahead.take(inbound, other) is None
            assert ahead.take(inbound, one) is None
    assert ahead.take(inbound, one) is None
    await ahead.make(inbound, one, lambda: None)
    assert ahead.take(inbound, one) == (None,)
    assert len(ahead._made) <= 64
