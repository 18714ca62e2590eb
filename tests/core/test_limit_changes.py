"""A change of limits raises what anybody may use, or it does not."""

from __future__ import annotations

import pytest

from faregate.core.limit_changes import (
    Concerned,
    is_scope,
    loosens,
    with_value,
    without,
)
from faregate.core.limits.effective import LimitRules, Timed
from faregate.core.limits.limit import Limits

ALL = Concerned()
LIMIT = "requests"


def set_for(rules: LimitRules, scope: str, value: int | None) -> LimitRules:
    return rules.but(with_value(rules.set_to, scope, LIMIT, value), rules.timed)


@pytest.mark.parametrize(
    ("value", "raises"), [(999, False), (1000, False), (1001, True), (None, True)]
)
def test_more_than_what_holds_is_a_raise(value: int | None, raises: bool) -> None:
    before = LimitRules()
    assert loosens(before, set_for(before, "all", value), LIMIT, ALL) is raises
    tight = LimitRules(everyone={LIMIT: None})
    assert not loosens(tight, set_for(tight, "all", value), LIMIT, ALL)


def test_a_limit_of_an_agent_must_not_pass_that_of_a_workspace() -> None:
    before = LimitRules(by_workspace={"web": {LIMIT: 5}})
    after = set_for(before, "agent:codex", 100)
    assert loosens(before, after, LIMIT, Concerned(agent="codex"))
    before = set_for(LimitRules(), "workspace:web", 5)
    after = set_for(before, "agent:codex", 100)
    assert loosens(before, after, LIMIT, Concerned(agent="codex"))
    after = set_for(before, "agent:codex", 5)
    assert not loosens(before, after, LIMIT, Concerned(agent="codex"))


def test_one_session_is_compared_with_what_its_run_was_given() -> None:
    who = Concerned(session="s", granted=Limits(requests=3))
    before = LimitRules()
    assert loosens(before, set_for(before, "session:s", 4), LIMIT, who)
    assert not loosens(before, set_for(before, "session:s", 3), LIMIT, who)
    assert not loosens(before, set_for(before, "session:other", 9), LIMIT, who)


def test_to_take_back_what_kept_a_run_below_its_grant_is_a_raise() -> None:
    # The run replaces a default, and only lowers what was set.
    before = set_for(LimitRules(), "all", 2000)
    after = LimitRules()
    assert not loosens(before, after, LIMIT, ALL)
    given = Concerned(grants=[Limits(requests=5000)])
    assert loosens(before, after, LIMIT, given)


def test_what_holds_for_a_while_is_compared_as_it_is_and_as_it_will_be() -> None:
    raised = LimitRules().but({}, {"all": {LIMIT: Timed(value=5000, until_ms=1)}})
    # Below what holds now, and above what would hold when the raise is over.
    assert loosens(raised, set_for(LimitRules(), "all", 2000), LIMIT, ALL)
    lowered = LimitRules().but({}, {"all": {LIMIT: Timed(value=5, until_ms=1)}})
    # Below what would hold, and above what holds now.
    assert loosens(lowered, set_for(LimitRules(), "all", 900), LIMIT, ALL)
    assert not loosens(lowered, set_for(LimitRules(), "all", 4), LIMIT, ALL)


def test_taking_a_limit_away_leaves_the_others() -> None:
    rules = with_value({"all": {"retries": 1}}, "all", LIMIT, 2)
    assert rules == {"all": {"retries": 1, LIMIT: 2}}
    assert without(rules, "all", "retries") == {"all": {LIMIT: 2}}
    assert without({"all": {LIMIT: 2}}, "all", LIMIT) == {}
    assert without({}, "all", LIMIT) == {}


@pytest.mark.parametrize("good", ["all", "agent:x", "workspace:web", "session:a/b"])
def test_scopes(good: str) -> None:
    assert is_scope(good)


@pytest.mark.parametrize("bad", ["", "all:x", "agent", "agent:", "global", "model:x"])
def test_no_scopes(bad: str) -> None:
    assert not is_scope(bad)
