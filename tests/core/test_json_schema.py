"""Tool schemas: what breaks one, and what is no demand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faregate.core.json_schema import why_not

READ = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "minLength": 1},
        "lines": {"type": ["integer", "null"], "minimum": 1},
        "mode": {"enum": ["text", "binary"]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "where": {"$ref": "#/$defs/place"},
        "either": {"anyOf": [{"type": "string"}, {"type": "boolean"}]},
    },
    "required": ["path"],
    "additionalProperties": False,
    "$defs": {
        "place": {
            "type": "object",
            "properties": {"next": {"$ref": "#/$defs/place"}, "x": {"type": "number"}},
        }
    },
}


@pytest.mark.parametrize(
    "value",
    [
        {"path": "a"},
        {"path": "a", "lines": None},
        {"path": "a", "lines": 3.0, "mode": "text", "tags": ["x"]},
        {"path": "a", "where": {"next": {"next": {"x": 1}}}},
        {"path": "a", "either": True},
    ],
)
def test_what_fits(value: Any) -> None:
    assert why_not(value, READ) is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "it is no object"),
        ({}, "path is missing"),
        ({"path": ""}, "path is shorter than 1"),
        ({"path": 3}, "path is no string"),
        ({"path": "a", "lines": 0}, "lines is below 1"),
        ({"path": "a", "lines": True}, "lines is no integer or null"),
        ({"path": "a", "lines": 1.5}, "lines is no integer or null"),
        ({"path": "a", "mode": "x"}, "mode is none of the allowed values"),
        ({"path": "a", "tags": ["x", 1]}, "tags[1] is no string"),
        ({"path": "a", "tags": ["x", "y", "z"]}, "tags is longer than 2"),
        ({"path": "a", "zzz": 1}, "zzz is not in the schema"),
        ({"path": "a", "where": {"next": {"x": "1"}}}, "x is no number"),
        ({"path": "a", "either": 3}, "either fits none of its 2 alternatives"),
    ],
)
def test_what_breaks_it(value: Any, why: str) -> None:
    assert why_not(value, READ) == why


@pytest.mark.parametrize(
    "schema",
    [
        None,
        [],
        True,
        {"type": 3},
        {"type": "thing"},
        {"type": ["thing"]},
        {"properties": []},
        {"required": "path"},
        {"required": [3]},
        {"enum": 7},
        {"anyOf": [True]},
        {"anyOf": []},
        {"items": [{"type": "string"}]},
        {"$ref": "https://elsewhere.example/schema"},
        {"$ref": "#/nowhere"},
        {"minimum": "1"},
        {"additionalProperties": False, "patternProperties": {".*": {}}},
    ],
)
def test_a_malformed_schema_demands_nothing(schema: Any) -> None:
    for value in ({"a": 1}, [1], "x", 0, None, True):
        assert why_not(value, schema) is None


def test_a_schema_of_itself_ends() -> None:
    assert why_not({}, {"$ref": "#"}) is None
    assert why_not(1, {"allOf": [{"$ref": "#"}]}) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=10,
)
_KEYS = st.sampled_from(
    [
        "type", "enum", "const", "properties", "required", "items", "anyOf", "allOf",
        "oneOf", "$ref", "minimum", "maxLength", "minItems", "additionalProperties",
    ]
)  # fmt: skip


@given(_JSON, st.dictionaries(_KEYS, _JSON, max_size=4))
def test_nothing_makes_it_raise(value: Any, schema: dict[str, Any]) -> None:
    why_not(value, schema)
