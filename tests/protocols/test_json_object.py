"""Reading and splicing one JSON object without touching its other bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.protocols.codec import BadRequestError
from faregate.protocols.json_object import (
    JsonObject,
    read_again,
    read_member,
    read_object,
)

keys = st.text(alphabet='ab"\\é\u2028 ', max_size=3)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
texts = st.text(alphabet='xyz"\\{}[]:,é😀\n', max_size=8)
values = st.recursive(
    leaves.filter(lambda v: v not in {float("inf"), float("-inf")}) | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=6,
)
members = st.lists(st.tuples(keys, values), max_size=6)
spaces = st.sampled_from([b"", b" ", b"\n", b"\t\r\n  "])


def written(pairs: list[tuple[str, Any]], space: bytes, *, ascii_only: bool) -> bytes:
    """A JSON object, duplicates included, with odd spacing."""
    pieces = [
        space
        + json.dumps(key, ensure_ascii=ascii_only).encode()
        + space
        + b":"
        + space
        + json.dumps(value, ensure_ascii=ascii_only).encode()
        + space
        for key, value in pairs
    ]
    return space + b"{" + b",".join(pieces) + (b"" if pieces else space) + b"}" + space


@settings(max_examples=100, deadline=None)
@given(pairs=members, space=spaces, ascii_only=st.booleans())
def test_every_value_is_found_where_it_stands(
    pairs: list[tuple[str, Any]], space: bytes, ascii_only: bool
) -> None:
    body = written(pairs, space, ascii_only=ascii_only)
    found = read_object(body)
    decoded = json.loads(body)
    assert set(found.values) == set(decoded)
    for key, value in decoded.items():
        _, start, end = found.spans[key]
        assert json.loads(body[start:end]) == value
        assert found.values[key] == body[start:end]


@settings(max_examples=100, deadline=None)
@given(
    pairs=members,
    changes=st.dictionaries(keys, values, min_size=1, max_size=3),
    space=spaces,
    ascii_only=st.booleans(),
)
def test_a_splice_changes_its_members_and_nothing_else(
    pairs: list[tuple[str, Any]],
    changes: dict[str, Any],
    space: bytes,
    ascii_only: bool,
) -> None:
    body = written(pairs, space, ascii_only=ascii_only)
    found = read_object(body)
    new = {key: json.dumps(value).encode() for key, value in changes.items()}
    spliced = found.replaced(new)
    assert json.loads(spliced) == {**json.loads(body), **changes}
    assert bytes_around(found, new) == spliced


def bytes_around(found: JsonObject, new: dict[str, bytes]) -> bytes:
    """The result computed by hand: insert after the brace, replace from the back."""
    body = found.body
    spans = sorted((found.spans[k][1:], v) for k, v in new.items() if k in found)
    for (start, end), value in reversed(spans):
        body = body[:start] + value + body[end:]
    added = b",".join(
        json.dumps(k).encode() + b":" + v for k, v in new.items() if k not in found
    )
    if not added:
        return body
    brace = body.index(b"{") + 1
    comma = b"," if found.spans else b""
    return body[:brace] + added + comma + body[brace:]


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"a","x":1,"model":"a"}',
        b'{"model":"a","model":"b"}',
        b'{"x":{"model":1},"model":"a", "model" : "a"}',
        b'{"model":"a","mod\\u0065l":"b"}',
        b'{"\\u006dodel":"b","model":"a"}',
        b'{"model":"a","x":"\\",\\"model\\":","model":"a"}',
        '{"é":"é","model":"é","😀":[1e3,"é"],"model":"a"}'.encode(),
        b'{"model":"a","n":' + b"1" * 5000 + b',"model":"a"}',
    ],
)
def test_a_guarded_key_that_stands_twice_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError, match="`model` is given more than once") as e:
        read_object(body, guarded=["model"])
    assert e.value.param == "model"
    assert read_object(body).get("model") is not None


@pytest.mark.parametrize(
    "key", ["MAX_TOKENS", "Max_Tokens", "max_to\u212aens", "max_token\u017f"]
)
def test_a_guarded_key_in_other_letters_is_refused(key: str) -> None:
    body = json.dumps({"max_tokens": 5, key: 100_000}).encode()
    with pytest.raises(BadRequestError, match="write it as `max_tokens`") as e:
        read_object(body, guarded=["max_tokens"])
    assert e.value.param == key
    assert read_object(body, guarded=["model"]).get(key) == b"100000"


def test_other_duplicates_pass_and_the_last_counts() -> None:
    body = '{"é":1,"model":"m","é":[2,"é"],"z":3}'.encode()
    found = read_object(body, guarded=["model"])
    assert found.get("é") == '[2,"é"]'.encode()
    assert found.replaced({"model": b'"n"'}) == body.replace(b'"m"', b'"n"')
    assert found.get("z") == b"3"


def test_a_key_inside_a_text_is_no_key() -> None:
    body = b'{"x":"{\\"model\\":\\"b\\"}","model":"a"}'
    assert read_object(body, guarded=["model"]).get("model") == b'"a"'


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"null", "must be a JSON object"),
        (b"[]", "must be a JSON object"),
        (b'"x"', "must be a JSON object"),
        (b"1", "must be a JSON object"),
        (b'{"a":1', "not valid JSON"),
        (b'{"a":1,}', "not valid JSON"),
        (b'{"a":1}//', "not valid JSON"),
        (b'{"a":1}{}', "not valid JSON"),
        (b"{'a':1}", "not valid JSON"),
        (b'{"a":NaN}', "not valid JSON"),
        (b'{"a":Infinity}', "not valid JSON"),
        (b'{"a":-Infinity}', "not valid JSON"),
        (b'{"a":01}', "not valid JSON"),
        (b'{"a":"\x01"}', "not valid JSON"),
        (b'{"a":"\\ud800"}', "half of a surrogate pair"),
        (b'{"a":"\\uD83D x"}', "half of a surrogate pair"),
        (b'\xef\xbb\xbf{"a":1}', "byte order mark"),
        ('{"a":1}'.encode("utf-16"), "byte order mark"),
        ('{"a":1}'.encode("utf-16-le"), "not valid JSON"),
        (b'{"a":"\xff"}', "UTF-8"),
        (b'{"a":"\xc0\xaf"}', "UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "UTF-8"),
        (b'{"a":"\xd0', "UTF-8"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else value,
)
def test_what_is_no_object_is_refused_in_a_sentence(body: bytes, says: str) -> None:
    with pytest.raises(BadRequestError, match=says) as caught:
        read_object(body, guarded=["model"])
    assert caught.value.message.endswith(".")
    assert "\n" not in caught.value.message


def test_long_bodies_are_checked_to_the_end() -> None:
    good = b'{"a":"' + "é".encode() * 100_000 + b'"}'
    assert read_object(good).get("a") is not None
    with pytest.raises(BadRequestError, match="UTF-8"):
        read_object(good[:-3] + b'\xc3"}')


def test_a_long_key_passes() -> None:
    body = b'{"' + b"k" * 1_000_000 + b'":1,"__proto__":{},"model":"m"}'
    assert read_object(body, guarded=["model"]).get("model") == b'"m"'


def test_null_counts_as_absent_but_is_replaced_in_place() -> None:
    found = read_object(b'{"a": null ,"b":1}')
    assert found.get("a") is None
    assert "a" in found
    assert found.replaced({"a": b"2"}) == b'{"a": 2 ,"b":1}'


def test_renaming_a_member() -> None:
    found = read_again(b'{ "a" : 1, "b":2}')
    assert found.replaced({"a": b"5"}, {"a": "c"}) == b'{ "c" : 5, "b":2}'


def test_members_are_read_as_objects() -> None:
    parent = read_object(b'{"o":{"a":1,"a":2},"n":null,"s":"x"}')
    assert read_member(parent, "n", guarded=()).body == b"{}"
    assert read_member(parent, "missing", guarded=()).body == b"{}"
    assert read_member(parent, "o", guarded=()).get("a") == b"2"
    with pytest.raises(BadRequestError, match="more than once") as caught:
        read_member(parent, "o", guarded=["a"])
    assert caught.value.param == "o.a"
    with pytest.raises(BadRequestError, match="`s` must be a JSON object") as caught:
        read_member(parent, "s", guarded=())
    assert caught.value.param == "s"
