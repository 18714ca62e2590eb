"""Asking a simulated provider for an answer that a fault spoils."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.script import Step
from tests.smoke.wire import CALLS, Raw, post

if TYPE_CHECKING:
    from faregate.smoke.simulated.fault import Fault
    from faregate.smoke.simulated.server import SimulatedProvider

USAGE = Counts(input=1000, cached=200, output=64, reasoning=8)
TEXT = "An answer of some length, so that it comes in several pieces."
STREAMED = ["chat", "messages", "responses", "gemini"]


def spoiled(fault: Fault) -> Step:
    """A step with known text and usage, and a fault."""
    return Step(text=TEXT, usage=USAGE, fault=fault)


async def ask(
    provider: SimulatedProvider,
    fault: Fault | str,
    dialect: str = "chat",
    *,
    stream: bool = True,
    **fields: Any,
) -> Raw:
    """Post one request that meets the fault."""
    provider.script(spoiled(TABLE[fault] if isinstance(fault, str) else fault))
    path, body = CALLS[dialect]
    asked = {**body, **fields}
    if dialect == "gemini":
        path = path if stream else path.replace("streamGenerate", "generate")
    elif stream:
        asked["stream"] = True
    return await post(provider.url, path, asked)


def told(raw: Raw) -> list[Any]:
    """The events as JSON, without the end mark."""
    return [json.loads(event) for event in raw.events if event != "[DONE]"]


def said(raw: Raw) -> str:
    """The text of a chat stream."""
    deltas = [e["choices"][0]["delta"] for e in told(raw) if e.get("choices")]
    return "".join(delta.get("content") or "" for delta in deltas)
