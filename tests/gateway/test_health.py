"""What each kind of trouble does to a provider and to a target."""

from __future__ import annotations

import pytest

from faregate.core.circuit_breaker import BreakerPolicy, BreakerState
from faregate.core.retrying import Failure, Trouble
from faregate.core.routing import Target
from faregate.gateway.health import WORDS, Down, Health, Ticket

A = Target(provider="a", model="m")
OTHER = Target(provider="a", model="n")
POLICY = BreakerPolicy(samples=3, calls=10)


@pytest.fixture
def health() -> Health:
    return Health(POLICY, jitter=lambda: 0.0)


def leave(
    health: Health, target: Target = A, now: float = 0, *, alone: bool = False
) -> Ticket:
    ticket = health.ask(target, now, alone=alone)
    assert isinstance(ticket, Ticket), ticket
    return ticket


def fail(
    health: Health,
    trouble: Trouble,
    target: Target = A,
    *,
    now: float = 0,
    times: int = 1,
    wait: float | None = None,
    alone: bool = False,
) -> None:
    for _ in range(times):
        failure = Failure(trouble=trouble, message="x", retry_after=wait)
        ticket = leave(health, target, now, alone=alone)
        health.ill(ticket, failure, now, retry=False)


def down(health: Health, target: Target, now: float, *, alone: bool = False) -> str:
    found = health.look(target, now, alone=alone)
    return "" if found is None else found.why


def test_every_trouble_has_words() -> None:
    assert set(WORDS) == set(Trouble)
    misleading = ("429", "rate limit", "too many requests", "overloaded")
    for words in WORDS.values():
        assert not any(word in words for word in misleading)


@pytest.mark.parametrize("trouble", [Trouble.KEY, Trouble.QUOTA])
def test_a_dead_key_or_an_empty_wallet_stops_the_provider_at_once(
    health: Health, trouble: Trouble
) -> None:
    fail(health, trouble)
    assert down(health, A, 1) == WORDS[trouble]
    assert down(health, OTHER, 1) == WORDS[trouble]
    assert health.state("a", 1) is BreakerState.OPEN
    assert health.why("a", 1) == WORDS[trouble]
    # Without another target to turn to, its caller hears the provider's own words.
    assert down(health, A, 1, alone=True) == ""
    assert health.state("a", 61) is BreakerState.HALF_OPEN


@pytest.mark.parametrize("trouble", [Trouble.MODEL_GONE, Trouble.FORBIDDEN])
def test_a_model_that_is_gone_stops_that_model_alone(
    health: Health, trouble: Trouble
) -> None:
    fail(health, trouble)
    assert down(health, A, 119) == WORDS[trouble]
    assert down(health, OTHER, 1) == ""


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble.TIMEOUT,
        Trouble.OVERLOADED,
        Trouble.SERVER_ERROR,
        Trouble.BROKEN,
        Trouble.STREAM_ERROR,
    ],
)
def test_what_fails_again_and_again_rests(health: Health, trouble: Trouble) -> None:
    fail(health, trouble, times=2)
    assert down(health, A, 0) == ""
    fail(health, trouble)
    assert down(health, A, 9.9) == WORDS[trouble]
    # Nothing works there any more, so even a target without another one rests.
    assert down(health, A, 9.9, alone=True) == WORDS[trouble]
    assert down(health, OTHER, 0) == ""


def test_a_provider_that_cannot_be_reached_rests_with_all_its_models(
    health: Health,
) -> None:
    fail(health, Trouble.CONNECT, times=2)
    fail(health, Trouble.CONNECT, OTHER)
    assert down(health, A, 1) == WORDS[Trouble.CONNECT]


def test_without_another_target_one_that_works_at_times_is_asked(
    health: Health,
) -> None:
    health.well(leave(health), 0, retry=False)
    fail(health, Trouble.OVERLOADED, times=2)
    assert down(health, A, 1)
    assert not down(health, A, 1, alone=True)
    # One that then works closes the breaker.
    health.well(leave(health, alone=True), 1, retry=False)
    assert not down(health, A, 1)


def test_a_rate_limit_is_a_pause_and_no_failure(health: Health) -> None:
    fail(health, Trouble.RATE_LIMIT, wait=7)
    assert down(health, A, 6.9) == WORDS[Trouble.RATE_LIMIT]
    assert down(health, A, 6.9, alone=True) == ""
    assert down(health, A, 7) == ""
    assert health.state("a", 1) is BreakerState.CLOSED


@pytest.mark.parametrize(("wait", "pause"), [(None, 2), (86_400.0, 600)])
def test_a_pause_without_an_end_is_short_and_none_is_endless(
    health: Health, wait: float | None, pause: float
) -> None:
    fail(health, Trouble.RATE_LIMIT, wait=wait)
    assert down(health, A, pause - 0.1)
    assert not down(health, A, pause)


@pytest.mark.parametrize("trouble", [Trouble.REQUEST, Trouble.CONTEXT])
def test_a_bad_request_is_nobodys_failure(health: Health, trouble: Trouble) -> None:
    fail(health, trouble, times=20)
    assert not down(health, A, 0)


def test_what_this_machine_lacks_is_no_illness_of_a_provider(health: Health) -> None:
    fail(health, Trouble.LOCAL, times=20)
    assert not down(health, A, 0)


def test_one_request_probes_and_the_others_do_not_wait_for_it(health: Health) -> None:
    fail(health, Trouble.BROKEN, times=3)
    probe = leave(health, now=10)
    others = [health.ask(A, 10, alone=False) for _ in range(5)]
    assert all(isinstance(each, Down) for each in others)
    health.nothing(probe)
    health.well(leave(health, now=10), 11, retry=False)
    assert health.state("a", 11) is BreakerState.CLOSED


def test_who_needs_more_than_its_share_of_fallbacks_rests(health: Health) -> None:
    for _ in range(3):
        health.burden(A, 0)
    assert not down(health, A, 0)
    health.burden(A, 0)
    assert down(health, A, 0) == "it fails too often"
    assert not down(health, A, 0, alone=True)


def test_requests_earn_retries_and_retries_do_not(health: Health) -> None:
    for _ in range(3):
        assert health.may_repeat(A, 0)
    health.well(leave(health), 0, retry=True)
    assert not health.may_repeat(A, 0)
    for _ in range(5):
        health.well(leave(health), 0, retry=False)
    assert health.may_repeat(A, 0)


def test_of_a_provider_that_was_not_asked_nothing_is_known(health: Health) -> None:
    assert health.state("nobody", 0) is None
    assert health.why("nobody", 0) is None


def test_what_is_wrong_names_the_model(health: Health) -> None:
    fail(health, Trouble.BROKEN, times=3)
    assert health.why("a", 0) == f"m: {WORDS[Trouble.BROKEN]}"
    assert health.why("a", 0) is not None


def test_a_person_ends_the_rest_of_a_provider_and_of_its_models(
    health: Health,
) -> None:
    fail(health, Trouble.KEY)
    fail(health, Trouble.MODEL_GONE, Target(provider="b", model="m"))
    assert health.rests_until("a", 1) == 60
    assert health.rests_until("b", 1) == 120
    assert health.rests_until("nobody", 1) is None
    assert health.end_rests(["b", "nobody"], 1) == ["b"]
    assert down(health, A, 1)
    assert health.state("b", 1) is BreakerState.HALF_OPEN
    assert health.rests_until("b", 1) is None
    # What rests no more cannot be woken.
    assert health.end_rests(["b"], 1) == []
    assert health.end_rests([], 1) == ["a"]
    health.well(leave(health, now=1), 1, retry=False)
    assert health.state("a", 1) is BreakerState.CLOSED
