"""What is paused or stopped, in words."""

from __future__ import annotations

import pytest

from faregate.control.governing import latched_words


@pytest.mark.parametrize(
    ("paused", "stopped", "words"),
    [
        ((), (), ""),
        (("all",), (), "everything paused"),
        (("workspace:web", "all"), (), "everything and workspace web paused"),
        (("all",), ("workspace:web",), "workspace web stopped, everything paused"),
        (
            ("workspace:a", "workspace:b", "workspace:c", "session:d"),
            (),
            "session d, workspace a and 2 more paused",
        ),
    ],
)
def test_words(paused: tuple[str, ...], stopped: tuple[str, ...], words: str) -> None:
    assert latched_words(paused, stopped) == words


def test_a_name_may_hold_a_colon() -> None:
    assert latched_words(["workspace:a:b"], []) == "workspace a:b paused"
