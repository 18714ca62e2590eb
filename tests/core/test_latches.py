"""What is paused or stopped, and whom that concerns."""

from __future__ import annotations

import pytest

from faregate.core.identity import Identity
from faregate.core.labels import Labels
from faregate.core.latches import Latch, Latches, LatchState, is_scope


def latch(scope: str, state: LatchState = LatchState.PAUSED) -> Latch:
    return Latch(scope=scope, state=state, at_ms=1, who="me")


CHILD = Identity(
    session="s/child",
    root_session="s",
    parent="s",
    labels=Labels(workspace="web"),
    source="token",
)


@pytest.mark.parametrize(
    ("scope", "concerned"),
    [
        ("all", True),
        ("workspace:web", True),
        ("workspace:other", False),
        ("session:s", True),
        ("session:s/child", True),
        ("session:s/other", False),
    ],
)
def test_a_latch_concerns_what_is_below_it(scope: str, concerned: bool) -> None:
    found = Latches([latch(scope)]).of(CHILD)
    assert (found is not None) is concerned


def test_a_stop_comes_before_a_pause() -> None:
    latches = Latches([latch("all"), latch("session:s", LatchState.STOPPED)])
    found = latches.of(CHILD)
    assert found is not None
    assert found.scope == "session:s"


def test_a_pause_does_not_weaken_a_stop() -> None:
    latches = Latches([latch("session:s", LatchState.STOPPED)])
    latches.put(latch("session:s"))
    assert latches.all()["session:s"].state is LatchState.STOPPED


def test_a_latch_is_taken_off_once() -> None:
    latches = Latches([latch("all")])
    assert latches.lift("all")
    assert not latches.lift("all")
    assert latches.of(CHILD) is None


@pytest.mark.parametrize("scope", ["", "session:", "agent:x", "ALL", "workspace"])
def test_other_words_are_no_scope(scope: str) -> None:
    assert not is_scope(scope)
    assert is_scope("all")
    assert is_scope("workspace:web")
