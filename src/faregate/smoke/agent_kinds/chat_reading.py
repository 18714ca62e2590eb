"""Reading Chat Completions as agents do: the pieces they need, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.smoke.agent_kinds.kind import Called, Json, Said, number

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_chunk(event: Json, said: Said) -> None:
    """Take one chunk in."""
    error = event.get("error")
    if isinstance(error, dict):
        said.error = str(error.get("message"))
    count(event, said)
    for choice in event.get("choices") or []:
        delta = choice.get("delta") or {}
        said.text += delta.get("content") or ""
        for part in delta.get("tool_calls") or []:
            call = said.calls.setdefault(part.get("index", 0), Called())
            _extend(call, part)


def read_completion(answer: Json) -> Said:
    """Read a completion that was not streamed."""
    said = Said(ended=True)
    count(answer, said)
    message = answer["choices"][0]["message"]
    said.text = message.get("content") or ""
    for index, part in enumerate(message.get("tool_calls") or []):
        _extend(said.calls.setdefault(index, Called()), part)
    return said


def count(holder: Mapping[str, Any], said: Said) -> None:
    """Take the usage block in, where there is one."""
    usage = holder.get("usage")
    if isinstance(usage, dict):
        said.input_tokens = number(usage.get("prompt_tokens"))
        said.output_tokens = number(usage.get("completion_tokens"))


def assistant_turn(said: Said) -> Json:
    """Return an answer as a message of the conversation."""
    turn: Json = {"role": "assistant", "content": said.text}
    if said.calls:
        turn["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in said.calls.values()
        ]
    return turn


def _extend(call: Called, part: Json) -> None:
    function = part.get("function") or {}
    call.id = part.get("id") or call.id
    call.name = function.get("name") or call.name
    call.arguments += function.get("arguments") or ""
