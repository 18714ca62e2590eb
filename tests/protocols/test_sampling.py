"""Effort and budgets of thought stand for each other."""

from __future__ import annotations

import pytest

from faregate.protocols.dialogue import Dialogue, Sampling
from faregate.protocols.losses import Loss
from faregate.protocols.members import Members
from faregate.protocols.sampling import (
    budget_of,
    call_names,
    effort_of,
    one_system_role,
    read_mark,
    sampling_losses,
    system_first,
    without_thoughts,
    written_mark,
)


@pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high", "max"])
def test_an_effort_and_its_budget(effort: str) -> None:
    assert effort_of(budget_of(effort)) == effort


def test_unknown_efforts_and_open_budgets_are_medium() -> None:
    assert budget_of("heroic") == budget_of("medium")
    assert effort_of(-1) == "medium"


def test_what_is_not_written_is_lost() -> None:
    sampling = Sampling(temperature=0, top_k=1, stop=("a",))
    assert sampling_losses(sampling, ["temperature"]) == {
        Loss.TOP_K,
        Loss.STOP_SEQUENCES,
    }
    assert sampling_losses(Sampling(), []) == frozenset()


def test_passes_leave_a_request_alone_that_needs_none() -> None:
    asked = Dialogue(model="m")
    assert system_first(asked) == (asked, frozenset())
    assert one_system_role(asked) == (asked, frozenset())
    assert without_thoughts(asked, own=None) == (asked, frozenset())
    assert call_names(asked) == {}


def test_cache_marks_both_ways() -> None:
    for control in ({"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}):
        mark = read_mark(Members({"cache_control": control}))
        assert mark is not None
        assert written_mark(mark) == control
    assert read_mark(Members({})) is None
