"""Error bodies of all the shapes that providers send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.protocols.error_bodies import read_error

SHAPES: list[tuple[str, Any, str, str | None]] = [
    (
        "openai",
        {"error": {"message": "m", "type": "t", "param": None, "code": "c"}},
        "m",
        "c",
    ),
    ("no_code", {"error": {"message": "m", "type": "t", "code": None}}, "m", "t"),
    ("messages", {"type": "error", "error": {"type": "t", "message": "m"}}, "m", "t"),
    ("number", {"error": {"code": 502, "message": "m", "metadata": {}}}, "m", "502"),
    (
        "google",
        {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}},
        "m",
        "RESOURCE_EXHAUSTED",
    ),
    ("array", [{"error": {"code": 400, "message": "m", "status": "S"}}], "m", "S"),
    ("text", {"error": "model 'x' not found"}, "model 'x' not found", None),
    ("flat", {"object": "error", "message": "m", "type": "t", "code": 3}, "m", "t"),
    ("flat_number", {"object": "error", "message": "m", "code": 3}, "m", "3"),
    ("event", {"type": "error", "code": "c", "message": "m", "param": None}, "m", "c"),
    ("detail", {"detail": "d"}, "d", None),
    ("details", {"detail": [{"loc": ["x"], "msg": "d"}]}, "d", None),
    (
        "fault",
        {"fault": {"faultstring": "m", "detail": {"errorcode": "c"}}},
        "m",
        "c",
    ),
    (
        "status_block",
        {"base_resp": {"status_code": 1002, "status_msg": "m"}},
        "m",
        "1002",
    ),
    ("code_beside", {"code": 500, "message": "m", "success": False}, "m", "500"),
    ("nothing_said", {"error": {}}, "no message", None),
    ("odd_types", {"error": {"message": 7, "code": [1]}}, "no message", None),
]


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [shape[1:] for shape in SHAPES],
    ids=[shape[0] for shape in SHAPES],
)
def test_shapes(body: object, message: str, code: str | None) -> None:
    found = read_error(json.dumps(body).encode())
    assert found is not None
    assert found == (message, code)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        [1],
        "x",
        {"error": None},
        {"error": ""},
        {"id": "x", "object": {"a": 1}, "type": ["error"], "choices": []},
        {"base_resp": {"status_code": 0, "status_msg": "success"}},
    ],
)
def test_what_states_no_error(body: object) -> None:
    assert read_error(json.dumps(body).encode()) is None


def test_what_is_no_json() -> None:
    assert read_error(b"<html>") is None
    assert read_error(b"[" * 100_000) is None


def test_long_messages_are_cut() -> None:
    found = read_error(json.dumps({"error": "x" * 9999}).encode())
    assert found is not None
    assert len(found.message) == 2000
