"""Agent loops: a turn that extends the last one is held by what is known of it."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from faregate.core.estimate import BYTES_PER_MESSAGE, PREFIX_SLACK
from faregate.core.holds import HoldRequest
from faregate.core.money import ZERO
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.rates import BillRates
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import SimulatorSettings
from tests.money.calls import Client, Got, client_of
from tests.running import RunningGate, running_gate

CONFIG = """
[providers.anthropic]
base_url = "{url}"
key_env = "FAREGATE_TEST_KEY"
"""
OPUS = BillRates(
    input="5", output="25", cached="0.5", cache_write="6.25", cache_write_1h="10"
)
MARK = {"cache_control": {"type": "ephemeral"}}
SESSION = {
    "x-claude-code-session-id": "5f2c7a3e-0000-4000-8000-000000000001",
    "user-agent": "claude-cli/2.1.197 (external, cli)",
}


class Agent:
    """A client that behaves like Claude Code in its tool loop."""

    def __init__(self, gate: RunningGate, client: Client) -> None:
        self.gate = gate
        self.client = client
        self.headers = dict(SESSION)
        self.body: dict[str, Any] = {
            "model": "anthropic/claude-opus-4-8",
            "max_tokens": 32_000,
            "stream": True,
            "system": [
                {"type": "text", "text": "Read before you write. " * 900, **MARK}
            ],
            "tools": [
                {
                    "name": name,
                    "description": "Does one thing. " * 200,
                    "input_schema": {"type": "object"},
                }
                for name in ("Bash", "Read", "Edit", "Write")
            ],
            "messages": [_said("user", "Please look at the tests.")],
        }
        self.holds: list[HoldRequest] = []
        ledger: Any = gate.daemon.ledger
        real = ledger.hold

        def recorded(request: HoldRequest) -> Any:
            self.holds.append(request)
            return real(request)

        ledger.hold = recorded

    async def turn(self, reply: str = "I will look at one more file.") -> HoldRequest:
        """Send the conversation as it is, and return what was held for it."""
        call = ToolCall(name="Bash", arguments={"command": "pytest -q"})
        self.gate.provider.script(Step(text=reply, tools=(call,)))
        got = await self.client.post(
            "/v1/messages?beta=true", _marked(self.body), self.headers
        )
        assert got.status == 200, got.body[:300]
        await self.gate.settled()
        self._append(got, call)
        return self.holds[-1]

    def _append(self, got: Got, call: ToolCall) -> None:
        events = [json.loads(event) for event in got.events]
        text = "".join(
            event["delta"]["text"]
            for event in events
            if event.get("delta", {}).get("type") == "text_delta"
        )
        use = {
            "type": "tool_use",
            "id": call.id or "toolu_1",
            "name": call.name,
            "input": call.arguments,
        }
        result = {
            "type": "tool_result",
            "tool_use_id": use["id"],
            # Another result each time: this agent gets on.
            "content": f"{10 + len(self.body['messages'])} passed in 0.31s",
        }
        self.body["messages"] += [
            {"role": "assistant", "content": [{"type": "text", "text": text}, use]},
            {"role": "user", "content": [result]},
        ]

    @property
    def prompt(self) -> int:
        """The input that the provider billed last, in tokens."""
        row = self.gate.provider.bill.rows[-1]
        return row.input + row.cached + row.cache_write

    def byte_bound(self) -> int:
        body = _marked(self.body)
        return len(json.dumps(body).encode()) + BYTES_PER_MESSAGE * len(
            body["messages"]
        )


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}


def _marked(body: dict[str, Any]) -> dict[str, Any]:
    """Move the cache marker to the last block, as agents do on each turn."""
    marked = copy.deepcopy(body)
    marked["messages"][-1]["content"][-1].update(MARK)
    return marked


@contextlib.asynccontextmanager
async def _agent(home: Path) -> AsyncIterator[Agent]:
    provider = SimulatedProvider(
        settings=SimulatorSettings(cache=True), rates={"*": OPUS}
    )
    await provider.start()
    async with (
        running_gate(
            home / "home",
            provider,
            url=provider.url,
            monthly="50",
            more=CONFIG.format(url=provider.url),
        ) as gate,
        client_of(gate) as client,
    ):
        yield Agent(gate, client)
    await provider.stop()


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    async with _agent(tmp_path) as made:
        yield made


async def test_thirty_turns_are_held_within_a_few_percent_of_their_input(
    agent: Agent,
) -> None:
    first = await agent.turn()
    assert first.input_bound > 3 * agent.prompt
    for _ in range(29):
        held = await agent.turn()
        assert agent.prompt <= held.input_bound <= 1.08 * agent.prompt
    assert len(agent.gate.provider.bill.rows) == 30
    for held, row in zip(agent.holds, agent.gate.provider.bill.rows, strict=True):
        assert row.amount <= held.amount
    state = agent.gate.month()
    assert state.spent == agent.gate.provider.bill.total
    assert (state.held, state.unknown) == (ZERO, ZERO)


async def _started(agent: Agent) -> None:
    await agent.turn()
    held = await agent.turn()
    assert held.input_bound < 1.1 * agent.prompt


def _is_loose(agent: Agent, held: HoldRequest) -> bool:
    return held.input_bound > 3 * agent.prompt


async def test_another_system_text_is_another_conversation(agent: Agent) -> None:
    await _started(agent)
    agent.body["system"][0]["text"] += "And never guess."
    assert _is_loose(agent, await agent.turn())
    assert not _is_loose(agent, await agent.turn())


async def test_other_tools_are_another_conversation(agent: Agent) -> None:
    await _started(agent)
    agent.body["tools"].append(
        {"name": "New", "description": "x" * 8_000, "input_schema": {}}
    )
    assert _is_loose(agent, await agent.turn())


async def test_another_model_knows_nothing_of_it(agent: Agent) -> None:
    await _started(agent)
    agent.body["model"] = "anthropic/claude-haiku-4-5"
    assert _is_loose(agent, await agent.turn())


async def test_a_schema_for_the_answer_is_input_too(agent: Agent) -> None:
    await _started(agent)
    schema = {"type": "object", "description": "y" * 9_000}
    agent.body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    assert _is_loose(agent, await agent.turn())


async def test_an_edited_history_is_another_conversation(agent: Agent) -> None:
    await _started(agent)
    agent.body["messages"][0]["content"][0]["text"] = "Please look at the docs."
    assert _is_loose(agent, await agent.turn())


async def test_a_compacted_conversation_begins_anew(agent: Agent) -> None:
    for _ in range(3):
        await agent.turn()
    agent.body["messages"] = [_said("user", "Summary: the tests pass. Go on.")]
    assert _is_loose(agent, await agent.turn())
    assert not _is_loose(agent, await agent.turn())


async def test_a_sub_agent_begins_anew_and_does_not_disturb(agent: Agent) -> None:
    await _started(agent)
    main = copy.deepcopy(agent.body)
    agent.headers["x-claude-code-agent-id"] = "explore-1"
    agent.body["messages"] = [_said("user", "Find every test of the parser.")]
    assert _is_loose(agent, await agent.turn())
    assert not _is_loose(agent, await agent.turn())
    del agent.headers["x-claude-code-agent-id"]
    agent.body = main
    assert not _is_loose(agent, await agent.turn())


async def test_a_side_call_in_between_does_not_disturb(agent: Agent) -> None:
    """A title, on another prompt, in the same session."""
    await _started(agent)
    main = copy.deepcopy(agent.body)
    agent.body["system"] = [{"type": "text", "text": "Write a title. " * 50}]
    agent.body["messages"] = [_said("user", "Please look at the tests.")]
    await agent.turn()
    agent.body = main
    assert not _is_loose(agent, await agent.turn())


def _image() -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/png", "data": "A" * 400}
    return {"type": "image", "source": source}


async def test_an_image_takes_the_window_until_its_cost_is_known(agent: Agent) -> None:
    await _started(agent)
    agent.body["messages"][-1]["content"].append(_image())
    held = await agent.turn()
    assert held.input_bound == 1_000_000
    for _ in range(3):
        held = await agent.turn()
        assert agent.prompt <= held.input_bound < 1.1 * agent.prompt
    agent.body["messages"][-1]["content"].append(_image())
    assert (await agent.turn()).input_bound == 1_000_000
    assert not _is_loose(agent, await agent.turn())


async def test_an_image_at_a_url_may_be_another_one_next_time(agent: Agent) -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://x.example/y"}}
    agent.body["messages"][0]["content"].append(image)
    for _ in range(2):
        assert (await agent.turn()).input_bound == 1_000_000


async def test_a_turn_that_failed_teaches_nothing(agent: Agent) -> None:
    agent.gate.provider.script(Step(fault=TABLE["500"]))
    await agent.client.post("/v1/messages", _marked(agent.body), agent.headers)
    assert _is_loose(agent, await agent.turn())


def test_the_slack_covers_the_framing_of_a_turn() -> None:
    assert PREFIX_SLACK >= 2 * BYTES_PER_MESSAGE
