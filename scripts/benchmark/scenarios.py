"""What is asked: a small chat, an agent's turn, streams; and how often."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from load import Ask

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One kind of load; `share` is its part of the run's number of requests."""

    name: str
    ask: Ask
    connections: int
    share: float
    streams: bool = False
    flat_out: bool = True
    """Ends as fast as it can, so that its rate says something."""

    def requests(self, base: int) -> int:
        """Return how many requests one round sends."""
        return max(self.connections, round(base * self.share))


def scenarios() -> tuple[Scenario, ...]:
    """Return every scenario, in the order of the table."""
    small = Ask(path=CHAT, body=_json(_chat(max_completion_tokens=100)))
    agent = Ask(path=MESSAGES, body=_json(_agent_turn()))
    with_usage = {"stream": True, "stream_options": {"include_usage": True}}
    asked = _json(_chat(**with_usage))
    unasked = _json(_chat(stream=True))
    fast = ("x-bench-events: 100",)
    paced = ("x-bench-events: 40", "x-bench-pause-ms: 8")
    return (
        Scenario(name="small chat", ask=small, connections=1, share=1),
        Scenario(name="small chat", ask=small, connections=32, share=1),
        Scenario(name="85 kB agent turn", ask=agent, connections=1, share=0.4),
        Scenario(name="85 kB agent turn", ask=agent, connections=32, share=0.4),
        Scenario(
            name="stream, flat out",
            ask=Ask(path=CHAT, body=asked, headers=fast),
            connections=32,
            share=0.12,
            streams=True,
        ),
        Scenario(
            name="stream, 8 ms apart",
            ask=Ask(path=CHAT, body=asked, headers=paced),
            connections=32,
            share=0.06,
            streams=True,
            flat_out=False,
        ),
        Scenario(
            name="stream, usage cut out",
            ask=Ask(path=CHAT, body=unasked, headers=paced),
            connections=32,
            share=0.06,
            streams=True,
            flat_out=False,
        ),
        Scenario(
            name="translated, flat out",
            ask=Ask(path=MESSAGES, body=_json(_translated(100, 0))),
            connections=32,
            share=0.12,
            streams=True,
        ),
        Scenario(
            name="translated, 8 ms apart",
            ask=Ask(path=MESSAGES, body=_json(_translated(40, 8))),
            connections=32,
            share=0.06,
            streams=True,
            flat_out=False,
        ),
    )


def crowd_ask(events: int, pause_ms: int) -> Ask:
    """Return a slow stream, for many of them at once."""
    return Ask(
        path=CHAT,
        body=_json(_chat(stream=True, max_completion_tokens=100)),
        headers=(f"x-bench-events: {events}", f"x-bench-pause-ms: {pause_ms}"),
    )


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _chat(**more: Any) -> dict[str, Any]:
    """Return a chat of about 300 bytes."""
    return {
        "model": "gpt-5",
        "messages": [
            {"role": "system", "content": "You are a helpful coding agent."},
            {"role": "user", "content": "Name the files to change. " * 5},
        ],
        **more,
    }


def _translated(events: int, pause_ms: int) -> dict[str, Any]:
    """Return a turn for a provider that speaks Chat Completions alone."""
    asked = f"x-bench-events: {events} x-bench-pause-ms: {pause_ms} "
    return {
        "model": "plain/gpt-5",
        "max_tokens": 100,
        "stream": True,
        "system": "You are a helpful coding agent.",
        "messages": [{"role": "user", "content": asked + "Name the files. " * 5}],
    }


def _agent_turn() -> dict[str, Any]:
    """Return a turn of about 85 kB, in the shape that Claude Code sends."""
    words = "Reads a file from the local file system, with line numbers. "
    schema = {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": f"The {name} to use."}
            for name in ("path", "pattern", "model", "command", "reason")
        },
        "required": ["path"],
        "additionalProperties": False,
    }
    cached = {"cache_control": {"type": "ephemeral"}}
    turns: list[dict[str, Any]] = []
    for number in range(8):
        use = {
            "type": "tool_use",
            "id": f"toolu_{number:020d}",
            "name": f"Tool{number}",
            "input": {"path": f"/src/module_{number}.py", "reason": "look"},
        }
        result = {
            "type": "tool_result",
            "tool_use_id": use["id"],
            "content": [{"type": "text", "text": "     1\tdef main():\n" * 130}],
        }
        turns += [
            {"role": "assistant", "content": [{"type": "text", "text": words}, use]},
            {"role": "user", "content": [result]},
        ]
    turns[-1]["content"][0] |= cached
    return {
        "model": "claude-opus-4-8",
        "max_tokens": 32000,
        "system": [{"type": "text", "text": words * 200, **cached}],
        "tools": [
            {"name": f"Tool{n}", "description": words * 30, "input_schema": schema}
            for n in range(20)
        ],
        "messages": [{"role": "user", "content": words * 20}, *turns],
    }
