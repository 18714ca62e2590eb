"""The one clock of the running proxy."""

from __future__ import annotations

import time

# Only Linux has this clock; elsewhere the monotonic one goes on in sleep.
_COUNTS_SLEEP: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class SystemClock:
    """Wall and monotonic time of this machine."""

    def now_ms(self) -> int:
        """Return Unix milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        return time.monotonic()

    def elapsed(self) -> float:
        """Return seconds of a clock that never goes back and counts sleep."""
        if _COUNTS_SLEEP is None:
            return time.monotonic()
        return time.clock_gettime(_COUNTS_SLEEP)
