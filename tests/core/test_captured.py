"""Captured bodies say whether they are whole."""

from __future__ import annotations

from faregate.core.captured import CapturedBody


def test_a_body_of_which_less_is_kept_than_came_is_truncated() -> None:
    assert CapturedBody(data=b"ab", length=3).truncated
    assert not CapturedBody(data=b"abc", length=3).truncated
