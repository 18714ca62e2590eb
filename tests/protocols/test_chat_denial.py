"""What only Chat Completions have: pieces of calls, choices, the old way to call."""

from __future__ import annotations

import json
from typing import Any

from tests.protocols.calling import STREAMS, sse
from tests.protocols.screens import NO, Judge, denied, payloads, screen, through


def test_text_between_the_pieces_of_a_call_flows_on() -> None:
    made = screen("openai_chat", Judge("Bash"))
    passed, _ = through(made, STREAMS["openai_chat"])
    assert b" now." in passed
    assert made.resolve([None]).startswith(b'data: {"id": "c1"')


def test_each_choice_ends_in_its_own_way() -> None:
    def chunk(index: int, delta: dict[str, Any], finish: str | None = None) -> Any:
        return {"choices": [{"index": index, "delta": delta, "finish_reason": finish}]}

    def call(name: str) -> dict[str, Any]:
        return {"tool_calls": [{"index": 0, "id": name, "function": {"name": name}}]}

    stream = sse(
        chunk(0, call("Bash")),
        chunk(1, call("Read")),
        chunk(0, {}, "tool_calls"),
        chunk(1, {}, "tool_calls"),
        "[DONE]",
    )
    out = payloads(denied("openai_chat", stream, Judge("Bash")))
    ends = {
        choice["index"]: choice["finish_reason"]
        for chunk in out
        for choice in chunk["choices"]
        if choice["finish_reason"]
    }
    assert ends == {0: "stop", 1: "tool_calls"}


def test_a_call_written_the_old_way() -> None:
    function = {"name": "Bash", "arguments": '{"command":"git push"}'}
    chunk = {"choices": [{"index": 0, "delta": {"function_call": function}}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "function_call"}]}
    out = payloads(denied("openai_chat", sse(chunk, end, "[DONE]"), Judge("Bash")))
    assert NO in out[0]["choices"][0]["delta"]["content"]
    assert out[-1]["choices"][0]["finish_reason"] == "stop"
    message = {"role": "assistant", "content": None, "function_call": function}
    body = {
        "choices": [{"index": 0, "message": message, "finish_reason": "function_call"}]
    }
    made = screen("openai_chat", Judge("Bash"))
    read, numbers = made.whole_calls(json.dumps(body).encode())
    assert numbers == (0,)
    choice = json.loads(made.rewritten(read, {0: NO}))["choices"][0]
    assert choice == {
        "index": 0,
        "message": {"role": "assistant", "content": NO},
        "finish_reason": "stop",
    }
