"""A clock that follows time, sleep and small corrections, and no jump."""

from __future__ import annotations

import pytest

from faregate.gateway.steady_clock import LONGEST_REST_S, SteadyClock, doubt
from tests.gateway.building import FakeClock

HOUR = 3_600_000
HTTP = "Sat, 28 Nov 2026 11:06:40 GMT"
HTTP_MS = 1_795_864_000_000


@pytest.fixture
def steady(clock: FakeClock) -> SteadyClock:
    return SteadyClock(clock)


def test_time_passes(clock: FakeClock, steady: SteadyClock) -> None:
    for _ in range(50):
        clock.pass_by(3600)
        assert steady.now_ms() == clock.ms
    assert steady.monotonic() == clock.monotonic()
    assert steady.elapsed() == clock.elapsed()


@pytest.mark.parametrize("step", [HOUR, -HOUR, 1, -1])
def test_a_small_step_is_followed(
    step: int, clock: FakeClock, steady: SteadyClock
) -> None:
    clock.ms += step
    assert steady.now_ms() == clock.ms
    assert steady.jump_ms == 0


@pytest.mark.parametrize("step", [HOUR + 1, -HOUR - 1, 30 * 24 * HOUR])
def test_a_jump_is_not(step: int, clock: FakeClock, steady: SteadyClock) -> None:
    before = clock.ms
    told: list[int] = []
    steady.on_jump = told.append
    clock.ms += step
    assert steady.now_ms() == before
    clock.pass_by(10)
    assert steady.now_ms() == before + 10_000
    assert steady.jump_ms == step
    assert told == [step]
    clock.ms -= step
    assert steady.now_ms() == clock.ms
    assert steady.jump_ms == 0


def test_sleep_is_no_jump(clock: FakeClock, steady: SteadyClock) -> None:
    clock.ms += 9 * HOUR
    clock.asleep += 9 * 3600
    assert steady.now_ms() == clock.ms


def test_a_witness_confirms_what_it_says_itself(
    clock: FakeClock, steady: SteadyClock
) -> None:
    clock.ms = HTTP_MS + 200_000
    assert steady.now_ms() != clock.ms
    steady.witness(HTTP)
    assert steady.now_ms() == clock.ms


@pytest.mark.parametrize("said", [None, "", "soon", "Sat, 28 Nov 2026", HTTP])
def test_a_witness_of_another_time_does_not(
    said: str | None, clock: FakeClock, steady: SteadyClock
) -> None:
    clock.ms = HTTP_MS + 400_000
    steady.now_ms()
    steady.witness(said)
    assert steady.now_ms() != clock.ms


def test_nobody_is_asked_while_all_is_well(
    clock: FakeClock, steady: SteadyClock
) -> None:
    steady.witness("no date at all")
    assert steady.now_ms() == clock.ms


def test_a_provider_that_says_another_time_is_told_of_once(
    clock: FakeClock, steady: SteadyClock
) -> None:
    told: list[int] = []
    steady.on_skew = told.append
    clock.ms = HTTP_MS + 30 * 24 * HOUR
    ahead = SteadyClock(clock)
    ahead.on_skew = told.append
    before = ahead.now_ms()
    for date in (None, "nonsense", HTTP, HTTP):
        ahead.witness(date)
    assert told == [30 * 24 * HOUR]
    assert ahead.now_ms() == before


def test_a_provider_that_agrees_is_not_asked_again(clock: FakeClock) -> None:
    told: list[int] = []
    clock.ms = HTTP_MS + 1_000
    steady = SteadyClock(clock)
    steady.on_skew = told.append
    steady.witness(HTTP)
    # A stray header later on says nothing of our clock.
    steady.witness("Sat, 28 Nov 2020 11:06:40 GMT")
    assert told == []


def test_a_ledger_that_rested_for_long_makes_the_clock_doubtful() -> None:
    now = HTTP_MS / 1000
    assert doubt(now, 0) is None
    assert doubt(now, now - LONGEST_REST_S) is None
    assert doubt(now, now + 10 * LONGEST_REST_S) is None
    why = doubt(now + 80 * 365 * 86_400, now)
    assert why is not None
    assert "the system clock says 2106-11-09" in why
    assert "is of 2026-11-28" in why
    assert "FAREGATE_TRUST_CLOCK=1" in why


def test_clocks_are_not_compared_at_every_look(clock: FakeClock) -> None:
    steady = SteadyClock(clock)
    looks: list[float] = []

    passed = clock.elapsed

    def elapsed() -> float:
        looks.append(passed())
        return looks[-1]

    steady.elapsed = elapsed
    looks.clear()
    for _ in range(30):
        clock.pass_by(0.1)
        assert steady.now_ms() == clock.ms
    assert 1 <= len(looks) <= 4
    clock.ms += 30 * 24 * HOUR
    assert steady.now_ms() < clock.ms
    assert steady.jump_ms
