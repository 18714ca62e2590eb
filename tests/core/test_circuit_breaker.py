"""When a breaker opens, who may probe, and when it closes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from faregate.core.circuit_breaker import (
    Breaker,
    BreakerPolicy,
    BreakerState,
    Permit,
)

POLICY = BreakerPolicy(calls=10, window=30, samples=4, percent=50, rest=10, longest=60)


def broken(at: float = 0.0) -> Breaker:
    breaker = Breaker(POLICY)
    for _ in range(4):
        breaker.failed(at, "503")
    return breaker


def test_it_opens_at_half_the_calls_and_not_before_there_are_enough() -> None:
    breaker = Breaker(POLICY)
    for _ in range(3):
        breaker.failed(0, "503")
        assert breaker.ask(0) is Permit.GO
    breaker.succeeded(0)
    assert breaker.state(0) is BreakerState.CLOSED
    breaker.failed(0, "503")
    assert breaker.state(0) is BreakerState.OPEN
    assert breaker.why == "503"
    assert breaker.ask(9.9) is Permit.NO


def test_fewer_failures_than_half_keep_it_closed() -> None:
    breaker = Breaker(POLICY)
    for _ in range(20):
        breaker.succeeded(0)
        breaker.succeeded(0)
        breaker.failed(0, "503")
    assert breaker.state(0) is BreakerState.CLOSED


def test_old_calls_do_not_count() -> None:
    breaker = Breaker(POLICY)
    for _ in range(3):
        breaker.failed(0, "503")
    breaker.failed(31, "503")
    assert breaker.state(31) is BreakerState.CLOSED


def test_a_rest_that_is_ended_lets_one_call_probe_at_once() -> None:
    breaker = broken()
    breaker.end_rest(1)
    assert breaker.state(1) is BreakerState.HALF_OPEN
    assert [breaker.ask(1) for _ in range(2)] == [Permit.PROBE, Permit.NO]
    # A probe that runs is not joined by a second one.
    breaker.end_rest(2)
    assert breaker.ask(2) is Permit.NO
    breaker.failed(3, "503", Permit.PROBE)
    assert breaker.until == 3 + 20
    breaker.end_rest(30)
    assert breaker.until == 23


def test_exactly_one_call_probes() -> None:
    breaker = broken()
    assert breaker.state(10) is BreakerState.HALF_OPEN
    assert breaker.would(10) is Permit.PROBE
    assert [breaker.ask(10) for _ in range(3)] == [Permit.PROBE, Permit.NO, Permit.NO]
    assert breaker.state(10) is BreakerState.HALF_OPEN
    breaker.succeeded(11, Permit.PROBE)
    assert breaker.state(11) is BreakerState.CLOSED
    breaker.failed(11, "503")
    assert breaker.ask(11) is Permit.GO


def test_each_failed_probe_doubles_the_rest_up_to_a_limit() -> None:
    breaker = broken()
    now, rests = 10.0, []
    for _ in range(4):
        assert breaker.ask(now) is Permit.PROBE
        breaker.failed(now, "503", Permit.PROBE)
        rests.append(breaker.until - now)
        now = breaker.until
    assert rests == [20, 40, 60, 60]


def test_a_probe_that_says_nothing_leaves_its_place_to_the_next() -> None:
    breaker = broken()
    assert breaker.ask(10) is Permit.PROBE
    breaker.neutral(Permit.PROBE)
    assert breaker.ask(10) is Permit.PROBE


def test_calls_from_before_it_opened_decide_nothing() -> None:
    breaker = broken()
    breaker.succeeded(1)
    breaker.failed(1, "again")
    breaker.trip(1, "again", 300)
    breaker.neutral()
    assert breaker.state(9) is BreakerState.OPEN
    assert breaker.until == 10
    assert breaker.ask(10) is Permit.PROBE


def test_one_failure_may_prove_enough() -> None:
    breaker = Breaker(POLICY)
    breaker.trip(0, "the key was rejected", 40)
    assert breaker.state(39) is BreakerState.OPEN
    assert breaker.ask(40) is Permit.PROBE
    breaker.trip(40, "the key was rejected", 40, Permit.PROBE)
    assert breaker.until == 40 + 60


def test_jitter_lengthens_the_rest_only() -> None:
    breaker = Breaker(POLICY)
    breaker.trip(0, "x", 10, jitter=1.0)
    assert breaker.until == 12


def test_it_tells_whether_anything_works() -> None:
    breaker = Breaker(POLICY)
    breaker.succeeded(0)
    breaker.failed(1, "503")
    assert not breaker.total(1)
    assert breaker.total(31)


@given(
    st.lists(
        st.tuples(st.sampled_from(["ok", "bad", "trip", "none"]), st.integers(0, 20)),
        max_size=60,
    )
)
def test_never_two_probes_at_once_and_never_stuck(steps: list[tuple[str, int]]) -> None:
    breaker = Breaker(POLICY)
    now, running = 0.0, list[Permit]()
    for how, gap in steps:
        now += gap
        permit = breaker.ask(now)
        if permit is not Permit.NO:
            running.append(permit)
        assert running.count(Permit.PROBE) <= 1
        if len(running) > 2 or (running and permit is Permit.NO):
            ended = running.pop(0)
            if how == "ok":
                breaker.succeeded(now, ended)
            elif how == "bad":
                breaker.failed(now, "bad", ended)
            elif how == "trip":
                breaker.trip(now, "trip", 10, ended)
            else:
                breaker.neutral(ended)
    for ended in running:
        breaker.neutral(ended)
    assert breaker.would(now + 1000) is not Permit.NO
