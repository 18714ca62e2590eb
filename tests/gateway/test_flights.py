"""What is in flight now."""

from __future__ import annotations

import asyncio

from faregate.gateway.flights import Flight, Flights, FlightState
from tests.gateway.building import turn
from tests.gateway.test_watchdog import flight


def named(name: str, state: FlightState = FlightState.CONNECTING) -> Flight:
    made = flight(state)
    made.id = name
    return made


async def test_flights_come_and_go() -> None:
    flights = Flights()
    one, two = named("1"), named("2", FlightState.WAITING)
    flights.add(one)
    flights.add(two)
    assert flights.all() == [one, two]
    assert (len(flights), flights.waiting, flights.total) == (2, 1, 2)
    one.enter(FlightState.STREAMING, 7.0)
    assert (one.state, one.state_since) == (FlightState.STREAMING, 7.0)
    flights.remove(one)
    flights.remove(one)
    assert (len(flights), flights.total) == (1, 2)


async def test_one_can_wait_for_the_last_to_land() -> None:
    flights = Flights()
    await flights.landed()
    one, two = named("1"), named("2")
    flights.add(one)
    task = asyncio.ensure_future(flights.landed())
    await turn()
    flights.add(two)
    flights.remove(one)
    await turn()
    assert not task.done()
    flights.remove(two)
    await task
