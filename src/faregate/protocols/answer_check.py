"""Whether an answer is what was asked for: its tool calls, its format, its end.

Owns the judgement of an answer that was read as events. Knows no dialect, and takes
what it does not know for well: a wrong alarm costs a dearer model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from faregate.core.escalation import Trigger
from faregate.core.json_schema import why_not
from faregate.protocols.assembling import Assembled, Called, Said
from faregate.protocols.events import CallKind, StopReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.protocols.dialogue import Dialogue, Tool


class Finding(NamedTuple):
    """What is wrong with an answer."""

    trigger: Trigger
    why: str
    """In words, without anything that the answer says."""


def check(
    answer: Assembled,
    logprobs: Sequence[float],
    asked: Dialogue,
    *,
    min_logprob: float,
) -> Finding | None:
    """Return the first thing that is wrong with a whole answer; None for nothing."""
    if answer.error is not None:
        return None
    return (
        _calls(answer.called, asked.tools)
        or _end(answer)
        or _format(answer, asked)
        or _confidence(logprobs, min_logprob)
    )


def _calls(calls: list[Called], tools: tuple[Tool, ...]) -> Finding | None:
    known = {tool.name: tool for tool in tools}
    for number, call in enumerate(calls, start=1):
        tool = known.get(call.name)
        if tool is None:
            if known and call.kind is CallKind.FUNCTION:
                return Finding(Trigger.UNKNOWN_TOOL, f"call {number} names no tool")
            continue
        if tool.kind is not CallKind.FUNCTION:
            continue
        found = _arguments(call, tool, number)
        if found is not None:
            return found
    return None


def _arguments(call: Called, tool: Tool, number: int) -> Finding | None:
    value = _json(call.arguments or "{}")
    if not isinstance(value, dict):
        return Finding(
            Trigger.TOOL_ARGUMENTS, f"the arguments of call {number} are no JSON object"
        )
    if why_not(value, tool.schema) is None:
        return None
    return Finding(
        Trigger.TOOL_SCHEMA, f"the arguments of call {number} break the tool's schema"
    )


def _end(answer: Assembled) -> Finding | None:
    if answer.reason is StopReason.MALFORMED_CALL:
        return Finding(Trigger.TOOL_ARGUMENTS, "the provider could not read a call")
    if answer.reason in {StopReason.LENGTH, StopReason.CONTEXT_WINDOW}:
        return Finding(Trigger.TRUNCATED, "it ended at its output bound")
    if answer.reason in {StopReason.CONTENT_FILTER, StopReason.REFUSAL}:
        # Another model is not asked to say what this one may not.
        return None
    if answer.called or _words(answer).strip() or answer.reason is StopReason.PAUSED:
        return None
    return Finding(Trigger.EMPTY, "it says nothing")


def _format(answer: Assembled, asked: Dialogue) -> Finding | None:
    wanted = asked.output_format
    if wanted is None or answer.called or any(_refusals(answer)):
        return None
    if answer.reason in {StopReason.CONTENT_FILTER, StopReason.REFUSAL}:
        return None
    value = _json(_words(answer))
    if value is _NO_JSON:
        return Finding(Trigger.RESPONSE_FORMAT, "it is not the JSON that was asked for")
    if wanted.schema is not None and why_not(value, wanted.schema) is not None:
        return Finding(Trigger.RESPONSE_FORMAT, "it breaks the schema that was asked")
    return None


def _confidence(logprobs: Sequence[float], least: float) -> Finding | None:
    if not logprobs:
        return None
    mean = sum(logprobs) / len(logprobs)
    if mean >= least:
        return None
    return Finding(Trigger.LOW_CONFIDENCE, f"its mean log probability is {mean:.2f}")


def _words(answer: Assembled) -> str:
    return "".join(
        block.text
        for block in answer.blocks
        if isinstance(block, Said) and not block.refusal
    )


def _refusals(answer: Assembled) -> list[Said]:
    return [b for b in answer.blocks if isinstance(b, Said) and b.refusal]


_NO_JSON = object()


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _NO_JSON
