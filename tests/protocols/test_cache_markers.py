"""Cache markers: found, taken out, and what they can cost."""

from __future__ import annotations

import pytest

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
    ],
)
def test_what_is_no_marker_stays(piece: bytes) -> None:
    assert without_markers(piece) == piece


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
