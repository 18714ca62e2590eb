"""Writes a dialogue as a Chat Completions request."""

from __future__ import annotations

from dataclasses import replace
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
from faregate.protocols.sampling import (
    SYSTEM_ROLES,
    effort_of,
    images_after_results,
    instructed,
    one_system_role,
    sampling_losses,
    system_first,
    without_thoughts,
    written_mark,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.protocols.dialects import WriteOptions

_JOINED = "\n\n"
_LONGEST_USER = 64
"""Characters; agents put whole records of their installation into longer ones."""


def write_request(dialogue: Dialogue, options: WriteOptions) -> Written:
    """Return the request's body; raise BadRequestError for what it cannot say."""
    return _Writer(options).written(dialogue)


class _Writer:
    """Writes one request and notes what it leaves out."""

    def __init__(self, options: WriteOptions) -> None:
        self._quirks = options.quirks
        self._field = options.output_field or "max_tokens"
        self._losses: set[Loss] = set()

    def written(self, asked: Dialogue) -> Written:
        dialogue = self._adapted(asked)
        body: dict[str, Any] = {"model": dialogue.model}
        body["messages"] = [
            message for turn in dialogue.turns for message in self._messages(turn)
        ]
        if dialogue.stream:
            body["stream"] = True
        if dialogue.output_bound is not None:
            body[self._field] = dialogue.output_bound
        self._tooling(dialogue, body)
        self._sampling(dialogue, body)
        self._manner(dialogue, body)
        return Written(body=msgspec.json.encode(body), losses=frozenset(self._losses))

    def _takes(self, quirk: str) -> bool:
        return quirk in self._quirks

    def _adapted(self, dialogue: Dialogue) -> Dialogue:
        """Return the request without what this provider's messages cannot say."""
        if not self._takes(known.SYSTEM_ANYWHERE):
            dialogue, lost = system_first(dialogue)
            self._losses |= lost
        if not self._takes(known.DEVELOPER_ROLE):
            dialogue, lost = one_system_role(dialogue)
            self._losses |= lost
        if not self._takes(known.REASONING_BACK):
            dialogue, lost = without_thoughts(dialogue, own=None)
            self._losses |= lost
        wanted = dialogue.output_format
        if wanted and wanted.schema and self._takes(known.JSON_OBJECT_ONLY):
            dialogue = instructed(dialogue, wanted.schema)
        if marks(dialogue) and not self._takes(known.CACHE_MARKS):
            self._losses.add(Loss.CACHE_CONTROL)
            dialogue = unmarked(dialogue)
        return dialogue

    def _messages(self, turn: Turn) -> Iterator[dict[str, Any]]:
        if turn.role is Role.ASSISTANT:
            yield self._assistant(turn)
            return
        if turn.role in SYSTEM_ROLES:
            yield {"role": str(turn.role), "content": self._content(turn.parts)}
            return
        turn, moved = images_after_results(turn)
        if moved:
            self._losses.add(Loss.TOOL_RESULT_MEDIA)
        others: list[Part] = []
        for part in turn.parts:
            if isinstance(part, ToolResult):
                yield self._result(part)
            else:
                others.append(part)
        if others:
            yield {"role": "user", "content": self._content(tuple(others))}

    def _result(self, result: ToolResult) -> dict[str, Any]:
        if result.is_error:
            self._losses.add(Loss.TOOL_ERROR_FLAG)
        content = result.content
        if result.cache is not None and content:
            content = (*content[:-1], replace(content[-1], cache=result.cache))
        return {
            "role": "tool",
            "tool_call_id": result.call_id,
            "content": self._content(content),
        }

    def _content(self, parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
        """Return content in the plainest form that says all of it."""
        texts = [part for part in parts if isinstance(part, Text)]
        plain = len(texts) == len(parts) and all(t.cache is None for t in texts)
        if plain and len(texts) <= 1:
            return texts[0].text if texts else ""
        if plain and not self._takes(known.TEXT_PARTS):
            self._losses.add(Loss.TEXT_PARTS)
            return _JOINED.join(text.text for text in texts)
        return [self._part(part) for part in parts]

    def _part(self, part: Part) -> dict[str, Any]:
        match part:
            case Text(text=text):
                written: dict[str, Any] = {"type": "text", "text": text}
            case Image(source=source, detail=detail):
                image = {"url": url_of(source)}
                if detail is not None:
                    image["detail"] = detail
                written = {"type": "image_url", "image_url": image}
            case Document():
                written = self._file(part)
            case _:
                raise BadRequestError("A message holds a part that its role cannot.")
        if part.cache is not None:
            written["cache_control"] = written_mark(part.cache)
        return written

    def _file(self, part: Document) -> dict[str, Any]:
        if not isinstance(part.source, Inline):
            raise BadRequestError(
                "A document at a URL cannot be translated for this provider; send "
                "its bytes.",
                "messages",
            )
        file = {"file_data": url_of(part.source)}
        if part.name is not None:
            file["filename"] = part.name
        return {"type": "file", "file": file}

    def _assistant(self, turn: Turn) -> dict[str, Any]:
        texts = tuple(part for part in turn.parts if isinstance(part, Text))
        calls = [part for part in turn.parts if isinstance(part, ToolCall)]
        thoughts = [part for part in turn.parts if isinstance(part, Reasoning)]
        if [*thoughts, *texts, *calls] != list(turn.parts):
            self._losses.add(Loss.TEXT_PARTS)
        message: dict[str, Any] = {"role": "assistant"}
        message["content"] = self._content(texts) if texts or not calls else None
        self._think(thoughts, message)
        if any(call.cache is not None for call in calls):
            self._losses.add(Loss.CACHE_CONTROL)
        if calls:
            message["tool_calls"] = [_call(call) for call in calls]
        return message

    def _think(self, thoughts: list[Reasoning], message: dict[str, Any]) -> None:
        if any(thought.seal is not None for thought in thoughts):
            self._losses.add(Loss.REASONING_SEAL)
        said = [thought.text for thought in thoughts if thought.text]
        if not said:
            return
        if len(said) > 1:
            self._losses.add(Loss.TEXT_PARTS)
        message["reasoning_content"] = _JOINED.join(said)

    def _tooling(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        if dialogue.tools:
            body["tools"] = [_tool(tool) for tool in dialogue.tools]
        choice = dialogue.tool_choice
        if choice is not None:
            body["tool_choice"] = (
                {"type": "function", "function": {"name": choice.name}}
                if choice.choice is Choice.NAMED
                else str(choice.choice)
            )
        if not dialogue.parallel_calls:
            body["parallel_tool_calls"] = False

    def _sampling(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        sampling = dialogue.sampling
        says = {"stop", "seed", "logprobs"}
        if not self._takes(known.FIXED_SAMPLING):
            says |= {"temperature", "top_p", "frequency_penalty", "presence_penalty"}
        if self._takes(known.CHAT_TOP_K):
            says.add("top_k")
        self._losses |= sampling_losses(sampling, says)
        for name in sorted(says - {"stop", "logprobs"}):
            value = getattr(sampling, name)
            if value is not None:
                body[name] = value
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if sampling.logprobs is not None:
            body["logprobs"] = True
            if sampling.logprobs:
                body["top_logprobs"] = sampling.logprobs

    def _manner(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        self._effort(dialogue, body)
        self._format(dialogue, body)
        if dialogue.user is not None and len(dialogue.user) > _LONGEST_USER:
            self._losses.add(Loss.USER)
        elif dialogue.user is not None:
            body["user"] = dialogue.user
        younger = self._takes(known.OPENAI_FIELDS)
        for name, value, loss in (
            ("verbosity", dialogue.verbosity, Loss.VERBOSITY),
            ("prompt_cache_key", dialogue.cache_key, Loss.CACHE_KEY),
        ):
            if value is None:
                continue
            if younger:
                body[name] = value
            else:
                self._losses.add(loss)

    def _effort(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        control = dialogue.reasoning
        if control.budget is not None or control.visible:
            self._losses.add(Loss.REASONING_CONTROL)
        effort = control.effort
        if effort is None and control.budget is not None:
            effort = effort_of(control.budget)
        if effort is None:
            return
        if self._takes(known.REASONING_EFFORT):
            body["reasoning_effort"] = effort
        else:
            self._losses.add(Loss.REASONING_CONTROL)

    def _format(self, dialogue: Dialogue, body: dict[str, Any]) -> None:
        wanted = dialogue.output_format
        if wanted is None:
            return
        if wanted.schema is None or self._takes(known.JSON_OBJECT_ONLY):
            if wanted.schema is not None:
                self._losses.add(Loss.STRUCTURED_OUTPUT)
            body["response_format"] = {"type": "json_object"}
            return
        inner: dict[str, Any] = {
            "name": wanted.name or UNNAMED,
            "schema": wanted.schema,
        }
        if wanted.strict:
            inner["strict"] = True
        body["response_format"] = {"type": "json_schema", "json_schema": inner}


def _tool(tool: Tool) -> dict[str, Any]:
    inner: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        inner["description"] = tool.description
    written: dict[str, Any]
    if tool.kind is CallKind.CUSTOM:
        if tool.grammar is not None:
            grammar = {n: v for n, v in tool.grammar.items() if n != "type"}
            inner["format"] = {"type": "grammar", "grammar": grammar}
        written = {"type": "custom", "custom": inner}
    else:
        inner["parameters"] = tool.schema or {"type": "object", "properties": {}}
        if tool.strict:
            inner["strict"] = True
        written = {"type": "function", "function": inner}
    if tool.cache is not None:
        written["cache_control"] = written_mark(tool.cache)
    return written


def _call(call: ToolCall) -> dict[str, Any]:
    if call.kind is CallKind.CUSTOM:
        inner = {"name": call.name, "input": call.arguments}
        return {"id": call.id, "type": "custom", "custom": inner}
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}
