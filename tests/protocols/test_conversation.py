"""Telling that one request extends another, whatever cache markers move."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest

from faregate.core.pricing import CacheWrite
from faregate.protocols.conversation import (
    cache_write_of,
    conversation_of,
    digest_of,
    unread_conversation,
    without_markers,
)
from tests.protocols.requests import inspect

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


def parts(*texts: bytes) -> list[msgspec.Raw]:
    return [msgspec.Raw(text) for text in texts]


def test_a_longer_conversation_begins_with_the_shorter_one() -> None:
    first = b'{"role":"user","content":[{"type":"text","text":"hi",' + MARK + b"}]}"
    again = b'{"role":"user","content":[{"type":"text","text":"hi"}]}'
    one = conversation_of([b"m"], b"sys", parts(first), 1)
    two = conversation_of([b"m"], b"sys", parts(again, b'{"x":1}'), 1)
    assert one.fixed == two.fixed
    assert two.parts[:1] == one.parts
    assert one.sizes == (len(first),)
    assert two.sizes == (len(again), 7)
    assert one.opening == two.opening


def test_another_model_or_system_text_is_another_conversation() -> None:
    fixed = {
        conversation_of([model], system, [], 0).fixed
        for model in (b"m", b"n")
        for system in (b"", b"sys")
    }
    assert len(fixed) == 4


def test_the_opening_is_stable_across_processes() -> None:
    opening = conversation_of([], b"sys", parts(b"hi", b"later"), 1).opening
    assert opening == hashlib.sha256(b"sys\0hi").hexdigest()[:12]
    assert conversation_of([], b"s", parts(b"yshi"), 1).opening != opening


def test_messages_that_cannot_be_told_apart() -> None:
    one, two = (unread_conversation([b"m"], raw) for raw in (b"[1]", b"[2]"))
    assert one.parts == two.parts == ()
    assert one.opening != two.opening
    assert one.fixed != two.fixed


def test_nothing_of_the_text_is_kept() -> None:
    secret = json.dumps({"content": "canary-4711"}).encode()
    conversation = conversation_of([secret], secret, parts(secret), 1)
    assert "canary" not in repr(conversation)


SHOWN = {"documents": ["d" * 9_000], "response_format": {"type": "json_schema"}}
PLACES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "hi"}]},
    "/v1/messages": {"messages": [{"role": "user", "content": "hi"}]},
    "/v1/responses": {"input": [{"role": "user", "content": "hi"}]},
    "/v1/completions": {"prompt": "hi"},
    "/v1beta/models/m:generateContent": {"contents": [{"parts": [{"text": "hi"}]}]},
}


@pytest.mark.parametrize("path", PLACES)
def test_what_else_a_model_is_shown_makes_another_conversation(path: str) -> None:
    body = {"model": "m", **PLACES[path]}
    plain = inspect(path, body).conversation
    for name, value in SHOWN.items():
        assert inspect(path, {**body, name: value}).conversation.fixed != plain.fixed
    assert inspect(path, {**body, "user": "u"}).conversation == plain
