"""The file of a captured request: everything comes back, damage is told."""

from __future__ import annotations

import pytest

from faregate.captures.document import (
    CaptureFileError,
    decode,
    encode,
    head_of,
    read_head,
)
from tests.captures.building import captured


def test_what_was_written_is_read() -> None:
    request = captured(size=5000)
    content = encode(request)
    assert decode(content) == request
    assert read_head(content[:2000]) == head_of(request)


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
