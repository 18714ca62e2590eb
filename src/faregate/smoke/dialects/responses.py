"""Responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.providers.spec import OPENAI_RESPONSES
from faregate.smoke.dialects.chat import openai_models
from faregate.smoke.dialects.wanted import Shaped, Tool, Wanted
from faregate.smoke.reading import Delta, Finish, Json, Said, SaidCall, dig, rows, words

if TYPE_CHECKING:
    from faregate.smoke.dialects.dialect import EventReader

_FINISH = {
    "completed": Finish.STOP,
    "tool_calls": Finish.TOOLS,
    "max_output_tokens": Finish.LENGTH,
    "incomplete": Finish.LENGTH,
}
_ENDS = ("response.completed", "response.incomplete", "response.failed")
_REASONING = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta")


class ResponsesDialect:
    """POST /responses."""

    protocol = OPENAI_RESPONSES
    output_fields: tuple[str, ...] = ("max_output_tokens",)
    terminal = "response.completed"
    models_path = "/models"
    count_path = ""

    def shape(self, wanted: Wanted, model: str) -> Shaped:
        """Return the request."""
        body: Json = {
            "model": wanted.model or model,
            "input": _input(wanted),
            "store": False,
        }
        if wanted.system:
            body["instructions"] = wanted.system
        if wanted.stream:
            body["stream"] = True
        if wanted.max_output is not None:
            body[self.output_fields[0]] = wanted.max_output
        if wanted.tools:
            body["tools"] = [_tool(tool) for tool in wanted.tools]
        if wanted.tool_choice is not None:
            body["tool_choice"] = wanted.tool_choice
        if wanted.temperature is not None:
            body["temperature"] = wanted.temperature
        if wanted.json_mode:
            body["text"] = {"format": {"type": "json_object"}}
        if wanted.schema is not None:
            schema = {"name": "answer", "strict": True, "schema": dict(wanted.schema)}
            body["text"] = {"format": {"type": "json_schema", **schema}}
        return Shaped(path="/responses", body=body | dict(wanted.literal))

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
    """Reads typed events or a whole response."""

    def __init__(self) -> None:
        self.said = Said()
        self._calls: dict[str, SaidCall] = {}

    def event(self, name: str, data: object) -> frozenset[Delta]:
        """Read one event."""
        if not isinstance(data, dict):
            return frozenset()
        said = self.said
        if said.terminals:
            said.after_terminal += 1
        kind = words(data.get("type")) or name
        if kind in _ENDS:
            said.terminals += 1
            self._end(dig(data, "response"))
            return frozenset()
        return self._delta(kind, data)

    def body(self, data: Json) -> None:
        """Read a whole response."""
        for item in rows(data.get("output")):
            kind = item.get("type")
            if kind == "message":
                for part in rows(item.get("content")):
                    self.said.wrote(part.get("text"))
            elif kind == "function_call":
                self._opened(item)
                self._calls[self._key(item)].arguments = words(item.get("arguments"))
            elif kind == "reasoning":
                for part in rows(item.get("summary")) + rows(item.get("content")):
                    self.said.thought(part.get("text"), "reasoning item")
        self._end(data)

    def _delta(self, kind: str, data: Json) -> frozenset[Delta]:
        said = self.said
        found: set[Delta] = set()
        if kind == "response.output_text.delta":
            if said.wrote(data.get("delta")):
                found.add(Delta.TEXT)
        elif kind in _REASONING:
            if said.thought(data.get("delta"), kind.split(".")[1]):
                found.add(Delta.REASONING)
        elif kind == "response.output_item.added":
            if dig(data, "item", "type") == "function_call":
                self._opened(data["item"], words(dig(data, "item", "id")))
                found.add(Delta.TOOL)
        elif kind == "response.function_call_arguments.delta":
            call = self._calls.get(words(data.get("item_id")))
            if call is None:
                said.odd_indexes = True
            else:
                call.arguments += words(data.get("delta"))
                call.deltas += 1
            found.add(Delta.TOOL)
        elif kind == "response.created":
            self._head(data.get("response"))
        return frozenset(found)

    def _key(self, item: Json) -> str:
        return words(item.get("id")) or words(item.get("call_id"))

    def _opened(self, item: Json, key: str = "") -> None:
        call = SaidCall(
            id=words(item.get("call_id")),
            name=words(item.get("name")),
            ids=1 if item.get("call_id") else 0,
        )
        self._calls[key or self._key(item)] = call
        self.said.calls.append(call)

    def _head(self, response: Any) -> None:
        said = self.said
        said.id = words(dig(response, "id")) or said.id
        said.model = words(dig(response, "model")) or said.model

    def _end(self, response: Any) -> None:
        said = self.said
        self._head(response)
        usage = dig(response, "usage")
        if isinstance(usage, dict):
            said.usages.append(("response.usage", usage))
        status = words(dig(response, "status"))
        reason = words(dig(response, "incomplete_details", "reason"))
        if status == "completed" and said.calls:
            status = "tool_calls"
        if reason or status:
            said.finishes.append(reason or status)


def _input(wanted: Wanted) -> list[Json]:
    items: list[Json] = [{"role": "user", "content": wanted.prompt}]
    turn = wanted.turn
    if turn is not None:
        items.append(
            {
                "type": "function_call",
                "call_id": turn.id,
                "name": turn.name,
                "arguments": turn.arguments,
            }
        )
        items.append(
            {
                "type": "function_call_output",
                "call_id": turn.id,
                "output": turn.result,
            }
        )
    return items


def _tool(tool: Tool) -> Json:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.schema),
        "strict": False,
    }
