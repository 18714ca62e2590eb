"""The vendors' SDKs wait for a person: kept alive, allowed, denied, calls denied."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors, types

from faregate.core.money import ZERO
from faregate.gateway.settings import Patience
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from tests.running import RunningGate, running_gate
from tests.server.waiting import ASK_ALWAYS, desk_of, question

MODEL, CLAUDE, GEMINI = "sim/gpt-x", "sima/claude-x", "simg/gemini-x"
HELLO = "Hello, waiter."
ASK_PUSH = '[approvals]\nunattended = "wait"\ntools = { "Bash(git push*)" = "ask" }\n'
PUSH = Step(
    text="I push.",
    tools=(
        ToolCall(name="Read", arguments={"path": "a.py"}),
        ToolCall(name="Bash", arguments={"command": "git push"}),
    ),
)
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
Said = tuple[str, list[str]]
"""The text that an SDK read, and the tools that it was told to call."""


def chat(gate: RunningGate, *, stream: bool) -> Said:
    asked: Any = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
    with openai.OpenAI(base_url=f"{gate.url}/v1", api_key=gate.token) as client:
        if stream:
            with client.chat.completions.stream(**asked) as answer:
                said: Any = answer.get_final_completion().choices[0]
        else:
            said = client.chat.completions.create(**asked).choices[0]
    calls = said.message.tool_calls or []
    assert said.finish_reason == ("tool_calls" if calls else "stop")
    return said.message.content or "", [call.function.name for call in calls]


def responses(gate: RunningGate, *, stream: bool) -> Said:
    asked: Any = {"model": MODEL, "input": "hi"}
    with openai.OpenAI(base_url=f"{gate.url}/v1", api_key=gate.token) as client:
        if stream:
            with client.responses.stream(**asked) as answer:
                said = answer.get_final_response()
        else:
            said = client.responses.create(**asked)
    assert said.status == "completed"
    calls = [item.name for item in said.output if item.type == "function_call"]
    return said.output_text, calls


def messages(gate: RunningGate, *, stream: bool) -> Said:
    asked: Any = {
        "model": CLAUDE,
        "max_tokens": 200,
        "messages": [{"role": "user", "content": "hi"}],
    }
    with anthropic.Anthropic(base_url=gate.url, api_key=gate.token) as client:
        if stream:
            with client.messages.stream(**asked) as answer:
                said = answer.get_final_message()
        else:
            said = client.messages.create(**asked)
    calls = [block.name for block in said.content if block.type == "tool_use"]
    assert said.stop_reason == ("tool_use" if calls else "end_turn")
    words = [block.text for block in said.content if block.type == "text"]
    return "".join(words), calls


def gemini(gate: RunningGate, *, stream: bool) -> Said:
    asked: Any = {"model": GEMINI, "contents": "hi"}
    options = types.HttpOptions(base_url=gate.url)
    with genai.Client(api_key=gate.token, http_options=options) as client:
        chunks = (
            list(client.models.generate_content_stream(**asked))
            if stream
            else [client.models.generate_content(**asked)]
        )
    parts = [
        part
        for chunk in chunks
        for candidate in chunk.candidates or []
        for part in (candidate.content and candidate.content.parts) or []
    ]
    words = [part.text for part in parts if part.text]
    calls = [part.function_call.name or "" for part in parts if part.function_call]
    return "".join(words), calls


SDKS: dict[str, Callable[..., Said]] = {
    "chat": chat,
    "responses": responses,
    "messages": messages,
    "gemini": gemini,
}
each_sdk = pytest.mark.parametrize("sdk", SDKS.values(), ids=list(SDKS))
two_sdks = pytest.mark.parametrize(
    "sdk",
    [
        responses,
        messages,
        pytest.param(chat, marks=pytest.mark.slow),
        pytest.param(gemini, marks=pytest.mark.slow),
    ],
)
both_ways = pytest.mark.parametrize(
    "stream",
    [True, pytest.param(False, marks=pytest.mark.slow)],
    ids=["stream", "whole"],
)


@pytest.fixture
async def gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[RunningGate]:
    """A gate that sends signs of life at each look."""
    monkeypatch.setattr("faregate.gateway.keep_alive.SILENT_S", 0.0)
    monkeypatch.setattr("faregate.gateway.keep_alive.ALIVE_EVERY_S", 0.0)
    more = getattr(request, "param", ASK_ALWAYS)
    patience = Patience(look=0.01)
    async with running_gate(tmp_path / "home", more=more, patience=patience) as gate:
        yield gate


@each_sdk
async def test_a_waiting_stream_is_answered_once_it_is_approved(
    gate: RunningGate, sdk: Callable[..., Said]
) -> None:
    gate.provider.script(Step(text=HELLO))
    sent = asyncio.ensure_future(asyncio.to_thread(sdk, gate, stream=True))
    case = await question(gate, alive=2)
    assert gate.month().held == ZERO
    desk_of(gate).approve(case.id, who="me")
    assert await sent == (HELLO, [])


@each_sdk
async def test_a_denial_after_signs_of_life_raises_and_so_does_its_repeat(
    gate: RunningGate, sdk: Callable[..., Said]
) -> None:
    sent = asyncio.ensure_future(asyncio.to_thread(sdk, gate, stream=True))
    case = await question(gate, alive=1)
    desk_of(gate).deny(case.id, who="me", reason="never on a Friday")
    kinds = (openai.APIError, anthropic.APIStatusError, errors.APIError, RuntimeError)
    with pytest.raises(kinds) as raised:
        await sent
    if sdk is not responses:
        # That SDK hands the event to whoever reads the events, and raises its own.
        assert "never on a Friday" in str(raised.value)
    for stream in (True, False):
        with pytest.raises(kinds, match="never on a Friday"):
            await asyncio.to_thread(sdk, gate, stream=stream)
    assert gate.provider.requests == []
    assert desk_of(gate).waiting == []


@both_ways
@two_sdks
@pytest.mark.parametrize("gate", [ASK_PUSH], indirect=True)
async def test_a_denied_call_is_read_as_words(
    gate: RunningGate, sdk: Callable[..., Said], stream: bool
) -> None:
    gate.provider.script(PUSH)
    sent = asyncio.ensure_future(asyncio.to_thread(sdk, gate, stream=stream))
    case = await question(gate, alive=1 if stream else 0)
    assert [json.loads(call.arguments) for call in case.calls] == [
        {"command": "git push"}
    ]
    assert gate.month().spent > ZERO
    desk_of(gate).deny(case.id, who="me", reason="never on a Friday")
    text, calls = await sent
    assert calls == ["Read"]
    assert text.startswith("I push.")
    assert "never on a Friday" in text


@pytest.mark.slow
@both_ways
@each_sdk
@pytest.mark.parametrize("gate", [ASK_PUSH], indirect=True)
async def test_an_approved_call_arrives_as_it_was(
    gate: RunningGate, sdk: Callable[..., Said], stream: bool
) -> None:
    gate.provider.script(PUSH)
    sent = asyncio.ensure_future(asyncio.to_thread(sdk, gate, stream=stream))
    case = await question(gate)
    desk_of(gate).approve(case.id, who="me")
    assert await sent == ("I push.", ["Read", "Bash"])


@pytest.mark.slow
@each_sdk
@pytest.mark.parametrize(
    "gate", ['[approvals]\ntools = { "*" = "deny" }\n'], indirect=True
)
async def test_an_answer_of_denied_calls_alone_just_ends(
    gate: RunningGate, sdk: Callable[..., Said]
) -> None:
    for stream in (True, False):
        gate.provider.script(Step(text="", tools=PUSH.tools))
        text, calls = await asyncio.to_thread(sdk, gate, stream=stream)
        assert calls == []
        assert text.count("a rule of this gate denies *") == 2
