"""Chat Completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.providers.spec import OPENAI_CHAT
from faregate.smoke.dialects.wanted import Shaped, Tool, Wanted
from faregate.smoke.reading import Delta, Finish, Json, Said, SaidCall, dig, rows, words

if TYPE_CHECKING:
    from faregate.smoke.dialects.dialect import EventReader

_FINISH = {
    "stop": Finish.STOP,
    "eos": Finish.STOP,
    "length": Finish.LENGTH,
    "tool_calls": Finish.TOOLS,
    "function_call": Finish.TOOLS,
}


class ChatDialect:
    """POST /chat/completions."""

    protocol = OPENAI_CHAT
    output_fields: tuple[str, ...] = ("max_tokens", "max_completion_tokens")
    terminal = "[DONE]"
    models_path = "/models"
    count_path = ""

    def shape(self, wanted: Wanted, model: str) -> Shaped:
        """Return the request."""
        body: Json = {"model": wanted.model or model, "messages": _messages(wanted)}
        if wanted.stream:
            body["stream"] = True
            if wanted.ask_usage:
                body["stream_options"] = {"include_usage": True}
        if wanted.max_output is not None:
            field = wanted.output_field or self.output_fields[0]
            body[field] = wanted.max_output
        if wanted.tools:
            body["tools"] = [_tool(tool) for tool in wanted.tools]
        body |= _options(wanted)
        return Shaped(path="/chat/completions", body=body | dict(wanted.literal))

    def finish(self, reason: str) -> Finish:
        """Return what a finish reason means."""
        return _FINISH.get(reason, Finish.OTHER)

    def reader(self) -> EventReader:
        """Return a reader for one answer."""
        return _Reader()

    def listed_models(self, body: object) -> list[str]:
        """Return the model names of a model list."""
        return openai_models(body)

    def counted(self, body: object) -> int | None:  # noqa: ARG002 - no such call
        """Return None: this protocol has no count."""
        return None


class _Reader:
    """Reads chunks or a whole completion."""

    def __init__(self) -> None:
        self.said = Said()
        self._calls: dict[int, SaidCall] = {}

    def event(self, name: str, data: object) -> frozenset[Delta]:  # noqa: ARG002
        """Read one chunk."""
        said = self.said
        if data == "[DONE]":
            said.terminals += 1
            return frozenset()
        if not isinstance(data, dict):
            return frozenset()
        if said.terminals:
            said.after_terminal += 1
        self._head(data)
        found: set[Delta] = set()
        for choice in rows(data.get("choices")):
            found |= self._choice(choice, choice.get("delta"))
        return frozenset(found)

    def body(self, data: Json) -> None:
        """Read a whole completion."""
        self._head(data)
        for choice in rows(data.get("choices")):
            self._choice(choice, choice.get("message"))

    def _head(self, data: Json) -> None:
        said = self.said
        said.id = words(data.get("id")) or said.id
        said.model = words(data.get("model")) or said.model
        said.vendor = words(data.get("provider")) or said.vendor
        usage = data.get("usage")
        if isinstance(usage, dict):
            choices = data.get("choices")
            place = "last chunk" if choices == [] else "usage"
            said.usages.append((place, usage))
        vendor = dig(data, "x_groq", "usage")
        if isinstance(vendor, dict):
            said.usages.append(("x_groq", vendor))

    def _choice(self, choice: Json, part: Any) -> set[Delta]:
        said = self.said
        if isinstance(choice.get("usage"), dict):
            said.usages.append(("choices[0].usage", choice["usage"]))
        if dig(choice, "logprobs", "content"):
            said.logprobs = True
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            said.finishes.append(reason)
        if not isinstance(part, dict):
            return set()
        found: set[Delta] = set()
        for field in ("reasoning_content", "reasoning"):
            if said.thought(part.get(field), field):
                found.add(Delta.REASONING)
                break
        if said.wrote(part.get("content")):
            found.add(Delta.TEXT)
        for position, call in enumerate(rows(part.get("tool_calls"))):
            self._call(position, call)
            found.add(Delta.TOOL)
        return found

    def _call(self, position: int, call: Json) -> None:
        index = call.get("index")
        key = index if isinstance(index, int) else position
        known = self._calls.get(key)
        given = words(call.get("id"))
        if known is not None and given and known.id and given != known.id:
            # One index for two calls: agents glue their arguments together.
            self.said.odd_indexes = True
            known = None
        if known is None:
            known = self._calls[key] = SaidCall()
            self.said.calls.append(known)
        if given:
            known.id = given
            known.ids += 1
        known.name += words(dig(call, "function", "name"))
        arguments = words(dig(call, "function", "arguments"))
        known.arguments += arguments
        known.deltas += bool(arguments)


def openai_models(body: object) -> list[str]:
    """Return the ids of an OpenAI-shaped model list."""
    return [words(row.get("id")) for row in rows(dig(body, "data")) if row.get("id")]


def _messages(wanted: Wanted) -> list[Json]:
    messages: list[Json] = []
    if wanted.system:
        messages.append({"role": "system", "content": wanted.system})
    messages.append({"role": "user", "content": wanted.prompt})
    turn = wanted.turn
    if turn is not None:
        function = {"name": turn.name, "arguments": turn.arguments}
        call = {"id": turn.id, "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append(
            {"role": "tool", "tool_call_id": turn.id, "content": turn.result}
        )
    return messages


def _tool(tool: Tool) -> Json:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": dict(tool.schema),
        },
    }


def _options(wanted: Wanted) -> Json:
    options: Json = {}
    if wanted.tool_choice is not None:
        options["tool_choice"] = wanted.tool_choice
    if wanted.stop:
        options["stop"] = [wanted.stop]
    if wanted.temperature is not None:
        options["temperature"] = wanted.temperature
    if wanted.json_mode:
        options["response_format"] = {"type": "json_object"}
    if wanted.schema is not None:
        schema = {"name": "answer", "strict": True, "schema": dict(wanted.schema)}
        options["response_format"] = {"type": "json_schema", "json_schema": schema}
    if wanted.logprobs:
        options |= {"logprobs": True, "top_logprobs": 1}
    return options
