"""Splitting a streamed JSON document into its objects."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.protocols.codec import StreamTooLargeError
from faregate.protocols.json_splitter import JsonSplitter

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=6), values, max_size=4)
indents = st.sampled_from([None, 1])


def split(document: bytes, cuts: list[int]) -> tuple[list[bytes], JsonSplitter]:
    splitter = JsonSplitter()
    edges = [0, *sorted(min(c, len(document)) for c in cuts), len(document)]
    found: list[bytes] = []
    for start, end in itertools.pairwise(edges):
        found += splitter.feed(document[start:end])
    return found, splitter


@settings(max_examples=80, deadline=None)
@given(
    elements=st.lists(objects, max_size=4),
    indent=indents,
    cuts=st.lists(st.integers(0, 300), max_size=8),
    ascii_only=st.booleans(),
)
def test_elements_of_an_array(
    elements: list[object], indent: int | None, cuts: list[int], ascii_only: bool
) -> None:
    text = json.dumps(elements, indent=indent, ensure_ascii=ascii_only)
    found, splitter = split(text.encode("utf-8", "surrogatepass"), cuts)
    decoded = [json.loads(each.decode("utf-8", "surrogatepass")) for each in found]
    assert decoded == elements
    assert splitter.closed
    assert splitter.is_array


@settings(max_examples=50, deadline=None)
@given(value=objects, indent=indents, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_one_object(value: object, indent: int | None, cuts: list[int]) -> None:
    document = b"\n " + json.dumps(value, indent=indent).encode()
    found, splitter = split(document, cuts)
    assert [json.loads(each) for each in found] == [value]
    assert splitter.closed
    assert not splitter.is_array


def test_an_element_is_given_as_soon_as_it_is_whole() -> None:
    splitter = JsonSplitter()
    assert splitter.feed(b'[{"a":"}]"}') == [b'{"a":"}]"}']
    assert splitter.feed(b',\n{"a":"\\') == []
    assert splitter.feed(b'"}"}]') == [b'{"a":"\\"}"}']
    assert splitter.closed
    assert splitter.feed(b"{}") == []


def test_texts_between_elements_are_skipped() -> None:
    assert JsonSplitter().feed(b'["a\\"[",1,{"b":2},"}"]') == [b'{"b":2}']


def test_a_value_that_never_ends() -> None:
    splitter = JsonSplitter(limit=100)
    splitter.feed(b'[{"a":"')
    with pytest.raises(StreamTooLargeError, match="100 bytes"):
        splitter.feed(b"x" * 100)
