"""Sizes as people write them."""

from __future__ import annotations

import re

import pytest

from faregate.config.capture_keys import size
from faregate.config.kinds import NotThisKind

SIZE = size(1_000, 10**9)


@pytest.mark.parametrize(
    ("text", "found"),
    [("1kB", 1000), ("1KB", 1000), ("2.5MB", 2_500_000), ("1 GB", 10**9)],
)
def test_sizes(text: str, found: int) -> None:
    assert SIZE.read(text) == found
    assert re.fullmatch(str(SIZE.schema["pattern"]), text)


@pytest.mark.parametrize("value", [5, True, "5", "5B", "0.5kB", "2GB", "-1MB", None])
def test_what_is_none(value: object) -> None:
    with pytest.raises(NotThisKind):
        SIZE.read(value)
