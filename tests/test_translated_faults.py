"""Every fault of a provider, seen through a translation: nothing leaks, nothing lies.

All of them for all pairs of dialects with `-m slow`; a few of each otherwise.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from tests.running import RunningGate
from tests.test_translated_sdks import PROVIDERS, gate_to_all

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
PAIRS = {
    "anthropic_messages": "openai_chat",
    "openai_responses": "anthropic_messages",
    "openai_chat": "gemini",
    "gemini": "openai_responses",
}
ENDS = {
    "anthropic_messages": b"message_stop",
    "openai_responses": b"response.completed",
    "openai_chat": b"[DONE]",
    "gemini": b"finishReason",
}
# They only take long: an answer that never ends is ended by the clock alone.
SLOW = {"slow_drip", "pings_only", "endless"}
FAULTS = [n for n in TABLE if n not in SLOW and not n.startswith("stall")]
FEW = [
    ("many_data_lines", "anthropic_messages"),
    ("empty_data", "openai_responses"),
    ("error_midway", "openai_chat"),
    ("cut_midway", "gemini"),
    ("truncated_json", "anthropic_messages"),
    ("tool_index_reused", "anthropic_messages"),
    ("500_billed", "openai_responses"),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take every fault for every pair where slow tests are asked for by name."""
    every = [(fault, client) for fault in FAULTS for client in PAIRS]
    chosen = every if metafunc.config.getoption("markexpr") == "slow" else FEW
    metafunc.parametrize(("fault", "client"), chosen)


def asked(client: str, model: str, *, stream: bool) -> tuple[str, dict[str, Any]]:
    said = [{"role": "user", "content": "a"}]
    plain: dict[str, Any] = {"model": model, "stream": stream}
    function = {"name": "look", "parameters": SCHEMA}
    match client:
        case "anthropic_messages":
            tool = {"name": "look", "input_schema": SCHEMA}
            more = {"max_tokens": 500, "messages": said, "tools": [tool]}
            return "/v1/messages", plain | more
        case "openai_responses":
            tools = [{"type": "function", **function}]
            return "/v1/responses", plain | {"input": "a", "tools": tools}
        case "openai_chat":
            tools = [{"type": "function", "function": function}]
            return "/v1/chat/completions", plain | {"messages": said, "tools": tools}
        case _:
            verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
            body = {
                "contents": [{"role": "user", "parts": [{"text": "a"}]}],
                "tools": [{"functionDeclarations": [function]}],
            }
            return f"/v1beta/models/{model}:{verb}", body


async def answered(
    gate: RunningGate, url: str, body: dict[str, Any]
) -> tuple[int, bytes, bool]:
    """Return status, bytes, and whether the answer ended cleanly."""
    data = b""
    async with (
        aiohttp.ClientSession() as http,
        http.post(gate.url + url, json=body, headers=gate.bearer) as response,
    ):
        try:
            async for chunk in response.content.iter_any():
                data += chunk
        except aiohttp.ClientError:
            return response.status, data, False
        return response.status, data, True


@pytest.mark.slow
async def test_a_fault_seen_through_a_translation(
    tmp_path: Path, fault: str, client: str
) -> None:
    calls = tuple(ToolCall(name="look", arguments={"path": p}) for p in ("x", "y"))
    step = Step(text="Hello there, a few words. " * 3, tools=calls, fault=TABLE[fault])
    async with gate_to_all(tmp_path / "h") as gate:
        gate.provider.match(lambda _seen: step)
        for stream in (True, False):
            url, body = asked(client, PROVIDERS[PAIRS[client]], stream=stream)
            async with asyncio.timeout(30):
                status, data, clean = await answered(gate, url, body)
                await gate.settled()
            month = gate.month()
            assert month.spent + month.unknown >= gate.provider.bill.total
            assert b"internal_error" not in data
            assert data.startswith(b"{") or stream
            if status == 200 and clean:
                whole = ENDS[client] in data if stream else data.startswith(b"{")
                assert whole or b"error" in data
