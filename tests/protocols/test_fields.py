"""The strict readers of fields that mean money or routing."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.protocols.codec import BadRequestError
from faregate.protocols.fields import (
    asks_to_think,
    checked_model,
    hint_text,
    json_text,
    read_bound,
    read_count,
    read_flag,
    read_list,
    read_model,
    read_text,
)
from faregate.protocols.json_object import JsonObject, read_object
from tests.protocols.requests import inspect


def one(value: str) -> JsonObject:
    return read_object(b'{"f":' + value.encode() + b"}")


@pytest.mark.parametrize(
    "model",
    [
        "gpt-5",
        "openrouter/anthropic/claude-opus-4.8:online",
        "@cf/meta/llama-3.1-8b",
        "модель",
        "accounts/fireworks/models/kimi-k2p5",
        "x" * 256,
        "ft:gpt-4o:org::id",
    ],
)
def test_names_that_models_have(model: str) -> None:
    assert checked_model(model) == model


@pytest.mark.parametrize(
    "model",
    [
        "",
        "x" * 257,
        "x" * 10_000,
        "a b",
        "a\x1b[2J",
        "a\nb",
        "a\x00",
        "a\u202eb",
        "a\u200bb",
        "../secrets",
        "a/../b",
        "..",
        "a//b",
        "a\\b",
    ],
    ids=repr,
)
def test_names_that_no_model_has(model: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        checked_model(model)
    assert caught.value.param == "model"


@pytest.mark.parametrize("value", ["1", "null", "[]", "{}", "true"])
def test_the_model_has_to_be_a_string(value: str) -> None:
    with pytest.raises(BadRequestError, match="model") as caught:
        read_model(read_object(b'{"model":' + value.encode() + b"}"))
    assert caught.value.param == "model"


def test_a_missing_model() -> None:
    with pytest.raises(BadRequestError, match="missing"):
        read_model(read_object(b"{}"))


@pytest.mark.parametrize(
    ("value", "count"),
    [("1", 1), ("64000", 64000), ("null", None), (str(2**53), 2**53)],
)
def test_counts(value: str, count: int | None) -> None:
    assert read_count(one(value), "f") == count
    assert read_count(one(value), "missing") is None


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "-0",
        "-1",
        "1.5",
        "1.0",
        "1e3",
        "1e400",
        '"100"',
        "true",
        "false",
        "[1]",
        "{}",
        str(2**53 + 1),
        str(2**63),
        "1" * 5000,
    ],
    ids=lambda value: value[:20],
)
def test_what_is_no_count_of_tokens(value: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        read_count(one(value), "f", "outer.f")
    assert caught.value.param == "outer.f"
    assert "`outer.f`" in caught.value.message


def test_flags() -> None:
    assert read_flag(one("true"), "f")
    assert not read_flag(one("false"), "f")
    assert not read_flag(one("null"), "f")
    for value in ('"yes"', "1", "0", "[]"):
        with pytest.raises(BadRequestError, match="true or false"):
            read_flag(one(value), "f")


def test_texts() -> None:
    assert read_text(one('"fast"'), "f") == "fast"
    assert read_text(one("null"), "f") is None
    with pytest.raises(BadRequestError, match="must be a string"):
        read_text(one("1"), "f")
    assert hint_text(one('"fast"'), "f") == "fast"
    assert hint_text(one("1"), "f") is None
    assert hint_text(one("1"), "missing") is None


def test_lists() -> None:
    assert [bytes(each) for each in read_list(one('[1, {"a":2}]'), "f")] == [
        b"1",
        b'{"a":2}',
    ]
    assert read_list(one("null"), "f") == []
    with pytest.raises(BadRequestError, match="must be a list"):
        read_list(one("{}"), "f")


def test_bounds_in_two_spellings() -> None:
    names = ("new", "old")
    assert read_bound(read_object(b"{}"), names) == (None, None)
    assert read_bound(read_object(b'{"old":5,"new":null}'), names) == (5, "old")
    assert read_bound(read_object(b'{"old":5,"new":5}'), names) == (5, "new")
    with pytest.raises(BadRequestError, match=r"`x\.new` and `x\.old` disagree"):
        read_bound(read_object(b'{"old":5,"new":6}'), names, "x.")


def test_json_text() -> None:
    assert json_text('a"é') == '"a\\"é"'.encode()


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/v1/chat/completions", {"messages": []}),
        ("/v1/completions", {"prompt": "hi"}),
        ("/v1/messages", {"messages": [], "max_tokens": 1}),
        ("/v1/responses", {"input": "hi"}),
    ],
)
def test_no_other_model_than_the_named_one_may_answer(
    path: str, rest: dict[str, Any]
) -> None:
    body = {"model": "m", **rest}
    for field, value in (("models", ["m", "dear"]), ("preset", "dear")):
        with pytest.raises(BadRequestError) as refused:
            inspect(path, {**body, field: value})
        assert refused.value.param == field
    assert inspect(path, {**body, "models": [], "preset": None}).model == "m"


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/responses"])
def test_plugins_of_a_router_are_billed(path: str) -> None:
    found = inspect(path, {"model": "m", "plugins": [{"id": "web"}]})
    assert found.server_tools == ("plugins",)
    assert found.server_tool_uses is None


@pytest.mark.parametrize(
    ("path", "managed"),
    [
        ("/v1/messages", {"edits": [{"type": "compact_20260112"}]}),
        ("/v1/responses", [{"type": "compaction", "compact_threshold": 1000}]),
    ],
)
def test_a_conversation_that_the_provider_shortens(path: str, managed: Any) -> None:
    assert inspect(path, {"model": "m", "context_management": managed}).compacts
    escaped = b'{"model":"m","context_management":[{"type":"\\u0063ompaction"}]}'
    assert inspect(path, escaped).compacts
    other = {"edits": [{"type": "clear_tool_uses_20250919"}]}
    assert not inspect(path, {"model": "m", "context_management": other}).compacts
    assert not inspect(path, {"model": "m"}).compacts


@pytest.mark.parametrize(
    ("body", "much"),
    [
        (b'{"reasoning_effort":"high"}', True),
        (b'{"reasoning_effort":"medium"}', False),
        (b'{"reasoning":{"effort":"xhigh"}}', True),
        (b'{"reasoning":{"max_tokens":16000}}', True),
        (b'{"thinking":{"type":"enabled","budget_tokens":8192}}', True),
        (b'{"thinking":{"type":"enabled","budget_tokens":1024}}', False),
        (b'{"thinking":{"type":"adaptive"}}', False),
        (b'{"thinkingConfig":{"thinkingBudget":24576}}', True),
        (b'{"thinkingConfig":{"thinkingLevel":"HIGH"}}', True),
        (b'{"thinking":null}', False),
        (b"{}", False),
    ],
)
def test_asking_for_much_thinking(body: bytes, much: bool) -> None:
    names = ("reasoning_effort", "reasoning", "thinking", "thinkingConfig")
    assert asks_to_think(read_object(body, guarded=()), *names) is much
