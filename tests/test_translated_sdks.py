"""Every client dialect runs its tool loop against a provider of another one.

Streamed and not, with reasoning and parallel calls; the bill agrees with the ledger
and with what each session was told.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from faregate.control.client import ControlClient
from faregate.core.money import ZERO
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.rates import ANY_MODEL, BillRates
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.simulated.server import SimulatedProvider
from tests.running import RunningGate, running_gate
from tests.translated_clients import asked_plainly, chat, gemini, messages, responses

PROVIDERS = {
    "openai_chat": "simc/m-x",
    "openai_responses": "simr/m-x",
    "anthropic_messages": "sima/claude-x",
    "gemini": "simg/gemini-x",
}
PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "gemini": "/v1beta/models/gemini-x:",
}
CLIENTS: dict[str, Callable[..., str]] = {
    "openai_chat": chat,
    "openai_responses": responses,
    "anthropic_messages": messages,
    "gemini": gemini,
}
ONE_DIALECT = """
[providers.{name}]
kind = "openai"
base_url = "{url}/v1"
protocols = ["{protocol}"]
key_env = "FAREGATE_TEST_KEY"
[prices."{name}/m-x"]
input = 1.0
output = 10.0
"""


def looks_twice(seen: SeenRequest) -> Step:
    """Think and call two tools at once, then one more, and answer at the end."""
    if b"seen c" in seen.body:
        return Step(text="All done.")
    if b"seen b" in seen.body:
        assert b"seen a" in seen.body
        return Step(text="One more.", tools=(look("c"),))
    return Step(reasoning="Let me see. ", tools=(look("a"), look("b")))


def look(path: str) -> ToolCall:
    return ToolCall(name="look", arguments={"path": path})


@asynccontextmanager
async def gate_to_all(home: Path, routes: str = "") -> AsyncIterator[RunningGate]:
    """A gate whose providers each speak one dialect, before one simulated server."""
    provider = SimulatedProvider(rates={ANY_MODEL: BillRates(input="1", output="10")})
    provider.match(looks_twice)
    await provider.start()
    more = "".join(
        ONE_DIALECT.format(name=name, url=provider.url, protocol=protocol)
        for name, protocol in (("simc", "openai_chat"), ("simr", "openai_responses"))
    )
    more += routes
    try:
        async with running_gate(home, provider, more=more, url=provider.url) as gate:
            yield gate
    finally:
        await provider.stop()


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_tool_loop_with_a_provider_of_another_dialect(
    tmp_path: Path, client: str
) -> None:
    async with gate_to_all(tmp_path / "h") as gate:
        for protocol, model in PROVIDERS.items():
            if protocol == client:
                continue
            for stream in (False, True):
                await loops(gate, client, protocol, model, stream=stream)
        assert gate.month().spent == gate.provider.bill.total > ZERO
        assert gate.month().unknown == gate.month().held == ZERO


async def loops(
    gate: RunningGate, client: str, protocol: str, model: str, *, stream: bool
) -> None:
    session = f"{protocol}-{stream}"
    before = len(gate.provider.requests)
    root = f"{gate.url}/s/{session}"
    text = await asyncio.to_thread(
        CLIENTS[client], root, gate.token, model, stream=stream
    )
    assert text == "All done."
    await gate.settled()
    asked = gate.provider.requests[before:]
    assert [request.status for request in asked] == [200] * 3
    assert all(request.path.startswith(PATHS[protocol]) for request in asked)
    assert all(request.stream is stream for request in asked)
    status = await asyncio.to_thread(ControlClient(gate.paths.socket).status)
    (told,) = [each for each in status.sessions if each.id == session]
    rows = [request.row for request in asked if request.row is not None]
    assert told.output_tokens == sum(row.output for row in rows)
    assert told.input_tokens == sum(
        row.input + row.cached + row.cache_write for row in rows
    )
    assert (told.requests, told.refusals, told.tool_calls) == (3, 0, 3)


def asks(gate: RunningGate, key: str, **more: Any) -> Any:
    """Ask the chat provider once as Anthropic's SDK does; return the raw answer."""
    with anthropic.Anthropic(base_url=gate.url, api_key=key, max_retries=0) as client:
        turns: Any = [{"role": "user", "content": "seen c"}]
        create: Any = client.messages.with_raw_response.create
        return create(model="simc/m-x", max_tokens=100, messages=turns, **more)


async def test_a_stream_without_sse_is_a_json_array(tmp_path: Path) -> None:
    async with gate_to_all(tmp_path / "h") as gate:
        body = await asyncio.to_thread(
            asked_plainly,
            f"{gate.url}/v1beta/models/simc/m-x:streamGenerateContent",
            gate.token,
            {"contents": [{"role": "user", "parts": [{"text": "seen c"}]}]},
        )
        chunks = json.loads(body)
        parts = [c["candidates"][0]["content"]["parts"][0]["text"] for c in chunks]
        assert "".join(parts) == "All done."
        assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"


ROUTE = """
[routes.mixed]
models = ["mixed"]
targets = ["sima/claude-x", "simc/m-x"]
"""


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_fallback_may_lead_to_another_dialect(
    tmp_path: Path, client: str
) -> None:
    """The first target fails, streamed or not; the loop goes on at the next one."""

    def first_is_down(seen: SeenRequest) -> Step:
        if "messages" in seen.path:
            return Step(fault=TABLE["503"])
        return looks_twice(seen)

    async with gate_to_all(tmp_path / "h", ROUTE) as gate:
        gate.provider.match(first_is_down)
        for stream in (False, True):
            root = f"{gate.url}/s/{stream}"
            text = await asyncio.to_thread(
                CLIENTS[client], root, gate.token, "mixed", stream=stream
            )
            assert text == "All done."
        await gate.settled()
        paths = {request.path for request in gate.provider.generations}
        assert paths == {"/v1/messages", "/v1/chat/completions"}
        month = gate.month()
        assert month.spent + month.unknown >= gate.provider.bill.total > ZERO


async def test_what_is_lost_stands_in_a_header_and_in_the_notes(tmp_path: Path) -> None:
    async with gate_to_all(tmp_path / "h") as gate:
        mark = {"cache_control": {"type": "ephemeral"}}
        system = [{"type": "text", "text": "Be brief.", **mark}]
        raw = await asyncio.to_thread(asks, gate, gate.token, system=system)
        assert raw.headers["x-faregate-losses"] == "cache_control"
        assert raw.headers["content-type"] == "application/json"
        await gate.settled()


async def test_tokens_are_counted_as_an_estimate_that_says_so(tmp_path: Path) -> None:
    async with gate_to_all(tmp_path / "h") as gate:
        with anthropic.Anthropic(base_url=gate.url, api_key=gate.token) as client:
            asked = client.messages.with_raw_response.count_tokens
            raw = await asyncio.to_thread(
                asked,
                model="simc/m-x",
                messages=[{"role": "user", "content": "four words or so " * 50}],
            )
            assert raw.headers["x-faregate-estimate"] == "tokens"
            assert 150 < raw.parse().input_tokens < 600
            assert gate.provider.requests == []


async def test_a_providers_error_has_the_clients_shape_and_its_status(
    tmp_path: Path,
) -> None:
    async with gate_to_all(tmp_path / "h") as gate:
        gate.provider.script(*[Step(fault=TABLE["429"])] * 4)
        with pytest.raises(anthropic.RateLimitError) as told:
            await asyncio.to_thread(asks, gate, gate.token)
        assert told.value.type == "rate_limit_error"
        assert gate.month().spent == ZERO


async def test_a_stored_conversation_of_another_provider_is_refused(
    tmp_path: Path,
) -> None:
    async with gate_to_all(tmp_path / "h") as gate:
        with openai.OpenAI(base_url=f"{gate.url}/v1", api_key=gate.token) as client:
            with pytest.raises(
                openai.BadRequestError, match="send the whole conversation"
            ):
                await asyncio.to_thread(
                    client.responses.create,
                    model="sima/claude-x",
                    input="go on",
                    previous_response_id="resp_1",
                )
            assert gate.provider.requests == []


async def test_a_callers_own_key_is_never_taken_to_another_vendor(
    tmp_path: Path,
) -> None:
    async with gate_to_all(tmp_path / "h") as gate:
        with pytest.raises(anthropic.BadRequestError, match="local token"):
            await asyncio.to_thread(asks, gate, "sk-ant-own")
        assert gate.provider.requests == []
