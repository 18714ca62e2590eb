"""Chat answers beyond the recorded streams: tool calls and odd types."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.protocols.chat_answers import ChatReader
from faregate.protocols.codec import Answer


def read(*chunks: dict[str, Any]) -> Answer:
    reader = ChatReader(frozenset())
    for chunk in chunks:
        reader.event(json.dumps(chunk).encode())
    return reader.tally.answer()


def delta(index: int = 0, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": fields}]}


def call(**fields: Any) -> dict[str, Any]:
    return delta(tool_calls=[fields])


def test_a_call_in_pieces_counts_once() -> None:
    answer = read(
        call(index=0, id="a", function={"name": "f", "arguments": ""}),
        call(index=0, function={"arguments": '{"x":'}),
        call(index=0, id="a", function={"arguments": "1}"}),
        call(index=0, id="", function={"arguments": " "}),
    )
    assert (answer.tool_calls, answer.output_bytes) == (1, 9)


def test_an_index_that_is_used_again_counts_again() -> None:
    answer = read(
        call(index=0, id="a", function={"name": "f"}),
        call(index=0, id="b", function={"name": "g"}),
    )
    assert answer.tool_calls == 2


def test_calls_of_two_choices_are_apart() -> None:
    one = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f"}}]}
    assert read(delta(0, **one), delta(1, **one)).tool_calls == 2


def test_the_old_function_call() -> None:
    answer = read(
        delta(function_call={"name": "f", "arguments": ""}),
        delta(function_call={"arguments": "{}"}),
    )
    assert (answer.tool_calls, answer.output_bytes) == (1, 3)


def test_reasoning_under_two_names_counts_once() -> None:
    assert read(delta(reasoning="abc", reasoning_content="abc")).output_bytes == 3


@pytest.mark.parametrize(
    ("chunk", "size", "calls"),
    [
        (delta(content=[{"type": "text", "text": "abc"}]), 7, 0),
        (
            {
                "choices": [
                    {
                        "delta": {
                            "content": 7,
                            "tool_calls": [{"function": {"name": "f"}}],
                        }
                    }
                ]
            },
            1,
            1,
        ),
        ({"choices": [{"delta": "abc"}], "model": 7}, 3, 0),
        ({"choices": [{"text": ["abc"]}]}, 3, 0),
    ],
)
def test_fields_of_an_unexpected_type(
    chunk: dict[str, Any], size: int, calls: int
) -> None:
    answer = read(chunk)
    assert (answer.output_bytes, answer.tool_calls) == (size, calls)
    assert answer.started


def test_an_unexpected_type_does_not_cost_us_the_end() -> None:
    odd: Any = {
        "model": 7,
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2},
    }
    answer = read(odd, {"choices": [], "usage": odd["usage"]})
    assert answer.complete
    assert answer.usage is not None
    assert answer.usage.output == 2


def test_a_role_alone_is_no_output() -> None:
    assert not read(delta(role="assistant", content="")).started
