"""Writes a dialogue as a Messages request."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols.anthropic_messages.decode_request import REDACTED
from faregate.protocols.anthropic_messages.request import PROTOCOL
from faregate.protocols.codec import BadRequestError
from faregate.protocols.dialogue import (
    Choice,
    Dialogue,
    Document,
    Image,
    Inline,
    Part,
    Reasoning,
    ReasoningControl,
    Remote,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    Written,
    canonical,
)
from faregate.protocols.losses import Loss
from faregate.protocols.members import json_object
from faregate.protocols.sampling import (
    budget_of,
    one_system_role,
    sampling_losses,
    system_first,
    without_thoughts,
    written_mark,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.protocols.dialects import WriteOptions

_SAYS = ("temperature", "top_p", "top_k", "stop")
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")
_LEAST_BUDGET = 1024
_CHOICES: Mapping[Choice, str] = {
    Choice.REQUIRED: "any",
    Choice.NONE: "none",
    Choice.NAMED: "tool",
}


def write_request(dialogue: Dialogue, _options: WriteOptions) -> Written:
    """Return the request's body; raise BadRequestError for what it cannot say."""
    return _Writer().written(dialogue)


class _Writer:
    """Writes one request and notes what it leaves out."""

    def __init__(self) -> None:
        self._losses: set[Loss] = set()

    def written(self, asked: Dialogue) -> Written:
        dialogue, moved = system_first(asked)
        dialogue, renamed = one_system_role(dialogue)
        dialogue, forgotten = without_thoughts(dialogue, own=PROTOCOL)
        self._losses |= moved | renamed | forgotten
        dialogue = _without_blanks(dialogue)
        body: dict[str, Any] = {"model": dialogue.model}
        turns = list(dialogue.turns)
        if turns and turns[0].role is Role.SYSTEM:
            body["system"] = self._content(turns.pop(0).parts)
        body["messages"] = [self._message(turn) for turn in turns if turn.parts]
        if dialogue.output_bound is not None:
            body["max_tokens"] = dialogue.output_bound
        if dialogue.stream:
            body["stream"] = True
        self._tooling(dialogue, body)
        self._sampling(dialogue, body)
        self._reasoning(dialogue, body)
        self._manner(dialogue, body)
        return Written(body=msgspec.json.encode(body), losses=frozenset(self._losses))

    def _message(self, turn: Turn) -> dict[str, Any]:
        content = self._content(turn.parts)
        return {"role": str(turn.role), "content": content}

    def _content(self, parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
        if len(parts) == 1 and isinstance(parts[0], Text) and not parts[0].cache:
            return parts[0].text
        return [self._block(part) for part in parts]

    def _block(self, part: Part) -> dict[str, Any]:
        if isinstance(part, Reasoning):
            return _thinking(part)
        block: dict[str, Any]
        match part:
            case Text(text=text):
                block = {"type": "text", "text": text}
            case Image(source=source):
                if part.detail is not None:
                    self._losses.add(Loss.IMAGE_DETAIL)
                block = {"type": "image", "source": _source(source)}
            case Document(source=source, name=name):
                block = {"type": "document", "source": _source(source)}
                if name is not None:
                    block["title"] = name
            case ToolCall():
                block = self._call(part)
            case ToolResult():
                block = self._result(part)
        if part.cache is not None:
            block["cache_control"] = written_mark(part.cache)
        return block

    def _id(self, call_id: str) -> str:
        clean = _NOT_IN_IDS.sub("_", call_id) or "call"
        if clean != call_id:
            self._losses.add(Loss.TOOL_IDS)
        return clean

    def _call(self, call: ToolCall) -> dict[str, Any]:
        arguments = json_object(call.arguments)
        if arguments is None:
            self._losses.add(Loss.TOOL_ARGUMENTS)
            arguments = {"arguments": call.arguments}
        return {
            "type": "tool_use",
            "id": self._id(call.id),
            "name": call.name,
            "input": arguments,
        }

    def _result(self, result: ToolResult) -> dict[str, Any]:
        block: dict[str, Any] = {
            "type": "tool_result",
            "tool_use_id": self._id(result.call_id),
            "content": self._content(result.content),
        }
        if result.is_error:
            block["is_error"] = True
        return block

    def _tooling(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        if dialogue.tools:
            body["tools"] = [_tool(tool) for tool in dialogue.tools]
        choice = dialogue.tool_choice
        single = not dialogue.parallel_calls
        wanted = None if choice is None else choice.choice
        if single and (not dialogue.tools or wanted is Choice.NONE):
            self._losses.add(Loss.PARALLEL_CONTROL)
            single = False
        if choice is None and not single:
            return
        written: dict[str, Any] = {
            "type": "auto" if wanted is None else _CHOICES[wanted]
        }
        if choice is not None and choice.choice is Choice.NAMED:
            written["name"] = choice.name
        if single:
            written["disable_parallel_tool_use"] = True
        body["tool_choice"] = written

    def _sampling(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        sampling = dialogue.sampling
        self._losses |= sampling_losses(sampling, _SAYS)
        for name in ("temperature", "top_p", "top_k"):
            value = getattr(sampling, name)
            if value is not None:
                body[name] = value
        if sampling.temperature is not None and sampling.top_p is not None:
            # Models of this dialect take one of the two.
            del body["top_p"]
            self._losses.add(Loss.TOP_P)
        if sampling.temperature is not None and sampling.temperature > 1:
            # This dialect's scale ends where the others' middle is.
            body["temperature"] = 1.0
            self._losses.add(Loss.TEMPERATURE)
        if sampling.stop:
            body["stop_sequences"] = list(sampling.stop)

    def _reasoning(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        control = dialogue.reasoning
        budget = control.budget
        if budget is None and control.effort is not None:
            budget = budget_of(control.effort)
        if budget and not self._room_for_thought(dialogue, budget):
            budget = None
        if budget is not None:
            body["thinking"] = (
                {"type": "enabled", "budget_tokens": budget}
                if budget > 0
                else {"type": "disabled"}
            )
        said = ReasoningControl(
            budget=None if budget is None else max(0, budget), visible=bool(budget)
        )
        if said != control:
            self._losses.add(Loss.REASONING_CONTROL)

    def _room_for_thought(self, dialogue: Dialogue, budget: int) -> bool:
        """Tell whether the provider would accept this budget with this request.

        A forced tool, a chosen temperature and an answer shorter than the thought
        are refused beside it, and so is a conversation whose last tool calls were
        made without a thought.
        """
        bound, choice = dialogue.output_bound, dialogue.tool_choice
        forced = choice is not None and choice.choice in {
            Choice.REQUIRED,
            Choice.NAMED,
        }
        sampling = dialogue.sampling
        steered = sampling.top_k is not None or sampling.temperature not in {None, 1}
        return (
            budget >= _LEAST_BUDGET
            and not forced
            and not steered
            and (bound is not None and bound > budget)
            and not _thoughtless_calls(dialogue)
        )

    def _manner(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        wanted = dialogue.output_format
        if wanted is not None and wanted.schema is None:
            self._losses.add(Loss.STRUCTURED_OUTPUT)
        elif wanted is not None:
            shape = {"type": "json_schema", "schema": wanted.schema}
            body["output_config"] = {"format": shape}
            if wanted.name is not None or not wanted.strict:
                self._losses.add(Loss.STRUCTURED_OUTPUT)
        if dialogue.user is not None:
            body["metadata"] = {"user_id": dialogue.user}
        if dialogue.verbosity is not None:
            self._losses.add(Loss.VERBOSITY)
        if dialogue.cache_key is not None:
            self._losses.add(Loss.CACHE_KEY)


def _without_blanks(dialogue: Dialogue) -> Dialogue:
    """Return a request without texts of blanks alone, which are refused here."""

    def says(part: Part) -> bool:
        return not isinstance(part, Text) or bool(part.text.strip())

    if all(says(part) for turn in dialogue.turns for part in turn.parts):
        return dialogue
    turns = (
        replace(turn, parts=tuple(part for part in turn.parts if says(part)))
        for turn in dialogue.turns
    )
    return replace(dialogue, turns=canonical(turns))


def _thinking(part: Reasoning) -> dict[str, Any]:
    data = "" if part.seal is None else part.seal.data
    if data.startswith(REDACTED):
        return {"type": "redacted_thinking", "data": data.removeprefix(REDACTED)}
    return {"type": "thinking", "thinking": part.text, "signature": data}


def _thoughtless_calls(dialogue: Dialogue) -> bool:
    """Tell whether the tool loop that is under way began without a sealed thought."""
    for turn in reversed(dialogue.turns):
        if turn.role is not Role.ASSISTANT:
            continue
        calls = any(isinstance(part, ToolCall) for part in turn.parts)
        sealed = any(
            isinstance(part, Reasoning)
            and part.seal is not None
            and part.seal.origin == PROTOCOL
            for part in turn.parts
        )
        return calls and not sealed
    return False


def _source(source: Inline | Remote) -> dict[str, str]:
    if isinstance(source, Remote):
        return {"type": "url", "url": source.url}
    kind = source.media_type
    return {"type": "base64", "media_type": kind, "data": source.data}


def _tool(tool: Tool) -> dict[str, Any]:
    if tool.schema is None:
        raise BadRequestError(
            f"The tool {tool.name!r} takes free text, which this dialect cannot say.",
            "tools",
        )
    written: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    written["input_schema"] = tool.schema
    if tool.strict:
        written["strict"] = True
    if tool.cache is not None:
        written["cache_control"] = written_mark(tool.cache)
    return written
