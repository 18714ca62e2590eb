"""Time that a sudden change of the system clock does not move.

A clock that jumps ahead would open fresh budget windows. So a jump counts only once
a provider's answer carries the same time, or after a restart; until then time goes
on from where it was. Small corrections, and time spent asleep, are followed.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.gateway.ports import Clock

LARGEST_STEP_MS = 3_600_000
"""A step of the clock that is followed without a witness."""
WITNESS_MS = 300_000
"""How far a witness's clock and ours may be apart."""


class SteadyClock:
    """A clock over another one; `now_ms` never follows an unconfirmed jump."""

    def __init__(self, clock: Clock) -> None:
        # Asked many times for each request: no step in between.
        self._wall_ms = clock.now_ms
        self.elapsed = clock.elapsed
        """Return seconds of a clock that never goes back and counts sleep."""
        self.monotonic = clock.monotonic
        """Return seconds of a clock that never goes back."""
        self._offset = clock.now_ms() - clock.elapsed() * 1000
        self.jump_ms = 0
        """By how much the system clock is away from the time that counts."""
        self.on_jump: Callable[[int], None] = lambda _ms: None
        """Told of a jump once, when it is first seen."""

    def now_ms(self) -> int:
        """Return Unix milliseconds."""
        wall, elapsed_ms = self._wall_ms(), self.elapsed() * 1000
        step = wall - elapsed_ms - self._offset
        if -LARGEST_STEP_MS <= step <= LARGEST_STEP_MS:
            self._offset += step
            self.jump_ms = 0
            return wall
        jumped, self.jump_ms = self.jump_ms, int(step)
        if not jumped:
            self.on_jump(self.jump_ms)
        return int(elapsed_ms + self._offset)

    def witness(self, date: str | None) -> None:
        """Take the `Date` header of an answer: it may confirm a jump."""
        if not self.jump_ms or date is None:
            return
        try:
            said = int(parsedate_to_datetime(date).timestamp() * 1000)
        except (ValueError, OverflowError):
            return
        wall = self._wall_ms()
        if abs(said - wall) <= WITNESS_MS:
            self._offset = wall - self.elapsed() * 1000
            self.jump_ms = 0
