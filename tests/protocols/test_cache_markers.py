"""Cache markers: found, taken out, and what they can cost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.pricing import CacheWrite
from faregate.protocols.cache_markers import (
    asked_write,
    cache_write_of,
    dearest_write,
    digest_of,
    without_markers,
)
from faregate.protocols.json_object import read_object

MARK = b'"cache_control":{"type":"ephemeral"}'


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        (b'{"a":1,' + MARK + b"}", b'{"a":1}'),
        (b"{" + MARK + b',"a":1}', b'{"a":1}'),
        (b"{" + MARK + b"}", b"{}"),
        (b'{"a":1,' + MARK + b',"b":2}', b'{"a":1,"b":2}'),
        (b'{"a": 1, "cache_control": {"type": "x"}, "b": 2}', b'{"a": 1, "b": 2}'),
        (b'[{"a":1,' + MARK + b'},{"b":2,' + MARK + b"}]", b'[{"a":1},{"b":2}]'),
        (b'{"a":1,"cache_control":null}', b'{"a":1}'),
    ],
)
def test_markers_are_taken_out(marked: bytes, plain: bytes) -> None:
    assert without_markers(marked) == plain
    assert digest_of(marked) == digest_of(plain)


@pytest.mark.parametrize(
    "piece",
    [
        b'{"text":"say \\"cache_control\\":{\\"type\\":1}"}',
        b'{"cache_control":[1]}',
        b'{"cache_control":{"a":{"b":1}}}',
        b'{"a":"cache_control"}',
        b'{"cache_control":{"a":"}"},"b":"{"}',
        b'{"cache_control":{"a":"\\""},"b":1}',
        b'{"a \\"cache_control":{"type":1}}',
    ],
)
def test_what_is_no_marker_stays(piece: bytes) -> None:
    assert without_markers(piece) == piece


TEXTS = st.sampled_from(
    ["", "a", "}", "{", "\\", '"', "cache_control", '"cache_control":{', ",", "5m"]
)
VALUES = st.recursive(
    TEXTS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)


def bare(value: Any) -> Any:
    """What is left of a document without the markers of a known form."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        k: bare(v) for k, v in value.items() if k != "cache_control" or not plain(v)
    }


def plain(value: Any) -> bool:
    if not isinstance(value, dict):
        return value is None
    texts = [*value, *value.values()]
    known = all(isinstance(each, str | int) or each is None for each in texts)
    return known and not set('{}"\\') & set("".join(map(str, texts)))


@settings(max_examples=100, deadline=None)
@given(VALUES, st.sampled_from([(",", ":"), (", ", ": ")]))
def test_what_is_left_is_the_document_without_them(
    value: Any, separators: tuple[str, str]
) -> None:
    piece = json.dumps(value, separators=separators).encode()
    assert json.loads(without_markers(piece)) == bare(value)


@pytest.mark.parametrize(
    ("pieces", "write"),
    [
        ([], CacheWrite.NONE),
        ([b'{"a":1}'], CacheWrite.NONE),
        ([b'{"cache_control":null}'], CacheWrite.NONE),
        ([b'{"t":"\\"cache_control\\":{\\"ttl\\":\\"1h\\"}"}'], CacheWrite.NONE),
        ([b"{" + MARK + b"}"], CacheWrite.FIVE_MINUTES),
        ([b'{"cache_control": {"type":"x", "ttl": "5m"}}'], CacheWrite.FIVE_MINUTES),
        ([b'{"cache_control":{"ttl":"1h"}}'], CacheWrite.ONE_HOUR),
        ([b"{" + MARK + b"}", b'{"cache_control":{"ttl":"1h"}}'], CacheWrite.ONE_HOUR),
        ([b'{"cache_control":{"ttl":"1h"}}', b"{" + MARK + b"}"], CacheWrite.ONE_HOUR),
        ([b'{"cache_control":{"ttl":"1w"}}'], CacheWrite.UNKNOWN),
        ([b'{"cache_control":{"ttl":"1w"}}', b"{" + MARK + b"}"], CacheWrite.UNKNOWN),
        ([b'{"cache_control":7}'], CacheWrite.UNKNOWN),
        ([b'{"cache_control":{"ttl":3600}}'], CacheWrite.UNKNOWN),
        ([b'{"cache_control":{"ttl":"5m","ttl":"1h"}}'], CacheWrite.UNKNOWN),
        (
            [b'{"a":{"cache_control":{"ttl":"1h"}},"cache_control":7}'],
            CacheWrite.UNKNOWN,
        ),
        ([b'{"cache_control":{"ttl":"\\u0035m"}}'], CacheWrite.UNKNOWN),
        ([b'{"a \\"cache_control":{"ttl":"1h"}}'], CacheWrite.NONE),
    ],
)
def test_cache_writes(pieces: list[bytes], write: CacheWrite) -> None:
    assert cache_write_of(pieces) is write


@pytest.mark.parametrize(
    ("body", "write"),
    [
        (b'{"model":"m"}', CacheWrite.NONE),
        (b'{"cache_control":null}', CacheWrite.NONE),
        (b'{"cache_control":{"type":"ephemeral"}}', CacheWrite.FIVE_MINUTES),
        (b'{"cache_control":{"ttl":"1h"}}', CacheWrite.ONE_HOUR),
        (b'{"cache_control":7}', CacheWrite.UNKNOWN),
    ],
)
def test_a_request_may_ask_for_all_of_it(body: bytes, write: CacheWrite) -> None:
    assert asked_write(read_object(body)) is write


def test_the_dearest_of_two() -> None:
    for rank, one in enumerate(CacheWrite):
        for other in list(CacheWrite)[: rank + 1]:
            assert dearest_write(one, other) is one
            assert dearest_write(other, one) is one
