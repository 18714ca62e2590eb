"""A glance at a message shows what reading it shows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.loops.glance import ANSWERING, glance_of
from faregate.protocols.registry import glances_of, messages_of
from tests.protocols.spoken import blocks, either, spoken, texts

parts_of_gemini = st.fixed_dictionaries(
    {},
    optional={
        "text": either(texts),
        "thought": either(st.booleans()),
        "functionCall": either(
            st.just({"name": "f", "args": {"a": 1}}) | st.just({"id": "1"})
        ),
        "functionResponse": either(
            st.just({"name": "f", "response": {"output": "x"}}) | st.just({"id": "1"})
        ),
    },
)
glanced: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "openai_chat": ("messages", spoken),
    "anthropic_messages": ("messages", spoken),
    "openai_responses": ("input", blocks | spoken),
    "gemini": (
        "contents",
        st.fixed_dictionaries(
            {"role": either(st.sampled_from(["user", "model", "function"]))},
            optional={"parts": either(st.lists(parts_of_gemini, max_size=3))},
        ),
    ),
}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("codec", glanced)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_glance_shows_what_reading_a_message_shows(
    codec: str, separators: tuple[str, str], data: st.DataObject
) -> None:
    key, some = glanced[codec]
    said = data.draw(st.lists(some, max_size=3))
    body = json.dumps({key: said}, separators=separators).encode()

    glances = glances_of(codec, body, slice(None))
    assert glances == [*map(glance_of, messages_of(codec, body))]


@pytest.mark.parametrize(
    ("codec", "key", "message"),
    [
        ("openai_chat", "messages", {"role": "tool", "content": "x"}),
        (
            "anthropic_messages",
            "messages",
            {
                "role": "user",
                "content": [{"tool_use_id": "t_1-a", "type": "tool_result"}],
            },
        ),
        (
            "openai_responses",
            "input",
            {"type": "function_call_output", "call_id": "1", "output": "x"},
        ),
        (
            "gemini",
            "contents",
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": "f", "response": {}}}],
            },
        ),
    ],
)
def test_what_only_brings_results_is_known_by_how_it_begins(
    codec: str, key: str, message: Any
) -> None:
    body = json.dumps({key: [message]}).encode()
    assert glances_of(codec, body, slice(None)) == [ANSWERING]


def test_a_call_beside_a_result_is_seen() -> None:
    use = {"type": "tool_use", "id": "u", "name": "f", "input": {}}
    content = [{"type": "tool_result", "tool_use_id": "t"}, use]
    body = json.dumps({"messages": [{"role": "user", "content": content}]}).encode()

    (glance,) = glances_of("anthropic_messages", body, slice(None))
    assert [name for name, _ in glance.calls] == ["f"]
    assert glance.speaks
