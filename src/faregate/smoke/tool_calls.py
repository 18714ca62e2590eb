"""Whether an answer is the tool call that it should be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.core.json_schema import why_not
from faregate.smoke.reading import Finish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.dialects.wanted import Tool
    from faregate.smoke.reading import SaidCall

_PRINTED = re.compile(
    r"<tool_call|<function|\[TOOL_CALLS\]|<\|tool|```tool|\"(?:name|function)\"\s*:\s*\"",
)


def printed_as_text(asked: Transcript) -> bool:
    """Tell whether a tool call stands in the text, where no agent looks for it."""
    return not asked.said.calls and bool(_PRINTED.search(asked.said.text))


def triggered(asked: Transcript) -> bool:
    """Tell whether the answer ended in tool calls."""
    return bool(asked.said.calls) and asked.finish is Finish.TOOLS


def problem_of(call: SaidCall, tools: Sequence[Tool]) -> str | None:
    """Return why one call cannot be carried out; None when it can."""
    if not call.name:
        return "the call names no tool"
    tool = next((tool for tool in tools if tool.name == call.name), None)
    if tool is None:
        return f"the tool {call.name[:40]!r} was never offered"
    arguments = call.parsed()
    if arguments is None:
        return f"its arguments are no JSON: {call.arguments[:60]!r}"
    broken = why_not(arguments, tool.schema)
    return None if broken is None else f"its arguments break the schema: {broken}"


def problems(asked: Transcript, tools: Sequence[Tool]) -> list[str]:
    """Return everything that is wrong with an answer's tool calls."""
    said = asked.said
    found = [why for call in said.calls if (why := problem_of(call, tools))]
    ids = [call.id for call in said.calls]
    if not all(ids):
        found.append("a call has no id")
    elif len(set(ids)) < len(ids):
        found.append("two calls have the same id")
    if any(call.ids > 1 for call in said.calls):
        found.append("an id comes more than once")
    if said.odd_indexes:
        found.append("pieces of two calls carry the same index")
    if said.calls and asked.finish is not Finish.TOOLS:
        finish = said.finishes[-1] if said.finishes else "none"
        found.append(f"the finish reason is {finish!r}, not tool calls")
    return found
