"""The vendors' own SDKs run tool loops through the gate, and the bill agrees.

Sync and async, streamed and not, over Chat Completions, Responses and Messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import anthropic
import openai
import pytest

from faregate.control.client import ControlClient
from faregate.core.money import ZERO
from faregate.smoke.simulated.rates import ANY_MODEL, BillRates
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.simulated.server import SimulatedProvider
from tests.running import RunningGate, running_gate

CHAT_MODEL = "sim/gpt-x"
CLAUDE_MODEL = "sima/claude-x"
CALL = ToolCall(name="look", arguments={"path": "a.py"}, id="call_1")
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
CHAT_TOOL = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
RESPONSES_TOOL = {"type": "function", "name": "look", "parameters": SCHEMA}
CLAUDE_TOOL = {"name": "look", "input_schema": SCHEMA}


def looks_once(seen: SeenRequest) -> Step:
    """Call the tool first, and answer once its result is there."""
    if b"seen it" in seen.body:
        return Step(text="All done.")
    return Step(tools=(CALL,))


def provider() -> SimulatedProvider:
    made = SimulatedProvider(rates={ANY_MODEL: BillRates(input="1", output="10")})
    made.match(looks_once)
    return made


def chat(gate: RunningGate, *, stream: bool) -> str:
    with openai.OpenAI(base_url=f"{gate.url}/s/run/v1", api_key=gate.token) as client:
        messages: list[object] = [{"role": "user", "content": "look"}]
        for _ in range(2):
            asked = {"model": CHAT_MODEL, "messages": messages, "tools": [CHAT_TOOL]}
            if stream:
                with client.chat.completions.stream(**asked) as answer:  # type: ignore[arg-type]
                    said = answer.get_final_completion().choices[0].message
            else:
                said = client.chat.completions.create(**asked).choices[0].message  # type: ignore[call-overload]
            if not said.tool_calls:
                return str(said.content)
            messages += [
                said.model_dump(exclude_none=True, exclude={"parsed"}),
                {"role": "tool", "tool_call_id": "call_1", "content": "seen it"},
            ]
        return "no answer"


async def chat_async(gate: RunningGate, *, stream: bool) -> str:
    client = openai.AsyncOpenAI(base_url=f"{gate.url}/s/run/v1", api_key=gate.token)
    messages: list[object] = [{"role": "user", "content": "look"}]
    said = ""
    for _ in range(2):
        asked = {"model": CHAT_MODEL, "messages": messages, "tools": [CHAT_TOOL]}
        if stream:
            said = ""
            async for chunk in await client.chat.completions.create(
                **asked,  # type: ignore[call-overload]
                stream=True,
            ):
                # Usage was not asked for: no chunk without choices may arrive.
                said += chunk.choices[0].delta.content or ""
        else:
            whole = await client.chat.completions.create(**asked)  # type: ignore[call-overload]
            said = whole.choices[0].message.content or ""
        if said:
            break
        messages.append({"role": "user", "content": "seen it"})
    await client.close()
    return said


def responses(gate: RunningGate, *, stream: bool) -> str:
    with openai.OpenAI(base_url=f"{gate.url}/s/run/v1", api_key=gate.token) as client:
        items: list[object] = [{"role": "user", "content": "look"}]
        for _ in range(2):
            asked = {"model": CHAT_MODEL, "input": items, "tools": [RESPONSES_TOOL]}
            if stream:
                with client.responses.stream(**asked) as answer:  # type: ignore[call-overload]
                    said = answer.get_final_response()
            else:
                said = client.responses.create(**asked)  # type: ignore[call-overload]
            calls = [item for item in said.output if item.type == "function_call"]
            if not calls:
                return str(said.output_text)
            call = calls[0]
            items += [
                {
                    "type": "function_call",
                    "call_id": call.call_id,
                    "name": call.name,
                    "arguments": call.arguments,
                },
                {
                    "type": "function_call_output",
                    "call_id": call.call_id,
                    "output": "seen it",
                },
            ]
        return "no answer"


def claude(gate: RunningGate, *, stream: bool) -> str:
    with anthropic.Anthropic(
        base_url=f"{gate.url}/s/run", api_key=gate.token
    ) as client:
        messages: list[object] = [{"role": "user", "content": "look"}]
        for _ in range(2):
            asked = {
                "model": CLAUDE_MODEL,
                "max_tokens": 100,
                "messages": messages,
                "tools": [CLAUDE_TOOL],
            }
            if stream:
                with client.messages.stream(**asked) as answer:  # type: ignore[arg-type]
                    said = answer.get_final_message()
            else:
                said = client.messages.create(**asked)  # type: ignore[call-overload]
            uses = [block for block in said.content if block.type == "tool_use"]
            if not uses:
                return "".join(b.text for b in said.content if b.type == "text")
            use = uses[0]
            messages += [
                {
                    "role": "assistant",
                    "content": [
                        {
                            "type": "tool_use",
                            "id": use.id,
                            "name": use.name,
                            "input": use.input,
                        }
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": use.id,
                            "content": "seen it",
                        }
                    ],
                },
            ]
        return "no answer"


async def claude_async(gate: RunningGate, *, stream: bool) -> str:
    client = anthropic.AsyncAnthropic(base_url=f"{gate.url}/s/run", api_key=gate.token)
    text = ""
    for words in ("look", "seen it"):
        asked = {
            "model": CLAUDE_MODEL,
            "max_tokens": 100,
            "messages": [{"role": "user", "content": words}],
            "tools": [CLAUDE_TOOL],
        }
        if stream:
            async with client.messages.stream(**asked) as answer:  # type: ignore[arg-type]
                said = await answer.get_final_message()
        else:
            said = await client.messages.create(**asked)  # type: ignore[call-overload]
        text = "".join(b.text for b in said.content if b.type == "text")
    await client.close()
    return text


async def agrees(gate: RunningGate, text: str) -> None:
    """Check the answer, the ledger against the bill, and the session's name."""
    await gate.settled()
    assert text == "All done."
    assert gate.month().spent == gate.provider.bill.total > ZERO
    assert gate.month().unknown == gate.month().held == ZERO
    status = await asyncio.to_thread(ControlClient(gate.paths.socket).status)
    (session,) = status.sessions
    assert (session.id, session.requests, session.refusals) == ("run", 2, 0)
    rows = gate.provider.bill.rows
    assert session.output_tokens == sum(row.output for row in rows)
    assert session.input_tokens == sum(
        row.input + row.cached + row.cache_write for row in rows
    )


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("loop", [chat, responses, claude])
async def test_a_tool_loop_through_the_gate(
    tmp_path: Path, loop: Callable[..., str], stream: bool
) -> None:
    async with running_gate(tmp_path / "h", provider()) as gate:
        text = await asyncio.to_thread(loop, gate, stream=stream)
        await agrees(gate, text)
        tools = await asyncio.to_thread(ControlClient(gate.paths.socket).status)
        assert tools.sessions[0].tool_calls == 1


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_async_chat_through_the_gate(tmp_path: Path, stream: bool) -> None:
    async with running_gate(tmp_path / "h", provider()) as gate:
        await agrees(gate, await chat_async(gate, stream=stream))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_async_messages_through_the_gate(tmp_path: Path, stream: bool) -> None:
    async with running_gate(tmp_path / "h", provider()) as gate:
        await agrees(gate, await claude_async(gate, stream=stream))


async def test_a_full_cap_raises_in_the_sdks_with_our_words_at_once(
    tmp_path: Path,
) -> None:
    async with running_gate(tmp_path / "h", provider(), monthly="0.000001") as gate:
        with pytest.raises(openai.BadRequestError, match="budget reached"):
            await asyncio.to_thread(chat, gate, stream=False)
        with pytest.raises(anthropic.BadRequestError, match="budget reached"):
            await asyncio.to_thread(claude, gate, stream=True)
        assert gate.provider.requests == []
        status = await asyncio.to_thread(ControlClient(gate.paths.socket).status)
        assert status.sessions[0].refusals == 2
