"""A gate with a cheap and a dear target, and answers that do not hold up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from msgspec import structs

from faregate.core.escalation import EscalationRule, Trigger
from faregate.core.retrying import RetryPolicy
from faregate.gateway.settings import GateSettings
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.fallbacks import GOOD, RETRIES
from tests.gateway.gates import (
    DONE,
    SPEC,
    USAGE,
    FakeAnswer,
    SmallGate,
    ask,
    delta,
    event,
    route,
    row,
    whole,
)

CHEAP, DEAR = "p/m", "q/m"
TOOL = {
    "type": "function",
    "function": {
        "name": "read",
        "parameters": {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
            "additionalProperties": False,
        },
    },
}
JSON_MODE = {"type": "json_object"}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "n",
        "schema": {"type": "object", "required": ["a"]},
    },
}
TOOLS = {"tools": [TOOL]}


def gate_with(
    ledger: CountingLedger,
    clock: FakeClock,
    *on: Trigger,
    retries: RetryPolicy = RETRIES,
    **more: Any,
) -> SmallGate:
    rule = EscalationRule(on=frozenset(on or Trigger), **more)
    specs = (
        replace(SPEC, name="q", base_urls=dict.fromkeys(SPEC.base_urls, "http://q")),
    )
    return SmallGate(
        ledger,
        clock,
        GateSettings(retries=retries),
        specs=specs,
        rows=(row("q"),),
        limit="20",
        routes=(route(CHEAP, DEAR, escalation=rule),),
    )


def call(name: str, arguments: str) -> bytes:
    function = {"name": name, "arguments": arguments}
    calls = [{"index": 0, "id": "c1", "type": "function", "function": function}]
    return event({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]})


def finish(reason: str) -> bytes:
    return event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})


def streamed(*parts: bytes, reason: str = "stop") -> FakeAnswer:
    return FakeAnswer(parts=[*parts, finish(reason), USAGE, DONE])


def doubtful() -> bytes:
    tokens = [{"token": "x", "logprob": -3.0}, {"token": "y", "logprob": -2.0}]
    return event(
        {
            "choices": [
                {
                    "index": 0,
                    "delta": {"content": "xy"},
                    "logprobs": {"content": tokens},
                }
            ]
        }
    )


BAD: dict[Trigger, tuple[list[bytes], str, dict[str, Any]]] = {
    Trigger.TOOL_ARGUMENTS: ([call("read", '{"path": ')], "tool_calls", TOOLS),
    Trigger.TOOL_SCHEMA: ([call("read", '{"file": "a"}')], "tool_calls", TOOLS),
    Trigger.UNKNOWN_TOOL: ([call("raed", '{"path": "a"}')], "tool_calls", TOOLS),
    Trigger.RESPONSE_FORMAT: ([delta("no")], "stop", {"response_format": JSON_MODE}),
    Trigger.EMPTY: ([delta("")], "stop", {}),
    Trigger.TRUNCATED: ([delta("and then")], "length", {}),
    Trigger.LOW_CONFIDENCE: ([doubtful()], "stop", {"logprobs": True}),
}


def bad(trigger: Trigger) -> tuple[FakeAnswer, dict[str, Any]]:
    parts, reason, more = BAD[trigger]
    return streamed(*parts, reason=reason), more


def collected(answer: FakeAnswer) -> FakeAnswer:
    """The same answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    choice: dict[str, Any] = {"index": 0, "message": message}
    for part in answer.parts:
        assert isinstance(part, bytes)
        text = part.removeprefix(b"data: ").strip()
        if text == b"[DONE]":
            continue
        for found in json.loads(text)["choices"]:
            said_ = found["delta"]
            message["content"] += said_.get("content", "")
            if "tool_calls" in said_:
                message["tool_calls"] = said_["tool_calls"]
            choice["finish_reason"] = found.get("finish_reason")
            if "logprobs" in found:
                choice["logprobs"] = found["logprobs"]
    usage = {"prompt_tokens": 10, "completion_tokens": 100}
    return whole({"choices": [choice], "usage": usage})


async def run(
    gate: SmallGate, *script: Any, stream: bool = True, **more: Any
) -> tuple[Any, Any]:
    headers = more.pop("headers", {})
    exchange, reply = gate.exchange(ask("r", stream=stream, **more))
    if headers:
        head = replace(exchange._inbound.head, headers=headers)
        exchange._inbound = structs.replace(exchange._inbound, head=head)
    gate.upstream.script = [*script]
    return await exchange.run(), reply


def asked(gate: SmallGate) -> str:
    """Who was asked, in order: c for the cheap one, d for the dear one."""
    return "".join(
        "d" if each.url.startswith("http://q") else "c" for each in gate.upstream.sent
    )


def good() -> FakeAnswer:
    return FakeAnswer(parts=[*GOOD])
