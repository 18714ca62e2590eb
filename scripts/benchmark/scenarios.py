"""What is asked: a small chat, an agent's turns, streams; and how often."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from load import NAME, Ask

MODEL = "claude-opus-4-8"
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
    small = Ask(path=CHAT, bodies=(_json(_chat(max_completion_tokens=100)),))
    agent = Ask(path=MESSAGES, bodies=tuple(map(_json, _agent_turns())))
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
            ask=Ask(path=CHAT, bodies=(asked,), headers=fast),
            connections=32,
            share=0.12,
            streams=True,
        ),
        Scenario(
            name="stream, 8 ms apart",
            ask=Ask(path=CHAT, bodies=(asked,), headers=paced),
            connections=32,
            share=0.06,
            streams=True,
            flat_out=False,
        ),
        Scenario(
            name="stream, usage cut out",
            ask=Ask(path=CHAT, bodies=(unasked,), headers=paced),
            connections=32,
            share=0.06,
            streams=True,
            flat_out=False,
        ),
        Scenario(
            name="translated, flat out",
            ask=Ask(path=MESSAGES, bodies=(_json(_translated(100, 0)),)),
            connections=32,
            share=0.12,
            streams=True,
        ),
        Scenario(
            name="translated, 8 ms apart",
            ask=Ask(path=MESSAGES, bodies=(_json(_translated(40, 8)),)),
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
        bodies=(_json(_chat(stream=True, max_completion_tokens=100)),),
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


TURNS = 16


def _agent_turns() -> list[dict[str, Any]]:
    """Return a conversation turn by turn, in the shape that Claude Code sends.

    The bodies grow from 70 to 100 kB, 85 kB on average. Each one says all that the one
    before said, the model's call and its result after it; the marker up to which the
    prompt is cached moves on to the newest.
    """
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
    first = {"type": "text", "text": f"Task {NAME.decode()}. " + words * 20}
    fixed = {
        "system": [{"type": "text", "text": words * 200, **_CACHED}],
        "tools": [
            {"name": f"Tool{n}", "description": words * 30, "input_schema": schema}
            for n in range(24)
        ],
        "max_tokens": 32000,
    }
    said = [{"role": "user", "content": [first]}]
    turns: list[dict[str, Any]] = []
    for number in range(TURNS):
        said += _step(number)
        turns.append({"model": MODEL, "messages": _marked(said), **fixed})
    return turns


_CACHED = {"cache_control": {"type": "ephemeral"}}


def _step(number: int) -> list[dict[str, Any]]:
    """Return what a model calls, and what comes of it: about 2 kB."""
    use = {
        "type": "tool_use",
        "id": f"toolu_{number:012d}{NAME.decode()}",
        "name": f"Tool{number}",
        "input": {"path": f"/src/module_{number}.py", "reason": "look"},
    }
    result = {
        "type": "tool_result",
        "tool_use_id": use["id"],
        "content": [
            {"type": "text", "text": f"     {number}\tdef main_{number}():\n" * 70}
        ],
    }
    text = {"type": "text", "text": f"Next is module {number}."}
    return [
        {"role": "assistant", "content": [text, use]},
        {"role": "user", "content": [result]},
    ]


def _marked(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages with the marker at the last of them."""
    *before, last = said
    return [*before, {**last, "content": [{**last["content"][0], **_CACHED}]}]
