"""What runs and what waits, in words."""

from __future__ import annotations

import pytest

from faregate.control.work import work_words


@pytest.mark.parametrize(
    ("in_flight", "waiting", "approvals", "words"),
    [
        (0, 0, 0, []),
        (3, 0, 0, ["3 running"]),
        (3, 2, 0, ["1 running", "2 waiting for room"]),
        (2, 2, 2, ["2 waiting for approval"]),
        (
            6,
            3,
            1,
            ["3 running", "2 waiting for room", "1 waiting for approval"],
        ),
        # A case may be decided a moment before its request goes on.
        (1, 0, 1, ["1 running"]),
    ],
)
def test_each_wait_is_named(
    in_flight: int, waiting: int, approvals: int, words: list[str]
) -> None:
    assert work_words(in_flight, waiting, approvals) == words
