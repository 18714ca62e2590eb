from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.protocols.anthropic_messages import transcript as messages_transcript
from faregate.protocols.openai_chat import transcript as chat_transcript
from faregate.protocols.registry import CODECS, transcript_of
from faregate.protocols.transcripts import Fields
from tests.protocols.spoken import KINDS, spoken

KEYS = [
    "messages",
    "input",
    "contents",
    "parts",
    "role",
    "content",
    "type",
    "text",
    "id",
    "name",
    "arguments",
    "function",
    "tool_calls",
    "tool_call_id",
    "tool_use_id",
    "call_id",
    "output",
    "error",
    "functionCall",
    "args",
    "functionResponse",
    "response",
    "is_error",
    "thought",
    "action",
]
odd_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(KINDS) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=25,
)


def read(codec: str, body: Any, last: int | None = None) -> tuple[Any, ...]:
    return transcript_of(codec, json.dumps(body).encode(), last)


def test_a_chat_is_read_with_its_calls_and_results() -> None:
    body = {
        "messages": [
            {"role": "system", "content": "be good"},
            {"role": "user", "content": [{"type": "text", "text": "run it"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "bash", "arguments": '{"c": "ls"}'},
                    },
                    {
                        "id": "c2",
                        "type": "custom",
                        "custom": {"name": "p", "input": "x"},
                    },
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "a.txt"},
            {"role": "tool", "tool_call_id": "c2", "content": [{"text": "b"}]},
            {"role": "assistant", "content": "done"},
        ]
    }

    assert read("openai_chat", body) == (
        Said(role="system", text="be good"),
        Said(role="user", text="run it"),
        ToolCall(id="c1", name="bash", arguments='{"c": "ls"}'),
        ToolCall(id="c2", name="p", arguments="x"),
        ToolResult(call_id="c1", text="a.txt"),
        ToolResult(call_id="c2", text="b"),
        Said(role="assistant", text="done"),
    )


def test_the_older_form_of_a_chats_call_is_read() -> None:
    body = {
        "messages": [
            {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "1"},
        ]
    }

    assert read("openai_chat", body) == (
        ToolCall(id="", name="f", arguments="{}"),
        ToolResult(call_id="", text="1"),
    )


def test_messages_are_read_with_errors_and_without_reasoning() -> None:
    body = {
        "messages": [
            {"role": "user", "content": "go"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm"},
                    {"type": "text", "text": "I look"},
                    {"type": "tool_use", "id": "t1", "name": "Read", "input": {"p": 1}},
                    {"type": "server_tool_use", "id": "s1", "name": "web", "input": {}},
                    {
                        "type": "web_search_tool_result",
                        "tool_use_id": "s1",
                        "content": [{"type": "text", "text": "found"}],
                    },
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t1",
                        "content": "no such file",
                        "is_error": True,
                    }
                ],
            },
        ]
    }

    assert read("anthropic_messages", body) == (
        Said(role="user", text="go"),
        Said(role="assistant", text="I look"),
        ToolCall(id="t1", name="Read", arguments='{"p": 1}'),
        ToolCall(id="s1", name="web", arguments="{}"),
        ToolResult(call_id="s1", text="found"),
        ToolResult(call_id="t1", text="no such file", is_error=True),
    )


def test_responses_items_are_read() -> None:
    body = {
        "input": [
            {"role": "developer", "content": "rules"},
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "go"}],
            },
            {"type": "reasoning", "summary": [], "encrypted_content": "xx"},
            {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "1", "output": "ok"},
            {
                "type": "local_shell_call",
                "call_id": "2",
                "action": {"command": ["ls"]},
            },
            {
                "type": "shell_call_output",
                "call_id": "2",
                "output": [{"stdout": "a\n", "stderr": "", "outcome": {}}],
            },
            {
                "type": "mcp_call",
                "id": "3",
                "name": "look",
                "arguments": "{}",
                "error": "down",
            },
        ]
    }

    assert read("openai_responses", body) == (
        Said(role="system", text="rules"),
        Said(role="user", text="go"),
        ToolCall(id="1", name="f", arguments="{}"),
        ToolResult(call_id="1", text="ok"),
        ToolCall(id="2", name="local_shell", arguments='{"command": ["ls"]}'),
        ToolResult(call_id="2", text="a\n"),
        ToolCall(id="3", name="look", arguments="{}"),
        ToolResult(call_id="3", text="down", is_error=True),
    )


def test_a_plain_text_input_is_what_the_user_said() -> None:
    assert read("openai_responses", {"input": "hi"}) == (Said(role="user", text="hi"),)


def test_gemini_calls_without_ids_are_joined_by_name_and_order() -> None:
    body = {
        "contents": [
            {"role": "user", "parts": [{"text": "go"}]},
            {
                "role": "model",
                "parts": [
                    {"text": "thinking", "thought": True},
                    {"functionCall": {"name": "ls", "args": {"p": "a"}}},
                    {"functionCall": {"name": "ls", "args": {"p": "b"}}},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"name": "ls", "response": {"output": "A"}}},
                    {
                        "function_response": {
                            "name": "ls",
                            "response": {"error": "no b"},
                        }
                    },
                ],
            },
        ]
    }

    found = read("gemini", body)

    assert found == (
        Said(role="user", text="go"),
        ToolCall(id="ls#1", name="ls", arguments='{"p": "a"}'),
        ToolCall(id="ls#2", name="ls", arguments='{"p": "b"}'),
        ToolResult(call_id="ls#1", text="A"),
        ToolResult(call_id="ls#2", text="no b", is_error=True),
    )


def test_two_pictures_can_be_told_apart() -> None:
    def body(data: str) -> Any:
        source = {"type": "base64", "media_type": "image/png", "data": data}
        content = [{"type": "image", "source": source}]
        part = {"type": "tool_result", "tool_use_id": "t", "content": content}
        return {"messages": [{"role": "user", "content": [part]}]}

    first, second = (read("anthropic_messages", body(each)) for each in ("AA", "BB"))

    assert first[0].text.startswith("[image ")
    assert first != second
    assert first == read("anthropic_messages", body("AA"))


@pytest.mark.parametrize(
    ("codec", "key", "made"),
    [
        ("openai_chat", "messages", lambda n: {"role": "user", "content": n}),
        ("anthropic_messages", "messages", lambda n: {"role": "user", "content": n}),
        ("openai_responses", "input", lambda n: {"role": "user", "content": n}),
        ("gemini", "contents", lambda n: {"role": "user", "parts": [{"text": n}]}),
    ],
)
def test_only_the_last_messages_are_read_where_that_is_asked(
    codec: str, key: str, made: Any
) -> None:
    body = {key: [made(str(number)) for number in range(9)]}

    assert [each.text for each in read(codec, body, 3)] == ["6", "7", "8"]
    assert len(read(codec, body)) == 9


@pytest.mark.parametrize("codec", [codec.name for codec in CODECS])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"messages": {"a": 1}}', b"\xff\xfe"]
)
def test_a_body_that_nobody_can_read_has_no_conversation(
    codec: str, body: bytes
) -> None:
    assert transcript_of(codec, body) == ()


def test_deep_nesting_is_no_fault() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    body = f'{{"messages": [{{"role": "user", "content": {deep}}}]}}'.encode()

    assert transcript_of("openai_chat", body) == ()


@settings(max_examples=60, deadline=None)
@given(codec=st.sampled_from([codec.name for codec in CODECS]), value=odd_values)
def test_nothing_a_caller_sends_raises(codec: str, value: Any) -> None:
    for key in ("messages", "input", "contents"):
        found = read(codec, {key: [value, value]})
        assert all(isinstance(item, Said | ToolCall | ToolResult) for item in found)


@settings(max_examples=100, deadline=None)
@given(message=spoken)
@pytest.mark.parametrize("dialect", [chat_transcript, messages_transcript])
def test_the_usual_form_is_read_at_once_and_just_as_with_patience(
    dialect: Any, message: dict[str, Any]
) -> None:
    raw = json.dumps(message, ensure_ascii=False).encode()
    assert list(dialect._items(raw)) == list(dialect._patiently(Fields(raw)))
