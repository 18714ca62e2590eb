"""Careful access to JSON from outside."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.smoke.dialects.registry import DIALECTS
from faregate.smoke.reading import Said, SaidCall, dig, parsed, rows, words

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("choices", "delta", "message", "tool_calls", "function", "usage"),
                    *("type", "content", "item", "response", "candidates", "parts"),
                    *("output", "index", "id", "error", "content_block", "status"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def test_dig_and_its_friends() -> None:
    value = {"a": [{"b": 1}]}
    assert dig(value, "a", 0, "b") == 1
    assert dig(value, "a", -1, "b") == 1
    for path in (("x",), ("a", 1), ("a", "b"), ("a", 0, 0)):
        assert dig(value, *path) is None
    assert rows([1, {"a": 1}, None]) == [{"a": 1}]
    assert rows("x") == []
    assert (words("x"), words(1)) == ("x", "")
    assert parsed(b"[" * 100_000) is None
    assert SaidCall(arguments="{").parsed() is None


def test_said_takes_text_only() -> None:
    said = Said()
    assert said.wrote("a")
    assert not said.wrote("")
    assert not said.wrote(None)
    assert said.thought("b", "field")
    assert said.thought("c", "other")
    assert (said.text, said.reasoning, said.reasoning_field) == ("a", "bc", "field")


@settings(max_examples=100)
@given(st.lists(JSON, max_size=5))
def test_no_reader_breaks_on_any_shape(values: list[object]) -> None:
    for dialect in DIALECTS:
        reader = dialect.reader()
        for value in values:
            reader.event("x", value)
            if isinstance(value, dict):
                reader.event("", {**value, "type": "content_block_delta"})
                reader.event("", {**value, "type": "response.completed"})
                reader.body(value)
            dialect.listed_models(value)
            dialect.counted(value)
