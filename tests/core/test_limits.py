"""Each limit says no at exactly its value, and to nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from faregate.core.limits.effective import (
    BY_CONFIG,
    BY_DEFAULT,
    BY_PERSON,
    BY_RUN,
    DEFAULTS,
    NAMES,
    LimitRules,
    Timed,
)
from faregate.core.limits.limit import NO_LIMITS, Counters, LastMinute, Limits, Wish
from faregate.core.limits.registry import CHECKS, first_reached, room_for_output
from faregate.core.limits.summed import summed
from faregate.core.money import Money

WISH = Wish(input=10, output=100, output_least=100, cost=Money.usd("0.01"), now=50.0)


def minute(tokens: int = 0, usd: str = "0", at: float = 0.0) -> LastMinute:
    made = LastMinute()
    made.add(at, tokens, Money.usd(usd).pico)
    return made


def test_every_limit_has_a_check_and_every_check_a_limit() -> None:
    assert len(CHECKS) == len(NAMES)


def test_no_limits_let_everything_through() -> None:
    busy = Counters(
        requests=10**9, running=10**9, input_tokens=10**12, tool_calls=10**9
    )
    assert first_reached(NO_LIMITS, busy, WISH) is None


@pytest.mark.parametrize(
    ("limits", "below", "at"),
    [
        (Limits(requests=3), Counters(requests=2), Counters(requests=3)),
        (Limits(wall_clock=20), Counters(started=30.1), Counters(started=30.0)),
        (Limits(tool_calls=5), Counters(tool_calls=4), Counters(tool_calls=5)),
        (Limits(concurrency=2), Counters(running=1), Counters(running=2)),
        (
            Limits(input_tokens=50),
            Counters(input_tokens=30, input_held=10),
            Counters(input_tokens=30, input_held=11),
        ),
        (
            Limits(output_tokens=500),
            Counters(output_tokens=300, output_held=100),
            Counters(output_tokens=300, output_held=101),
        ),
        (
            Limits(tokens_per_minute=200),
            Counters(minute=minute(90, at=40.0)),
            Counters(minute=minute(91, at=40.0)),
        ),
        (
            Limits(spend_per_minute=Money.usd("0.03")),
            Counters(minute=minute(usd="0.02", at=40.0)),
            Counters(minute=minute(usd="0.020001", at=40.0)),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_session_stops_at_the_value(
    limits: Limits, below: Counters, at: Counters
) -> None:
    assert first_reached(limits, below, WISH) is None
    found = first_reached(limits, at, WISH)
    assert found is not None
    assert getattr(limits, found.limit) == found.most


@pytest.mark.parametrize("name", ["request_input_tokens", "request_output_tokens"])
def test_one_request_stops_at_the_value(name: str) -> None:
    most = 10 if name == "request_input_tokens" else 100
    at: Any = {name: most}
    assert first_reached(Limits(**at), Counters(), WISH) is None
    below: Any = {name: most - 1}
    found = first_reached(Limits(**below), Counters(), WISH)
    assert found is not None
    assert (found.limit, found.needed, found.wait) == (name, most, None)


def test_retries_stop_a_repeated_request_alone() -> None:
    limits, used = Limits(retries=2), Counters(retries=2)
    assert first_reached(limits, used, WISH) is None
    found = first_reached(limits, used, replace(WISH, client_retry=True))
    assert found is not None
    assert found.limit == "retries"


def let_by(limits: Limits, so_far: Counters, wish: Wish) -> bool:
    way = summed(limits)
    return way is not None and way.lets_by(so_far, wish)


@pytest.mark.parametrize("retry", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_short_way_knows_every_limit(name: str, retry: bool) -> None:
    zero: Any = {name: Money(0) if name == "spend_per_minute" else 0}
    wish = replace(WISH, client_retry=retry)
    reached = first_reached(Limits(**zero), Counters(), wish)
    assert let_by(Limits(**zero), Counters(), wish) is (reached is None)
    assert let_by(Limits(), Counters(), wish)


@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize(
    "name",
    [
        "requests",
        "started",
        "running",
        "retries",
        "tool_calls",
        "input_tokens",
        "input_held",
        "output_tokens",
        "output_held",
    ],
)
def test_the_short_way_ends_where_a_limit_is_reached(name: str, more: int) -> None:
    limits = Limits(
        requests=4,
        wall_clock=20,
        retries=5,
        tool_calls=6,
        concurrency=7,
        input_tokens=38,
        output_tokens=308,
    )
    wish = replace(WISH, client_retry=True)
    # One step further, each is where its limit lets nobody by.
    edge: dict[str, Any] = {
        "requests": 3,
        "started": 31.0,
        "running": 6,
        "retries": 4,
        "tool_calls": 5,
        "input_tokens": 18,
        "input_held": 10,
        "output_tokens": 108,
        "output_held": 100,
    }
    so_far = Counters(**edge | {name: edge[name] + more})
    assert let_by(limits, so_far, wish) is (first_reached(limits, so_far, wish) is None)
    past = -more if name == "started" else more
    assert let_by(limits, so_far, wish) is (past <= 0)


@pytest.mark.parametrize(
    "limits", [Limits(output_tokens=99), Limits(request_output_tokens=99)]
)
def test_the_short_way_is_none_for_an_answer_that_has_to_shrink(
    limits: Limits,
) -> None:
    wish = replace(WISH, output_least=50)
    assert first_reached(limits, Counters(), wish) is None
    assert not let_by(limits, Counters(), wish)
    assert let_by(limits, Counters(), replace(wish, output=99))


def test_waiting_is_offered_only_where_it_can_help() -> None:
    running = Counters(input_tokens=30, input_held=20)
    found = first_reached(Limits(input_tokens=45), running, WISH)
    assert found is not None
    assert found.wait is not None
    found = first_reached(Limits(input_tokens=39), running, WISH)
    assert found is not None
    assert found.wait is None


def test_a_limit_for_good_outranks_one_to_wait_for() -> None:
    limits = Limits(concurrency=1, output_tokens=50)
    found = first_reached(limits, Counters(running=1), WISH)
    assert found is not None
    assert found.limit == "output_tokens"


def test_a_minute_tells_when_it_is_worth_asking_again() -> None:
    used = Counters(minute=minute(50, at=10.0))
    used.minute.add(20.0, 60, 0)
    assert first_reached(Limits(tokens_per_minute=220), used, WISH) is None
    found = first_reached(Limits(tokens_per_minute=200), used, WISH)
    assert found is not None
    assert found.wait == pytest.approx(20.0)
    found = first_reached(Limits(tokens_per_minute=120), used, WISH)
    assert found is not None
    assert found.wait == pytest.approx(30.0)
    found = first_reached(Limits(tokens_per_minute=109), used, WISH)
    assert found is not None
    assert found.wait is None
    later = replace(WISH, now=80.0)
    assert first_reached(Limits(tokens_per_minute=120), used, later) is None


def test_room_for_output_is_the_least_that_is_left() -> None:
    used = Counters(output_tokens=300, output_held=100)
    assert room_for_output(NO_LIMITS, used) is None
    assert room_for_output(Limits(output_tokens=1000), used) == 600
    both = Limits(output_tokens=1000, request_output_tokens=200)
    assert room_for_output(both, used) == 200


def test_each_value_says_where_it_came_from() -> None:
    rules = LimitRules(
        everyone={"requests": 10, "retries": None},
        by_agent={"codex": {"requests": 20}},
    )
    found = rules.effective("codex")
    assert found.limits.requests == 20
    assert found.sources["requests"] == "[limits.agent.codex]"
    assert found.limits.retries is None
    assert found.sources["retries"] == BY_CONFIG
    assert found.limits.tool_calls == DEFAULTS.tool_calls
    assert found.sources["tool_calls"] == BY_DEFAULT
    assert rules.effective("aider").limits.requests == 10
    assert rules.effective(None) is rules.effective(None)


def test_a_run_chooses_beside_a_default_and_only_lowers_what_was_configured() -> None:
    rules = LimitRules(everyone={"requests": 10, "tool_calls": None})
    found = rules.effective(
        "x", Limits(requests=50, wall_clock=100_000.0, tool_calls=7)
    )
    assert found.limits.requests == 10
    assert found.sources["requests"] == BY_CONFIG
    assert found.limits.wall_clock == 100_000.0
    assert found.sources["wall_clock"] == BY_RUN
    assert found.limits.tool_calls == 7
    assert rules.effective("x", Limits(requests=5)).limits.requests == 5


def test_the_memory_of_answers_is_bounded() -> None:
    rules = LimitRules()
    for number in range(3000):
        assert rules.effective(f"agent-{number}").limits == DEFAULTS
    assert len(rules._known) <= 1024


def test_what_is_set_wins_where_it_is_set_and_the_nearest_place_wins() -> None:
    rules = LimitRules(
        everyone={"requests": 10},
        by_agent={"codex": {"requests": 20}},
        by_workspace={"web": {"requests": 15}},
    )
    assert rules.effective(None, workspace="web").limits.requests == 15
    assert rules.effective("codex", workspace="web").limits.requests == 20
    rules.use({"all": {"requests": 30}, "session:s": {"requests": 99}}, {})
    found = rules.effective(None)
    assert (found.limits.requests, found.sources["requests"]) == (30, BY_PERSON)
    assert found.scopes == {"requests": "all"}
    assert rules.effective("codex").limits.requests == 20
    rules.use({**rules.set_to, "agent:codex": {"requests": None}}, {})
    found = rules.effective("codex", Limits(requests=40), session="other")
    assert (found.limits.requests, found.sources["requests"]) == (40, BY_RUN)
    assert not found.scopes
    found = rules.effective("codex", Limits(requests=40), session="s")
    assert found.limits.requests == 99
    assert found.sources["requests"] == "faregate limits --session"
    assert found.scopes == {"requests": "session:s"}


def test_what_holds_for_a_while_says_until_when() -> None:
    rules = LimitRules()
    timed = {"workspace:web": {"requests": Timed(value=5, until_ms=7)}}
    rules.use({"workspace:web": {"requests": 8}}, timed)
    found = rules.effective(None, workspace="web")
    assert (found.limits.requests, dict(found.until_ms)) == (5, {"requests": 7})
    assert found.sources["requests"] == "faregate limits --workspace web"
    assert found.scopes == {"requests": "workspace:web"}
    assert not rules.effective(None).until_ms
    # What a run was given is below it, and holds for as long as the run.
    found = rules.effective(None, Limits(requests=2), workspace="web")
    assert (found.limits.requests, dict(found.until_ms)) == (2, {})
    assert rules.effective("a", session="x") is rules.effective("a", session="y")
