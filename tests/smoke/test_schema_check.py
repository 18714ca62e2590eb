"""Values against small schemas."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.smoke.schema_check import why_not

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "size": {"enum": ["a", "b"]},
        "people": {"type": "integer", "minimum": 1},
        "tags": {"type": "array", "items": {"type": "string"}},
        "share": {"type": "number"},
        "big": {"type": "boolean"},
    },
    "required": ["city"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "value",
    [
        {"city": "Paris"},
        {"city": "", "size": "a", "people": 1, "tags": ["x"], "share": 1, "big": True},
    ],
)
def test_what_fits(value: object) -> None:
    assert why_not(value, SCHEMA) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "no object"),
        (None, "no object"),
        ({}, "city is missing"),
        ({"city": 1}, "no string"),
        ({"city": "x", "size": "c"}, "none of"),
        ({"city": "x", "people": 0}, "below 1"),
        ({"city": "x", "people": True}, "no integer"),
        ({"city": "x", "people": 1.5}, "no integer"),
        ({"city": "x", "tags": [1]}, "no string"),
        ({"city": "x", "big": 1}, "no boolean"),
        ({"city": "x", "other": 1}, "not in the schema"),
    ],
)
def test_what_does_not(value: object, words: str) -> None:
    assert words in (why_not(value, SCHEMA) or "")
