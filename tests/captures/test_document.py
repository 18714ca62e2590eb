"""The file of a captured request: everything comes back, damage is told."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.captures.document import (
    CaptureFileError,
    decode,
    encode,
    head_of,
    read_head,
)
from tests.captures.building import body, captured


def test_what_was_written_is_read() -> None:
    request = captured(size=5000)
    content = encode(request)
    assert decode(content) == request
    assert read_head(content[:2000]) == head_of(request)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.lists(st.binary(max_size=60), max_size=3))
def test_bodies_that_are_much_alike_come_back(own: bytes, sent: list[bytes]) -> None:
    request = captured(body=body(own))
    (attempt,) = request.attempts
    bodies = [body(each) for each in (*sent, own, own + b"x", b"x" + own, own[1:-1])]
    attempts = tuple(replace(attempt, body=each) for each in (None, *bodies))
    request = replace(request, attempts=attempts)
    assert decode(encode(request)) == request


def test_what_is_sent_nearly_as_it_came_is_kept_once() -> None:
    own = random.Random(5).randbytes(50_000)
    (attempt,) = captured().attempts
    request = captured(
        body=body(b"model-a" + own),
        attempts=(replace(attempt, body=body(b"model-b" + own)),),
    )
    assert len(encode(request)) < 52_000
    assert decode(encode(request)) == request


def test_a_head_says_how_much_came() -> None:
    head = head_of(captured(size=300))
    assert (head.attempts, head.body_bytes, head.answer_bytes) == (1, 300, 300)
    assert head.status is None


def test_damage_is_told() -> None:
    content = encode(captured(size=300))
    for broken in (
        b"",
        b"something else",
        content[:30],
        content[:-5],
        content[:-40] + bytes(40),
        content.replace(b"capture 1", b"capture 9"),
    ):
        with pytest.raises(CaptureFileError):
            decode(broken)
    with pytest.raises(CaptureFileError):
        read_head(content[:25])
