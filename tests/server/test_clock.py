from __future__ import annotations

import time

from faregate.server.clock import SystemClock


def test_the_clock_tells_unix_milliseconds() -> None:
    before = time.time() * 1000
    now = SystemClock().now_ms()
    assert isinstance(now, int)
    assert before - 1 <= now <= time.time() * 1000


def test_its_counters_never_go_back() -> None:
    clock = SystemClock()
    for tell in (clock.monotonic, clock.elapsed):
        seen = [tell() for _ in range(100)]
        assert seen == sorted(seen)
