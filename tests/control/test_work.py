"""What runs and what waits, in words."""

from __future__ import annotations

import pytest

from faregate.control.models import SessionState
from faregate.control.work import (
    asked_of,
    doing_of,
    only_counted,
    state_with,
    work_words,
)
from tests.control import scenes
from tests.tui.cost_scene import request


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


@pytest.mark.parametrize(
    ("flights", "doing"),
    [
        ([], None),
        (["waiting"], "waiting"),
        (["waiting", "streaming"], "streaming"),
        (["draining", "waiting"], "draining"),
    ],
)
def test_one_that_waits_says_least(flights: list[str], doing: str | None) -> None:
    assert doing_of(flights) == doing


@pytest.mark.parametrize(
    ("state", "doing", "shown"),
    [
        ("idle", None, "idle"),
        ("capped", None, "capped"),
        ("idle", "waiting", "waiting"),
        ("capped", "streaming", "active"),
        ("active", "waiting", "waiting"),
        ("waiting", "connecting", "active"),
        ("paused", "streaming", "paused"),
        ("stopped", "waiting", "stopped"),
        ("ended", "draining", "ended"),
    ],
)
def test_what_runs_decides_below_what_a_person_decided(
    state: SessionState, doing: str | None, shown: str
) -> None:
    assert state_with(state, doing) == shown


def test_what_was_refused_was_asked_as_well() -> None:
    assert asked_of(scenes.session("s", requests=3, refusals=2)) == 5


def test_a_session_has_no_request_in_what_was_only_counted() -> None:
    assert only_counted(request("c", attempts=0))
    assert not only_counted(request("r"))
    assert not only_counted(request("r", attempts=0, result="refused"))
