"""Gemini's generateContent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from faregate.providers.spec import GEMINI
from faregate.smoke.dialects.wanted import Shaped, Tool, Wanted
from faregate.smoke.reading import (
    Delta,
    Finish,
    Json,
    Said,
    SaidCall,
    dig,
    parsed,
    rows,
    words,
)

if TYPE_CHECKING:
    from faregate.smoke.dialects.dialect import EventReader

_FINISH = {"STOP": Finish.STOP, "MAX_TOKENS": Finish.LENGTH, "TOOLS": Finish.TOOLS}
_ROOT = "/v1beta/models"
# Gemini's schemas are a part of JSON Schema; these keys it refuses.
_UNKNOWN_KEYS = frozenset({"additionalProperties"})


class GeminiDialect:
    """POST /v1beta/models/M:generateContent and its streaming twin."""

    protocol = GEMINI
    output_fields: tuple[str, ...] = ("maxOutputTokens",)
    terminal = ""
    models_path = _ROOT
    count_path = ""

    def shape(self, wanted: Wanted, model: str) -> Shaped:
        """Return the request; the model and the stream are in the path."""
        name = quote(wanted.model or model, safe="")
        verb = "streamGenerateContent" if wanted.stream else "generateContent"
        body: Json = {"contents": _contents(wanted)}
        if wanted.system:
            body["systemInstruction"] = {"parts": [{"text": wanted.system}]}
        if wanted.tools:
            declared = [_declared(tool) for tool in wanted.tools]
            body["tools"] = [{"functionDeclarations": declared}]
        if wanted.tool_choice is not None:
            mode = "ANY" if wanted.tool_choice == "required" else "NONE"
            body["toolConfig"] = {"functionCallingConfig": {"mode": mode}}
        config = _config(wanted)
        if config:
            body["generationConfig"] = config
        return Shaped(
            path=f"{_ROOT}/{name}:{verb}",
            body=body | dict(wanted.literal),
            query="alt=sse" if wanted.stream else "",
        )

    def finish(self, reason: str) -> Finish:
        """Return what a finish reason means."""
        return _FINISH.get(reason, Finish.OTHER)

    def reader(self) -> EventReader:
        """Return a reader for one answer."""
        return _Reader()

    def listed_models(self, body: object) -> list[str]:
        """Return the model names of a model list."""
        found = (words(row.get("name")) for row in rows(dig(body, "models")))
        return [name.removeprefix("models/") for name in found if name]

    def counted(self, body: object) -> int | None:
        """Return the tokens that a count answered."""
        tokens = dig(body, "totalTokens")
        return tokens if isinstance(tokens, int) else None


class _Reader:
    """Reads the responses of a stream, or one."""

    def __init__(self) -> None:
        self.said = Said()

    def event(self, name: str, data: object) -> frozenset[Delta]:  # noqa: ARG002
        """Read one response of a stream."""
        return frozenset(self._response(data) if isinstance(data, dict) else ())

    def body(self, data: Json) -> None:
        """Read the one response."""
        self._response(data)

    def _response(self, data: Json) -> set[Delta]:
        said = self.said
        said.id = words(data.get("responseId")) or said.id
        said.model = words(data.get("modelVersion")) or said.model
        usage = data.get("usageMetadata")
        if isinstance(usage, dict):
            said.usages.append(("usageMetadata", usage))
        found: set[Delta] = set()
        for candidate in rows(data.get("candidates")):
            for part in rows(dig(candidate, "content", "parts")):
                found |= self._part(part)
            reason = words(candidate.get("finishReason"))
            if reason:
                # This API says STOP after a call; the call is what matters.
                called = reason == "STOP" and said.calls
                said.finishes.append("TOOLS" if called else reason)
        return found

    def _part(self, part: Json) -> set[Delta]:
        said = self.said
        if part.get("thought") is True:
            thought = said.thought(part.get("text"), "thought part")
            return {Delta.REASONING} if thought else set()
        call = part.get("functionCall")
        if isinstance(call, dict):
            name, given = words(call.get("name")), words(call.get("id"))
            said.calls.append(
                SaidCall(
                    # Older models give no id; calls are told apart by name and order.
                    id=given or f"{name}:{len(said.calls)}",
                    name=name,
                    arguments=json.dumps(call.get("args", {})),
                    deltas=1,
                    ids=1,
                )
            )
            return {Delta.TOOL}
        return {Delta.TEXT} if said.wrote(part.get("text")) else set()


def _contents(wanted: Wanted) -> list[Json]:
    contents: list[Json] = [{"role": "user", "parts": [{"text": wanted.prompt}]}]
    turn = wanted.turn
    if turn is not None:
        call = {"name": turn.name, "args": parsed(turn.arguments) or {}}
        result = {"name": turn.name, "response": {"result": turn.result}}
        contents.append({"role": "model", "parts": [{"functionCall": call}]})
        contents.append({"role": "user", "parts": [{"functionResponse": result}]})
    return contents


def _declared(tool: Tool) -> Json:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": _narrowed(dict(tool.schema)),
    }


def _narrowed(schema: Any) -> Any:
    """Return a schema without the keys that this API refuses."""
    if isinstance(schema, dict):
        return {k: _narrowed(v) for k, v in schema.items() if k not in _UNKNOWN_KEYS}
    return [_narrowed(item) for item in schema] if isinstance(schema, list) else schema


def _config(wanted: Wanted) -> Json:
    config: Json = {}
    if wanted.max_output is not None:
        config["maxOutputTokens"] = wanted.max_output
    if wanted.stop:
        config["stopSequences"] = [wanted.stop]
    if wanted.temperature is not None:
        config["temperature"] = wanted.temperature
    if wanted.json_mode or wanted.schema is not None:
        config["responseMimeType"] = "application/json"
    if wanted.schema is not None:
        config["responseSchema"] = _narrowed(dict(wanted.schema))
    return config
