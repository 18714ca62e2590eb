"""Whom a request asks first: by order, weight, level, cost, and who served last."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from faregate.core.money import Money
from faregate.core.route_choice import Choice, choose, until_accepted
from faregate.core.routing import (
    Complexity,
    RoutePolicy,
    RouteRule,
    Target,
    TargetOptions,
    drawn,
)

A, B, C = (Target(provider=name, model="m", route="r") for name in "abc")


def rule(**more: Any) -> RouteRule:
    return RouteRule(name="r", models=("r",), targets=(A, B, C), **more)


def pick(
    route: RouteRule,
    *,
    level: int = 0,
    draw: int = 0,
    current: Target | None = None,
    costs: dict[Target, int] | None = None,
) -> Choice:
    known = costs or {}

    def cost_at(target: Target) -> Money | None:
        return Money(known[target]) if target in known else None

    return choose(route, level=level, draw=draw, current=current, cost_at=cost_at)


def test_the_order_is_the_users() -> None:
    assert pick(rule()) == Choice(targets=(A, B, C), why="ordered")


def test_a_session_stays_where_it_was_served() -> None:
    assert pick(rule(), current=B) == Choice(targets=(B, A, C), why="sticky")
    assert pick(rule(), current=A) == Choice(targets=(A, B, C), why="sticky")
    assert pick(rule(sticky=False), current=B).targets == (A, B, C)


def test_it_goes_back_when_that_costs_less_than_the_lost_cache() -> None:
    cheaper = {A: 9, B: 10}
    assert pick(rule(), current=B, costs=cheaper).why == "switch"
    assert pick(rule(), current=B, costs=cheaper).targets == (A, B, C)
    # What is kept in the cache at B makes A the dearer one.
    assert pick(rule(), current=B, costs={A: 10, B: 9}).targets == (B, A, C)
    assert pick(rule(), current=B, costs={A: 10}).targets == (B, A, C)


def test_the_cheapest_goes_first_and_an_unknown_price_last() -> None:
    route = rule(policy=RoutePolicy.CHEAPEST)
    found = pick(route, costs={A: 5, C: 3})
    assert found == Choice(targets=(C, A, B), why="cheapest")


@pytest.mark.parametrize(
    ("level", "targets"), [(1, (B, C, A)), (2, (C, A, B)), (7, (C, A, B))]
)
def test_each_level_begins_one_target_further(
    level: int, targets: tuple[Target, ...]
) -> None:
    assert pick(rule(), level=level) == Choice(targets=targets, why="escalated")


def test_escalated_requests_go_where_the_route_says() -> None:
    route = rule(escalate_to=(C,))
    assert route.levels == 1
    assert pick(route, level=1).targets == (C, A, B)
    # Who served the session before the escalation does not draw it back.
    assert pick(route, level=1, current=A).targets == (C, A, B)
    assert pick(route, level=1, current=C).targets == (C, A, B)


def test_on_a_level_only_higher_targets_are_sticky() -> None:
    assert pick(rule(), level=1, current=C).targets == (C, B, A)
    assert pick(rule(), level=1, current=A).targets == (B, C, A)


def test_the_cheapest_of_a_level_goes_first() -> None:
    route = rule(policy=RoutePolicy.CHEAPEST)
    assert pick(route, level=1, costs={A: 1, B: 9, C: 5}).targets == (C, B, A)


def test_weights_share_the_sessions_out() -> None:
    options = {A: TargetOptions(weight=3), B: TargetOptions(weight=1)}
    route = rule(options=options)
    firsts = Counter(drawn(route, draw)[0] for draw in range(400))
    assert firsts == {A: 300, B: 100}
    assert pick(route, draw=3).targets == (B, A, C)
    assert pick(route, draw=3).why == "weights"
    assert drawn(route, 3) == drawn(route, 3 + 4)


def test_a_weight_of_nothing_is_for_fallbacks_only() -> None:
    options = {A: TargetOptions(weight=0), B: TargetOptions(weight=1)}
    assert {drawn(rule(options=options), n)[0] for n in range(9)} == {B}


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({}, None),
        ({"tokens": 1000}, "input_tokens"),
        ({"tokens": 999}, None),
        ({"tools": 5}, "tools"),
        ({"images": True}, "images"),
        ({"reasoning": True}, "reasoning"),
    ],
)
def test_what_is_too_much_for_the_first_targets(
    request_: dict[str, Any], why: str | None
) -> None:
    complexity = Complexity(input_tokens=1000, tools=5, images=True, reasoning=True)
    facts = {"tokens": 0, "tools": 0, "images": False, "reasoning": False, **request_}
    assert complexity.why(**facts) == why
    assert Complexity().why(**facts) is None


def test_a_model_that_is_seldom_accepted_costs_more_than_it_says() -> None:
    assert until_accepted(Money(100), 0, 0) == Money(200)
    assert until_accepted(Money(100), 8, 8) == Money(111)
    assert until_accepted(Money(100), 8, 0) == Money(1000)


def test_what_a_task_costs_until_one_is_accepted_decides_where_asked() -> None:
    route = rule(policy=RoutePolicy.CHEAPEST_ACCEPTED)
    found = pick(route, costs={A: 9, B: 5, C: 7})
    assert found == Choice(targets=(B, C, A), why="cheapest-accepted")
