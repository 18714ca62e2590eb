from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from faregate.tui.clock import SystemClock


def test_the_machines_clock_is_aware_and_local_to_the_zone() -> None:
    zone = timezone(timedelta(hours=2))
    clock = SystemClock(zone)
    now = clock.now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock.local(datetime(2026, 1, 1, 23, 30, tzinfo=UTC)).hour == 1
    assert clock.monotonic() <= clock.monotonic()
