"""The output bound of a request that names none, and the bytes that are not ours."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faregate.core.holds import HoldRequest
from faregate.core.money import ZERO, Money
from faregate.smoke.simulated.settings import ModelLimits
from tests.money.calls import (
    Client,
    call_of,
    chat,
    client_of,
    messages,
    provider_of,
    until,
)
from tests.running import RunningGate, running_gate

FACTS = """
[models."sim/small"]
max_output = 4096
[models."sim/old"]
output_field = "max_tokens"
[models."sim/new"]
output_field = "max_completion_tokens"
[prices."sim/small"]
input = 1.0
output = 10.0
[prices."sim/old"]
input = 1.0
output = 10.0
[prices."sim/new"]
input = 1.0
output = 10.0
[providers.local]
kind = "openai"
base_url = "{url}/v1"
billing = "free"
key_env = "FAREGATE_TEST_KEY"
[models."local/any"]
context = 8192
"""


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    limits = {
        "capped": ModelLimits(max_output=8_192),
        "picky": ModelLimits(output_field="max_completion_tokens"),
    }
    provider = provider_of(limits=limits)
    await provider.start()
    prices = "\n".join(
        f'[prices."sim/{name}"]\ninput = 1.0\noutput = 10.0' for name in limits
    )
    async with running_gate(
        tmp_path / "home",
        provider,
        url=provider.url,
        monthly="5",
        more=FACTS.format(url=provider.url) + prices,
    ) as running:
        yield running
    await provider.stop()


@pytest.fixture
async def client(gate: RunningGate) -> AsyncIterator[Client]:
    async with client_of(gate) as made:
        yield made


def holds_of(gate: RunningGate) -> list[HoldRequest]:
    """Record every hold from now on."""
    holds: list[HoldRequest] = []
    ledger: Any = gate.daemon.ledger
    real = ledger.hold

    def recorded(request: HoldRequest) -> Any:
        holds.append(request)
        return real(request)

    ledger.hold = recorded
    return holds


def sent(gate: RunningGate) -> dict[str, Any]:
    return dict(gate.provider.generations[-1].json)


async def test_a_request_without_a_bound_is_given_one(
    gate: RunningGate, client: Client
) -> None:
    holds = holds_of(gate)
    got = await client.chat(text="no bound")
    assert got.status == 200
    fields = {"max_tokens", "max_completion_tokens"} & sent(gate).keys()
    assert len(fields) == 1
    assert sent(gate)[fields.pop()] == holds[0].output_bound == 32_000


async def test_it_is_never_above_the_models_maximum(
    gate: RunningGate, client: Client
) -> None:
    await client.chat(model="sim/small")
    assert 4096 in sent(gate).values()


@pytest.mark.parametrize(
    ("model", "field"),
    [("sim/old", "max_tokens"), ("sim/new", "max_completion_tokens")],
)
async def test_it_is_put_where_the_model_wants_it(
    model: str, field: str, gate: RunningGate, client: Client
) -> None:
    await client.chat(model=model)
    assert sent(gate)[field] == 32_000


async def test_each_protocol_has_its_own_field(
    gate: RunningGate, client: Client
) -> None:
    await client.post("/v1/responses", {"model": "sim/gpt-x", "input": "hi"})
    assert sent(gate)["max_output_tokens"] == 32_000
    contents = [{"role": "user", "parts": [{"text": "hi"}]}]
    path = "/v1beta/models/gemini-x:generateContent"
    await client.post(path, {"contents": contents})
    assert sent(gate)["generationConfig"] == {"maxOutputTokens": 32_000}


async def test_a_bound_that_is_too_large_is_learned_and_sent_again_once(
    gate: RunningGate, client: Client
) -> None:
    holds = holds_of(gate)
    for stream in (False, True):
        got = await client.chat(model="sim/capped", stream=stream)
        assert got.status == 200
    bounds = [hold.output_bound for hold in holds]
    assert bounds == [32_000, 8_192, 8_192]
    assert [hold.attempt == hold.request for hold in holds] == [True, False, True]
    assert [hold.first_attempt for hold in holds] == [True, False, True]
    state = gate.month()
    assert (state.spent, state.unknown) == (gate.provider.bill.total, ZERO)


async def test_another_field_is_learned_and_sent_again_once(
    gate: RunningGate, client: Client
) -> None:
    for _ in range(2):
        got = await client.chat(model="sim/picky")
        assert got.status == 200
    seen = [set(each.json) for each in gate.provider.generations]
    assert all("max_completion_tokens" in fields for fields in seen[-2:])
    assert gate.month().spent == gate.provider.bill.total


async def test_a_bound_that_the_agent_named_is_never_sent_again(
    gate: RunningGate, client: Client
) -> None:
    got = await client.chat(model="sim/capped", max_tokens=50_000)
    assert got.status == 400
    assert "8192" in got.json["error"]["message"]
    assert len(gate.provider.generations) == 1
    assert gate.month().spent == gate.month().unknown == ZERO
    # Nor does it teach anything: the agent may have meant another model.
    await client.chat(model="sim/capped")
    assert gate.provider.generations[1].json.get("max_tokens") != 8_192


async def test_where_no_field_is_known_the_maximum_is_held(tmp_path: Path) -> None:
    provider = provider_of()
    await provider.start()
    more = f"""
[providers.mute]
kind = "openai"
base_url = "{provider.url}/v1"
key_env = "FAREGATE_TEST_KEY"
[prices."mute/any"]
input = 1.0
output = 10.0
[models."mute/any"]
max_output = 60_000
"""
    async with (
        running_gate(tmp_path / "home", provider, url=provider.url, more=more) as gate,
        client_of(gate) as client,
    ):
        planner: Any = gate.daemon.gate.planner
        specs = dict(planner._specs)
        specs["mute"] = replace(specs["mute"], output_fields={})
        planner._specs = specs
        holds = holds_of(gate)
        body = json.dumps(chat(model="mute/any")).encode()
        got = await client.post("/v1/chat/completions", body)
        assert got.status == 200
        assert holds[0].output_bound == 60_000
        assert holds[0].amount > Money.usd("0.60")
        assert gate.provider.generations[-1].body == body.replace(b"mute/any", b"any")
    await provider.stop()


ODD = (
    b'{ "model" : "sim/gpt-x",\n "messages":[{"role":"user","content":"\\u00e9 \xc3\xa9"'
    b'}], "max_tokens"\t: 100 ,"x_unknown": {"a": [1, 2.50, 1e3]} , "temperature":1.0}'
)


async def test_a_body_that_needs_nothing_passes_byte_for_byte(
    gate: RunningGate, client: Client
) -> None:
    await client.post("/v1/chat/completions", ODD)
    assert gate.provider.generations[-1].body == ODD.replace(b"sim/gpt-x", b"gpt-x")


@pytest.mark.parametrize("protocol", ["messages", "responses", "gemini"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_other_protocols_pass_byte_for_byte_as_well(
    protocol: str, stream: bool, gate: RunningGate, client: Client
) -> None:
    path, body = call_of(protocol, stream=stream)
    data = json.dumps(body, indent=1).encode()
    await client.post(path, data)
    want = data.replace(b"sim/", b"").replace(b"sima/", b"")
    assert gate.provider.generations[-1].body == want


async def test_only_what_is_needed_is_spliced_in(
    gate: RunningGate, client: Client
) -> None:
    data = ODD.replace(b'"max_tokens"\t: 100 ,', b"")
    await client.post("/v1/chat/completions", data)
    got = gate.provider.generations[-1].body
    bare = data.replace(b"sim/gpt-x", b"gpt-x")
    # One member more, everything else as it came.
    assert got.endswith(bare[2:])
    assert sent(gate) == {**json.loads(bare), _bound_field(got): 32_000}


def _bound_field(body: bytes) -> str:
    fields = {"max_tokens", "max_completion_tokens"} & json.loads(body).keys()
    return str(fields.pop())


async def test_a_free_provider_is_passed_untouched(
    gate: RunningGate, client: Client
) -> None:
    for body in (
        chat(model="local/any"),
        chat(model="local/any", stream=True),
        chat(model="local/any", max_tokens=10**6),
    ):
        data = json.dumps(body, indent=2).encode()
        got = await client.post("/v1/chat/completions", data)
        assert got.status == 200
        assert gate.provider.generations[-1].body == data.replace(b"local/any", b"any")
    state = gate.month()
    assert (state.spent, state.held, state.unknown) == (ZERO, ZERO, ZERO)


async def test_usage_that_the_agent_did_not_ask_for_is_read_and_taken_out(
    gate: RunningGate, client: Client
) -> None:
    asked = await client.chat(stream=True, max_tokens=50)
    plain = await client.chat(stream=True, usage=False, max_tokens=50)
    assert sent(gate)["stream_options"] == {"include_usage": True}
    with_usage = [json.loads(e) for e in asked.events if e != "[DONE]"]
    without = [json.loads(e) for e in plain.events if e != "[DONE]"]
    assert with_usage[-1]["usage"]["completion_tokens"] == 32
    assert all(not event.get("usage") for event in without)
    assert len(without) == len(with_usage) - 1
    assert plain.events[-1] == "[DONE]"
    await gate.settled()
    assert gate.month().spent == gate.provider.bill.total


async def test_what_no_provider_bills_holds_nothing(
    gate: RunningGate, client: Client
) -> None:
    holds = holds_of(gate)
    got = await client.post("/v1/messages/count_tokens", messages(text="count me"))
    assert got.status == 200
    assert got.json["input_tokens"] > 0
    assert not holds
    image = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "AA"},
    }
    body = {
        "model": "sima/claude-x",
        "messages": [{"role": "user", "content": [image]}],
    }
    got = await client.post("/v1/messages/count_tokens", body)
    assert got.status == 200


async def test_embeddings_hold_their_input_alone(
    gate: RunningGate, client: Client
) -> None:
    holds = holds_of(gate)
    body = {"model": "sim/gpt-x", "input": ["a" * 100, "b" * 100]}
    got = await client.post("/v1/embeddings", body)
    assert got.status == 200
    assert holds[0].output_bound == 0
    await until(lambda: gate.provider.bill.rows)
    assert gate.provider.bill.total == gate.month().spent <= holds[0].amount


async def test_choices_are_held_each(gate: RunningGate, client: Client) -> None:
    holds = holds_of(gate)
    got = await client.chat(n=8, max_tokens=1000)
    assert got.status == 200
    assert Money.usd("0.08") < holds[0].amount < Money.usd("0.081")
    assert gate.provider.bill.total == gate.month().spent <= holds[0].amount


async def test_an_endless_bound_is_refused_not_counted(
    gate: RunningGate, client: Client
) -> None:
    for bound in (10**9, 10**15):
        got = await client.chat(max_tokens=bound)
        assert got.status == 400
        assert got.code == "budget_exceeded"
