"""Writes a dialogue as a Responses request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols import quirks as known
from faregate.protocols.codec import BadRequestError
from faregate.protocols.data_urls import url_of
from faregate.protocols.dialogue import (
    UNNAMED,
    Choice,
    Dialogue,
    Document,
    Image,
    Inline,
    Part,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    Written,
    marks,
    unmarked,
)
from faregate.protocols.events import CallKind
from faregate.protocols.losses import Loss
from faregate.protocols.members import json_object
from faregate.protocols.openai_responses.request import PROTOCOL
from faregate.protocols.sampling import effort_of, sampling_losses, without_thoughts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.protocols.dialects import WriteOptions

_LONGEST_USER = 64
"""Characters; agents put whole records of their installation into longer ones."""
_OUTPUTS = {
    CallKind.FUNCTION: "function_call_output",
    CallKind.CUSTOM: "custom_tool_call_output",
    CallKind.LOCAL_SHELL: "local_shell_call_output",
}


def write_request(dialogue: Dialogue, options: WriteOptions) -> Written:
    """Return the request's body; raise BadRequestError for what it cannot say."""
    return _Writer(options).written(dialogue)


class _Writer:
    """Writes one request and notes what it leaves out."""

    def __init__(self, options: WriteOptions) -> None:
        self._quirks = options.quirks
        self._field = options.output_field or "max_output_tokens"
        self._losses: set[Loss] = set()

    def written(self, dialogue: Dialogue) -> Written:
        if marks(dialogue):
            self._losses.add(Loss.CACHE_CONTROL)
            dialogue = unmarked(dialogue)
        dialogue, forgotten = without_thoughts(dialogue, own=PROTOCOL)
        self._losses |= forgotten
        body: dict[str, Any] = {"model": dialogue.model}
        turns = list(dialogue.turns)
        first = turns[0] if turns else None
        if first is not None and first.role is Role.SYSTEM and len(first.parts) == 1:
            (text,) = turns.pop(0).parts
            body["instructions"] = text.text if isinstance(text, Text) else ""
        body["input"] = [item for turn in turns for item in self._items(turn)]
        # Nothing here refers to what a provider keeps.
        body["store"] = False
        if dialogue.stream:
            body["stream"] = True
        if dialogue.output_bound is not None:
            body[self._field] = dialogue.output_bound
        self._tooling(dialogue, body)
        self._sampling(dialogue, body)
        self._reasoning(dialogue, body)
        self._manner(dialogue, body)
        return Written(body=msgspec.json.encode(body), losses=frozenset(self._losses))

    def _items(self, turn: Turn) -> Iterator[dict[str, Any]]:
        said: list[Text | Image | Document] = []
        for part in turn.parts:
            if isinstance(part, Text | Image | Document):
                said.append(part)
                continue
            if said:
                yield self._message(turn.role, said)
                said = []
            yield self._item(part)
        if said:
            yield self._message(turn.role, said)

    def _message(
        self, role: Role, parts: list[Text | Image | Document]
    ) -> dict[str, Any]:
        kind = "output_text" if role is Role.ASSISTANT else "input_text"
        content = [_part(part, kind) for part in parts]
        return {"type": "message", "role": str(role), "content": content}

    def _item(self, part: Reasoning | ToolCall | ToolResult) -> dict[str, Any]:
        match part:
            case Reasoning():
                return _thought(part)
            case ToolCall():
                return self._call(part)
            case ToolResult():
                return self._result(part)

    def _call(self, call: ToolCall) -> dict[str, Any]:
        item: dict[str, Any]
        match call.kind:
            case CallKind.CUSTOM:
                item = {"type": "custom_tool_call", "input": call.arguments}
            case CallKind.LOCAL_SHELL:
                action = json_object(call.arguments)
                item = {"type": "local_shell_call", "status": "completed"}
                return {**item, "call_id": call.id, "action": action or {}}
            case CallKind.FUNCTION:
                item = {"type": "function_call", "arguments": call.arguments}
        item |= {"call_id": call.id, "name": call.name}
        if call.namespace:
            item["namespace"] = call.namespace
        return item

    def _result(self, result: ToolResult) -> dict[str, Any]:
        if result.is_error:
            self._losses.add(Loss.TOOL_ERROR_FLAG)
        content = result.content
        output: str | list[dict[str, Any]]
        if not content:
            output = ""
        elif len(content) == 1 and isinstance(content[0], Text):
            output = content[0].text
        else:
            output = [_part(part, "input_text") for part in content]
        return {
            "type": _OUTPUTS[result.kind],
            "call_id": result.call_id,
            "output": output,
        }

    def _tooling(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        if dialogue.tools:
            body["tools"] = _tools(dialogue.tools)
        choice = dialogue.tool_choice
        if choice is not None and choice.choice is Choice.NAMED:
            named = {"type": "function", "name": choice.name}
            if choice.namespace:
                named["namespace"] = choice.namespace
            body["tool_choice"] = named
        elif choice is not None:
            body["tool_choice"] = str(choice.choice)
        if not dialogue.parallel_calls:
            body["parallel_tool_calls"] = False

    def _sampling(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        sampling = dialogue.sampling
        says = {"temperature", "top_p"} - (
            {"temperature", "top_p"} if known.FIXED_SAMPLING in self._quirks else set()
        )
        self._losses |= sampling_losses(sampling, says)
        for name in sorted(says):
            value = getattr(sampling, name)
            if value is not None:
                body[name] = value

    def _reasoning(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        control = dialogue.reasoning
        effort = control.effort
        if control.budget is not None:
            self._losses.add(Loss.REASONING_CONTROL)
            effort = effort or effort_of(control.budget)
        written: dict[str, Any] = {}
        if effort is not None:
            written["effort"] = effort
        if control.visible:
            written["summary"] = "auto"
        if written:
            body["reasoning"] = written
        if known.OPENAI_FIELDS in self._quirks:
            body["include"] = ["reasoning.encrypted_content"]

    def _manner(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        text: dict[str, Any] = {}
        wanted = dialogue.output_format
        if wanted is not None:
            text["format"] = (
                {"type": "json_object"}
                if wanted.schema is None
                else {
                    "type": "json_schema",
                    "name": wanted.name or UNNAMED,
                    "schema": wanted.schema,
                    "strict": wanted.strict,
                }
            )
        if dialogue.verbosity is not None:
            if known.OPENAI_FIELDS in self._quirks:
                text["verbosity"] = dialogue.verbosity
            else:
                self._losses.add(Loss.VERBOSITY)
        if text:
            body["text"] = text
        self._whose(dialogue, body)

    def _whose(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        if dialogue.cache_key is not None:
            if known.OPENAI_FIELDS in self._quirks:
                body["prompt_cache_key"] = dialogue.cache_key
            else:
                self._losses.add(Loss.CACHE_KEY)
        if dialogue.user is not None and len(dialogue.user) > _LONGEST_USER:
            self._losses.add(Loss.USER)
        elif dialogue.user is not None:
            body["user"] = dialogue.user


def _part(part: Part, text_kind: str) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": text_kind, "text": text}
        case Image(source=source, detail=detail):
            image = {"type": "input_image", "image_url": url_of(source)}
            return image if detail is None else {**image, "detail": detail}
        case Document(source=source, name=name):
            field = "file_data" if isinstance(source, Inline) else "file_url"
            file = {"type": "input_file", field: url_of(source)}
            return file if name is None else {**file, "filename": name}
        case _:
            raise BadRequestError("A message holds a part that its role cannot.")


def _thought(part: Reasoning) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    item: dict[str, Any] = {"type": "reasoning", "summary": summary}
    if part.seal is not None:
        item["encrypted_content"] = part.seal.data
    return item


def _tools(tools: tuple[Tool, ...]) -> list[dict[str, Any]]:
    """Return the tools, those of a namespace together at its first place."""
    written: list[dict[str, Any]] = []
    spaces: dict[str, list[dict[str, Any]]] = {}
    for tool in tools:
        if not tool.namespace:
            written.append(_tool(tool))
            continue
        if tool.namespace not in spaces:
            inside = spaces[tool.namespace] = []
            written.append(
                {
                    "type": "namespace",
                    "name": tool.namespace,
                    "description": "",
                    "tools": inside,
                }
            )
        spaces[tool.namespace].append(_tool(tool))
    return written


def _tool(tool: Tool) -> dict[str, Any]:
    if tool.kind is CallKind.LOCAL_SHELL:
        return {"type": "local_shell"}
    custom = tool.kind is CallKind.CUSTOM
    written: dict[str, Any] = {"type": "custom" if custom else "function"}
    written["name"] = tool.name
    if tool.description is not None:
        written["description"] = tool.description
    if custom:
        if tool.grammar is not None:
            written["format"] = tool.grammar
        return written
    written["parameters"] = tool.schema or {"type": "object", "properties": {}}
    written["strict"] = tool.strict
    return written
