"""A clock that follows time, sleep and small corrections, and no jump."""

from __future__ import annotations

import pytest

from faregate.gateway.steady_clock import SteadyClock
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
