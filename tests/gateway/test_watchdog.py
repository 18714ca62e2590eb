"""What is overdue, and what is not its own fault."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.flights import Flight, FlightState
from faregate.gateway.patient import SLEPT
from faregate.gateway.settings import GateSettings, Patience
from faregate.gateway.watchdog import excuse, look, overdue, watch
from faregate.protocols.codec import Answer
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.gates import SmallGate

PATIENCE = Patience()


class Ends:
    """What happened to a flight."""

    def __init__(self) -> None:
        self.given_up: list[Refusal] = []
        self.hung_up = 0
        self.dropped = 0

    def hang_up(self) -> None:
        self.hung_up += 1

    def drop(self) -> None:
        self.dropped += 1


class FakeMeter:
    """A meter that saw so many bytes of output."""

    output_bytes = 0

    def answer(self) -> Answer:
        return Answer(output_bytes=self.output_bytes)


def flight(state: FlightState, *, stream: bool = True, **more: Any) -> Flight:
    ends = Ends()
    made = Flight(
        id="f",
        session="s",
        agent=None,
        model="m",
        provider="p",
        started_ms=0,
        started=0.0,
        stream=stream,
        give_up=ends.given_up.append,
        hang_up=ends.hang_up,
        drop=ends.drop,
        state=state,
        state_since=0.0,
        last_byte=0.0,
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("state", "more", "allowed"),
    [
        (FlightState.CONNECTING, {}, 240.0),
        (FlightState.CONNECTING, {"stream": False}, 600.0),
        (FlightState.DRAINING, {}, 10.0),
        (FlightState.STREAMING, {}, 240.0),
        (FlightState.STREAMING, {"output_bytes": 1}, 120.0),
        (FlightState.STREAMING, {"stream": False}, 600.0),
        (FlightState.STREAMING, {"last_byte": 3600.0, "output_bytes": 1}, 3600.0),
    ],
)
def test_each_state_has_its_time(
    state: FlightState, more: dict[str, Any], allowed: float
) -> None:
    made = flight(state, **more)
    assert overdue(made, allowed, PATIENCE) is None
    assert overdue(made, allowed + 0.1, PATIENCE) is not None


def test_waiting_for_room_is_timed_by_the_line() -> None:
    assert overdue(flight(FlightState.WAITING), 10_000, PATIENCE) is None


def test_bytes_that_say_nothing_are_allowed_for_longer() -> None:
    made = flight(FlightState.STREAMING, output_bytes=1)
    meter: Any = FakeMeter()
    made.meter = meter
    for second in range(0, 601, 30):
        made.last_byte = float(second)
        look([made], float(second), PATIENCE)
    assert overdue(made, 600.0, PATIENCE) is None
    made.last_byte = 601.0
    assert overdue(made, 601.0, PATIENCE) == "only keep-alives for 600 s"
    meter.output_bytes = 5
    look([made], 601.0, PATIENCE)
    assert overdue(made, 601.0, PATIENCE) is None


def test_a_slow_client_does_not_make_the_provider_late() -> None:
    made = flight(FlightState.STREAMING, output_bytes=1, writing_since=0.0)
    assert overdue(made, 121.0, PATIENCE) is None


def test_a_client_that_reads_nothing_is_dropped() -> None:
    made = flight(FlightState.STREAMING, output_bytes=1, writing_since=0.0)
    ends: Any = made.drop.__self__  # type: ignore[attr-defined]
    look([made], 60.0, PATIENCE)
    assert (ends.dropped, ends.hung_up) == (0, 0)
    look([made], 60.1, PATIENCE)
    assert (ends.dropped, ends.hung_up) == (1, 1)


def test_who_is_overdue_is_told_why() -> None:
    made = flight(FlightState.CONNECTING)
    ends: Any = made.drop.__self__  # type: ignore[attr-defined]
    look([made], 241.0, PATIENCE)
    (why,) = ends.given_up
    assert why.code is RefusalCode.UPSTREAM_TIMEOUT
    assert why.message == "p: no answer within 240 s"


@pytest.mark.parametrize("state", list(FlightState))
def test_a_pause_of_the_process_makes_nothing_late(state: FlightState) -> None:
    made = flight(state, output_bytes=1, writing_since=0.0)
    excuse([made], 100_000.0)
    ends: Any = made.drop.__self__  # type: ignore[attr-defined]
    look([made], 100_001.0, PATIENCE)
    assert (ends.given_up, ends.dropped) == ([], 0)
    # Nothing was seen of it yet, and that is still so.
    assert made.progress_at is None


async def test_a_stopped_process_excuses_and_a_late_look_does_not(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    patience = Patience(look=0.001)
    small = SmallGate(ledger, clock, GateSettings(patience=patience))
    made = flight(FlightState.DRAINING, state_since=clock.monotonic())
    ends: Any = made.drop.__self__  # type: ignore[attr-defined]
    small.gate.flights.add(made)
    task = asyncio.ensure_future(watch(small.gate))
    await asyncio.sleep(0.02)
    clock.pass_by(3600)
    await asyncio.sleep(0.02)
    assert not ends.given_up
    clock.pass_by(SLEPT)
    await asyncio.sleep(0.02)
    clock.pass_by(SLEPT)
    await asyncio.sleep(0.02)
    clock.pass_by(1)
    await asyncio.sleep(0.02)
    assert ends.given_up
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
