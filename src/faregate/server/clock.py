"""The one clock of the running proxy."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Linux calls it so; on macOS this clock goes on in sleep, and Python's own does not.
_COUNTS_SLEEP: int | None = getattr(
    time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None)
)
_elapsed: Callable[[], float] = (
    time.monotonic
    if _COUNTS_SLEEP is None
    else functools.partial(time.clock_gettime, _COUNTS_SLEEP)
)


class SystemClock:
    """Wall and monotonic time of this machine."""

    def now_ms(self) -> int:
        """Return Unix milliseconds."""
        return time.time_ns() // 1_000_000

    monotonic = staticmethod(time.monotonic)
    elapsed = staticmethod(_elapsed)
