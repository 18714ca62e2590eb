"""The event log keeps the newest, in order, and never grows."""

from __future__ import annotations

from faregate.gateway.events import EventLog


def test_events_are_read_from_where_one_was() -> None:
    log = EventLog()
    for text in ("one", "two", "three"):
        log.publish("error", text, at_ms=5)
    assert log.seq == 3
    assert [event.text for event in log.since(0)] == ["one", "two", "three"]
    assert [event.text for event in log.since(2)] == ["three"]
    assert log.since(3) == []


def test_the_oldest_are_dropped() -> None:
    log = EventLog(size=10)
    for number in range(100):
        log.publish("error", str(number), at_ms=number)
    kept = log.since(0)
    assert [event.seq for event in kept] == list(range(91, 101))
    assert kept[-1].at_ms == 99
