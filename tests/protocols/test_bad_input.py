"""Bad input is refused by every codec, with the field that was wrong."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest

from faregate.protocols.codec import BadRequestError
from tests.protocols.requests import NO_BOUNDS, NO_FLAGS, NO_OBJECTS, inspect

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
MESSAGES = "/v1/messages"
COMPLETIONS = "/v1/completions"
EMBEDDINGS = "/v1/embeddings"
GENERATE = "/v1beta/models/m:generateContent"
WITH_MODEL = [CHAT, RESPONSES, MESSAGES, COMPLETIONS, EMBEDDINGS]
ALL = [*WITH_MODEL, GENERATE]


def refused(path: str, body: dict[str, Any] | bytes) -> BadRequestError:
    with pytest.raises(BadRequestError) as caught:
        inspect(path, body)
    assert caught.value.message.endswith(".")
    return caught.value


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("body", NO_OBJECTS, ids=repr)
def test_bodies_that_are_no_object(path: str, body: bytes) -> None:
    refused(path, body)


@pytest.mark.parametrize("path", ALL)
def test_bodies_that_are_nested_without_end(path: str) -> None:
    body = b'{"model":"m","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert "deep" in refused(path, body).message


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("field", ["messages", "input", "contents", "tools", "prompt"])
def test_nesting_inside_a_field_that_is_read(path: str, field: str) -> None:
    """Deep but not too deep for the outer reader: no RecursionError escapes."""
    deep = b"[" * 800 + b"]" * 800
    body = b'{"model":"m","' + field.encode() + b'":[' + deep + b"]}"
    with contextlib.suppress(BadRequestError):
        inspect(path, body)


@pytest.mark.parametrize("path", WITH_MODEL)
@pytest.mark.parametrize(
    "model", [None, 1, "", "../x", "a b", "x\x1b[2J", "x" * 257, ["m"], {"a": 1}]
)
def test_models(path: str, model: object) -> None:
    assert refused(path, {"model": model}).param == "model"


@pytest.mark.parametrize("path", WITH_MODEL)
def test_two_models(path: str) -> None:
    assert refused(path, b'{"model":"a","model":"b"}').param == "model"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (CHAT, "max_tokens"),
        (CHAT, "max_completion_tokens"),
        (CHAT, "n"),
        (RESPONSES, "max_output_tokens"),
        (RESPONSES, "max_tool_calls"),
        (MESSAGES, "max_tokens"),
        (COMPLETIONS, "max_tokens"),
        (COMPLETIONS, "n"),
        (COMPLETIONS, "best_of"),
    ],
)
@pytest.mark.parametrize("value", NO_BOUNDS, ids=lambda v: repr(v)[:20])
def test_bounds_and_counts(path: str, field: str, value: object) -> None:
    error = refused(path, {"model": "m", field: value})
    assert error.param == field
    assert inspect(path, {"model": "m", field: None}).output_bound is None


@pytest.mark.parametrize("field", ["maxOutputTokens", "candidateCount"])
@pytest.mark.parametrize("value", NO_BOUNDS, ids=lambda v: repr(v)[:20])
def test_bounds_inside_the_generation_config(field: str, value: object) -> None:
    error = refused(GENERATE, {"generationConfig": {field: value}})
    assert error.param == f"generationConfig.{field}"


@pytest.mark.parametrize("field", ["NaN", "Infinity", "-Infinity", "1" * 5000, "1e400"])
def test_numbers_that_are_none(field: str) -> None:
    refused(CHAT, b'{"model":"m","max_tokens":' + field.encode() + b"}")


@pytest.mark.parametrize("path", [CHAT, RESPONSES, MESSAGES, COMPLETIONS])
@pytest.mark.parametrize("value", NO_FLAGS, ids=repr)
def test_stream_has_to_be_true_or_false(path: str, value: object) -> None:
    assert refused(path, {"model": "m", "stream": value}).param == "stream"


@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
def test_stream_options(path: str) -> None:
    body = {"model": "m", "stream": True, "stream_options": {"include_usage": "yes"}}
    assert refused(path, body).param == "stream_options.include_usage"
    body = {"model": "m", "stream": True, "stream_options": []}
    assert refused(path, body).param == "stream_options"
    double = (
        b'{"model":"m","stream":true,"stream_options":'
        b'{"include_usage":true,"include_usage":false}}'
    )
    assert refused(path, double).param == "stream_options.include_usage"


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        (CHAT, "stream", True),
        (CHAT, "max_tokens", 5),
        (CHAT, "max_completion_tokens", 5),
        (CHAT, "n", 1),
        (CHAT, "service_tier", "auto"),
        (CHAT, "tools", []),
        (CHAT, "messages", []),
        (RESPONSES, "max_output_tokens", 5),
        (RESPONSES, "previous_response_id", "r"),
        (RESPONSES, "input", "x"),
        (MESSAGES, "max_tokens", 5),
        (MESSAGES, "speed", "fast"),
        (MESSAGES, "mcp_servers", []),
        (COMPLETIONS, "best_of", 2),
        (EMBEDDINGS, "input", "x"),
        (GENERATE, "contents", []),
        (GENERATE, "generationConfig", {}),
    ],
)
def test_fields_that_mean_money_stand_once(
    path: str, field: str, value: object
) -> None:
    member = f'"{field}":{json.dumps(value)}'
    body = f'{{"model":"m",{member},"x":1,{member}}}'.encode()
    assert refused(path, body).param == field
    escaped = member.replace(field[0], f"\\u00{ord(field[0]):02x}", 1)
    body = f'{{"model":"m",{member},{escaped}}}'.encode()
    assert refused(path, body).param == field


def test_bounds_inside_the_config_stand_once() -> None:
    body = b'{"generationConfig":{"maxOutputTokens":5,"maxOutputTokens":6}}'
    assert refused(GENERATE, body).param == "generationConfig.maxOutputTokens"
    both: dict[str, Any] = {"generationConfig": {}, "generation_config": {}}
    assert refused(GENERATE, both).param == "generationConfig"
    differ = {"generationConfig": {"maxOutputTokens": 5, "max_output_tokens": 6}}
    assert "disagree" in refused(GENERATE, differ).message


def test_bounds_that_disagree() -> None:
    body = {"model": "m", "max_tokens": 5, "max_completion_tokens": 6}
    assert refused(CHAT, body).param == "max_tokens"
    body["max_tokens"] = 6
    assert inspect(CHAT, body).output_bound == 6


@pytest.mark.parametrize("path", [CHAT, RESPONSES, MESSAGES, GENERATE])
@pytest.mark.parametrize("tools", [{}, "x", 1, [1], ["x"]])
def test_tools_have_to_be_a_list_of_objects(path: str, tools: object) -> None:
    assert refused(path, {"model": "m", "tools": tools}).param == "tools"


@pytest.mark.parametrize("path", [CHAT, RESPONSES, MESSAGES, COMPLETIONS])
@pytest.mark.parametrize("tier", [1, True, [], {}])
def test_service_tiers_are_texts(path: str, tier: object) -> None:
    body = {"model": "m", "service_tier": tier}
    assert refused(path, body).param == "service_tier"


@pytest.mark.parametrize(
    ("path", "field"),
    [(CHAT, "messages"), (MESSAGES, "messages"), (GENERATE, "contents")],
)
def test_messages_have_to_be_a_list(path: str, field: str) -> None:
    assert refused(path, {"model": "m", field: "hello"}).param == field


@pytest.mark.parametrize("path", ALL)
def test_everything_else_passes(path: str) -> None:
    """Fields that aim at the gate itself, and ones that no one knows."""
    body = {
        "model": "m",
        "api_base": "http://evil.example",
        "base_url": "http://evil.example",
        "extra_headers": {"x-api-key": "k"},
        "user": 7,
        "__proto__": {"model": "other"},
        "temperature": "hot",
        "future": {"max_tokens": -1, "stream": "yes", "model": 5},
    }
    assert inspect(path, body).model == "m"


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_texts_pass_whatever_they_hold(path: str) -> None:
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": "\x00\u200b\u202e 😀 <|endoftext|>" * 50},
            {"role": "mid", "content": None, "extra": [1e300]},
        ],
    }
    facts = inspect(path, body)
    assert facts.messages == 2
    assert not facts.media
    assert facts.body_bytes == len(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (CHAT, "messages"),
        (CHAT, "tools"),
        (RESPONSES, "input"),
        (RESPONSES, "tools"),
        (MESSAGES, "messages"),
        (COMPLETIONS, "prompt"),
        (EMBEDDINGS, "input"),
        (GENERATE, "contents"),
    ],
)
def test_lists_beyond_all_reason(path: str, field: str) -> None:
    elements = b",".join([b"{}"] * 100_001)
    body = b'{"model":"m","' + field.encode() + b'":[' + elements + b"]}"
    assert refused(path, body).param == field


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_lists_of_what_is_no_message_count_as_media(path: str) -> None:
    body = b'{"model":"m","messages":[' + b",".join([b'""'] * 3_000) + b"]}"
    facts = inspect(path, body)
    assert facts.media
    assert facts.conversation.parts == ()
