"""Streamed answers that say something, read a file and push: one for each dialect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

READ = {"path": "a.py"}
PUSH = {"command": "git push"}


def sse(*events: dict[str, Any] | str, named: bool = False) -> bytes:
    out = b""
    for event in events:
        text = event if isinstance(event, str) else json.dumps(event)
        name = f"event: {event['type']}\n" if named and isinstance(event, dict) else ""
        out += f"{name}data: {text}\n\n".encode()
    return out


def _chat(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "model": "m", "choices": [choice]}


def _call(index: int, **more: Any) -> dict[str, Any]:
    return _chat({"tool_calls": [{"index": index, **more}]})


def _pieces(value: object) -> tuple[str, str]:
    text = json.dumps(value)
    return text[:6], text[6:]


CHAT = sse(
    _chat({"role": "assistant", "content": ""}),
    _chat({"content": "I push"}),
    _call(0, id="r", type="function", function={"name": "Read", "arguments": ""}),
    _call(0, function={"arguments": _pieces(READ)[0]}),
    _call(0, function={"arguments": _pieces(READ)[1]}),
    _call(1, id="p", type="function", function={"name": "Bash", "arguments": ""}),
    _call(1, function={"arguments": _pieces(PUSH)[0]}),
    _chat({"content": " now."}),
    _call(1, function={"arguments": _pieces(PUSH)[1]}),
    _chat({}, "tool_calls"),
    {"id": "c1", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 30}},
    "[DONE]",
)


def _block(index: int, block: dict[str, Any], *deltas: dict[str, Any]) -> Iterator[Any]:
    yield {"type": "content_block_start", "index": index, "content_block": block}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _use(name: str, call_id: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": {}}


def _partial(value: object) -> list[dict[str, Any]]:
    return [
        {"type": "input_json_delta", "partial_json": piece}
        for piece in ("", *_pieces(value))
    ]


MESSAGES = sse(
    {
        "type": "message_start",
        "message": {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [],
            "usage": {"input_tokens": 9, "output_tokens": 1},
        },
    },
    *_block(
        0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "I push now."}
    ),
    *_block(1, _use("Read", "r"), *_partial(READ)),
    *_block(2, _use("Bash", "p"), *_partial(PUSH)),
    {"type": "ping"},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 30},
    },
    {"type": "message_stop"},
    named=True,
)


def _item(place: int, name: str, call_id: str, arguments: str) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{call_id}",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


def _function(place: int, name: str, call_id: str, value: object) -> Iterator[Any]:
    text = json.dumps(value)
    where = {"output_index": place, "item_id": f"fc_{call_id}"}
    yield {
        "type": "response.output_item.added",
        "output_index": place,
        "item": _item(place, name, call_id, ""),
    }
    for piece in _pieces(value):
        kind = "response.function_call_arguments.delta"
        yield {"type": kind, **where, "delta": piece}
    yield {
        "type": "response.function_call_arguments.done",
        **where,
        "arguments": text,
    }
    yield {
        "type": "response.output_item.done",
        "output_index": place,
        "item": _item(place, name, call_id, text),
    }


def _message(text: str) -> dict[str, Any]:
    return {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }


_HEAD = {"id": "resp_1", "object": "response", "model": "m", "status": "in_progress"}
RESPONSE = {
    **_HEAD,
    "status": "completed",
    "output": [
        _message("I push now."),
        _item(1, "Read", "r", json.dumps(READ)),
        _item(2, "Bash", "p", json.dumps(PUSH)),
    ],
    "usage": {"input_tokens": 9, "output_tokens": 30, "total_tokens": 39},
}


def _numbered(*events: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**event, "sequence_number": n} for n, event in enumerate(events)]


RESPONSES = sse(
    *_numbered(
        {"type": "response.created", "response": {**_HEAD, "output": []}},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**_message(""), "content": []},
        },
        {
            "type": "response.output_text.delta",
            "item_id": "msg_1",
            "output_index": 0,
            "content_index": 0,
            "delta": "I push now.",
        },
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": _message("I push now."),
        },
        *_function(1, "Read", "r", READ),
        *_function(2, "Bash", "p", PUSH),
        {"type": "response.completed", "response": RESPONSE},
    ),
    named=True,
)


def _part(*parts: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"parts": list(parts)}}
    if finish:
        candidate["finishReason"] = finish
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 30, "totalTokenCount": 39}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m"}


CHUNKS = [
    _part({"text": "I push now."}),
    _part({"functionCall": {"name": "Read", "args": READ}}),
    _part({"functionCall": {"name": "Bash", "args": PUSH}}, finish="STOP"),
]
GEMINI = sse(*CHUNKS)

STREAMS = {
    "openai_chat": CHAT,
    "openai_responses": RESPONSES,
    "anthropic_messages": MESSAGES,
    "gemini": GEMINI,
}
CALLS = [
    {"index": i, "id": call_id, "type": "function", "function": function}
    for i, (call_id, function) in enumerate(
        [
            ("r", {"name": "Read", "arguments": json.dumps(READ)}),
            ("p", {"name": "Bash", "arguments": json.dumps(PUSH)}),
        ]
    )
]
BODIES: dict[str, Any] = {
    "openai_chat": {
        "id": "c1",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "I push now.",
                    "tool_calls": CALLS,
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 30},
    },
    "openai_responses": RESPONSE,
    "anthropic_messages": {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "text", "text": "I push now."},
            {"type": "tool_use", "id": "r", "name": "Read", "input": READ},
            {"type": "tool_use", "id": "p", "name": "Bash", "input": PUSH},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 9, "output_tokens": 30},
    },
    "gemini": _part(
        {"text": "I push now."},
        {"functionCall": {"name": "Read", "args": READ}},
        {"functionCall": {"name": "Bash", "args": PUSH}},
        finish="STOP",
    ),
}
