"""Anthropic Messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from faregate.providers.spec import ANTHROPIC_MESSAGES
from faregate.smoke.dialects.chat import openai_models
from faregate.smoke.dialects.wanted import Shaped, Wanted
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

_FINISH = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "tool_use": Finish.TOOLS,
}
_DEFAULT_OUTPUT = 256


class MessagesDialect:
    """POST /v1/messages."""

    protocol = ANTHROPIC_MESSAGES
    output_fields: tuple[str, ...] = ("max_tokens",)
    terminal = "message_stop"
    models_path = "/v1/models"
    count_path = "/v1/messages/count_tokens"

    def shape(self, wanted: Wanted, model: str) -> Shaped:
        """Return the request; this API wants an output bound."""
        body: Json = {
            "model": wanted.model or model,
            "max_tokens": wanted.max_output or _DEFAULT_OUTPUT,
            "messages": _messages(wanted),
        }
        if wanted.system:
            block: Json = {"type": "text", "text": wanted.system}
            if wanted.cache_mark:
                block["cache_control"] = {"type": "ephemeral"}
            body["system"] = [block] if wanted.cache_mark else wanted.system
        if wanted.stream:
            body["stream"] = True
        if wanted.tools:
            body["tools"] = [
                {
                    "name": tool.name,
                    "description": tool.description,
                    "input_schema": dict(tool.schema),
                }
                for tool in wanted.tools
            ]
        if wanted.tool_choice is not None:
            kind = "any" if wanted.tool_choice == "required" else "none"
            body["tool_choice"] = {"type": kind}
        if wanted.stop:
            body["stop_sequences"] = [wanted.stop]
        if wanted.temperature is not None:
            body["temperature"] = wanted.temperature
        return Shaped(path="/v1/messages", body=body | dict(wanted.literal))

    def finish(self, reason: str) -> Finish:
        """Return what a stop reason means."""
        return _FINISH.get(reason, Finish.OTHER)

    def reader(self) -> EventReader:
        """Return a reader for one answer."""
        return _Reader()

    def listed_models(self, body: object) -> list[str]:
        """Return the model names of a model list."""
        return openai_models(body)

    def counted(self, body: object) -> int | None:
        """Return the tokens that a count answered."""
        tokens = dig(body, "input_tokens")
        return tokens if isinstance(tokens, int) else None


class _Reader:
    """Reads typed events or a whole message."""

    def __init__(self) -> None:
        self.said = Said()
        self._calls: dict[int, SaidCall] = {}

    def event(self, name: str, data: object) -> frozenset[Delta]:
        """Read one event."""
        if not isinstance(data, dict):
            return frozenset()
        said = self.said
        kind = words(data.get("type")) or name
        if said.terminals and kind != "ping":
            said.after_terminal += 1
        match kind:
            case "message_start":
                self._head(dig(data, "message"))
            case "content_block_start":
                return self._opened(data)
            case "content_block_delta":
                return self._delta(data)
            case "message_delta":
                self._ended(words(dig(data, "delta", "stop_reason")), data)
            case "message_stop":
                said.terminals += 1
            case _:
                pass
        return frozenset()

    def body(self, data: Json) -> None:
        """Read a whole message."""
        self._head(data, whole=True)
        for index, block in enumerate(rows(data.get("content"))):
            kind = block.get("type")
            if kind == "text":
                self.said.wrote(block.get("text"))
            elif kind == "thinking":
                self.said.thought(block.get("thinking"), "thinking block")
            elif kind == "tool_use":
                self._call(index, block)
                self._calls[index].arguments = json.dumps(block.get("input"))
        self._ended(words(data.get("stop_reason")), {})

    def _head(self, message: object, *, whole: bool = False) -> None:
        said = self.said
        said.id = words(dig(message, "id")) or said.id
        said.model = words(dig(message, "model")) or said.model
        usage = dig(message, "usage")
        if isinstance(usage, dict):
            said.usages.append(("usage" if whole else "message_start", usage))

    def _ended(self, reason: str, data: Json) -> None:
        if reason:
            self.said.finishes.append(reason)
        usage = data.get("usage")
        if isinstance(usage, dict):
            self.said.usages.append(("message_delta", usage))

    def _opened(self, data: Json) -> frozenset[Delta]:
        block = dig(data, "content_block")
        if dig(block, "type") != "tool_use":
            said = self.said
            return frozenset({Delta.TEXT} if said.wrote(dig(block, "text")) else ())
        self._call(_index(data), block)
        return frozenset({Delta.TOOL})

    def _call(self, index: int, block: Json) -> None:
        if index in self._calls:
            self.said.odd_indexes = True
        call = SaidCall(
            id=words(block.get("id")),
            name=words(block.get("name")),
            ids=1 if block.get("id") else 0,
        )
        self._calls[index] = call
        self.said.calls.append(call)

    def _delta(self, data: Json) -> frozenset[Delta]:
        said, delta = self.said, dig(data, "delta")
        match dig(delta, "type"):
            case "text_delta" if said.wrote(dig(delta, "text")):
                return frozenset({Delta.TEXT})
            case "thinking_delta" if said.thought(
                dig(delta, "thinking"), "thinking block"
            ):
                return frozenset({Delta.REASONING})
            case "input_json_delta":
                piece = words(dig(delta, "partial_json"))
                call = self._calls.get(_index(data))
                if call is None:
                    said.odd_indexes = True
                elif piece:
                    call.arguments += piece
                    call.deltas += 1
                return frozenset({Delta.TOOL} if piece else ())
            case _:
                return frozenset()


def _index(data: Json) -> int:
    index = data.get("index")
    return index if isinstance(index, int) else 0


def _messages(wanted: Wanted) -> list[Json]:
    messages: list[Json] = [{"role": "user", "content": wanted.prompt}]
    turn = wanted.turn
    if turn is not None:
        use = {
            "type": "tool_use",
            "id": turn.id,
            "name": turn.name,
            "input": parsed(turn.arguments) or {},
        }
        result = {
            "type": "tool_result",
            "tool_use_id": turn.id,
            "content": turn.result,
        }
        messages.append({"role": "assistant", "content": [use]})
        messages.append({"role": "user", "content": [result]})
    return messages
