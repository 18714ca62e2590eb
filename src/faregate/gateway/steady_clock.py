"""Time that a sudden change of the system clock does not move.

A clock that jumps ahead would open fresh budget windows. So a jump counts only once
a provider's answer carries the same time, or after a restart; until then time goes
on from where it was. Small corrections, and time spent asleep, are followed.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.gateway.ports import Clock

LARGEST_STEP_MS = 3_600_000
"""A step of the clock that is followed without a witness."""
LONGEST_REST_S = 400 * 86_400
"""How long a ledger may have rested before the clock is doubted at the start."""
WITNESS_MS = 300_000
"""How far a witness's clock and ours may be apart."""
UNCHECKED_MS = 1000
"""How far the system clock may go on from where it was compared with the other one."""


def doubt(now_s: float, last_s: float) -> str | None:
    """Return why the clock is not believed at a start; None when it is.

    `last_s` is when the newest window of a budget began, 0 for a ledger without any.
    A month that has not begun would be entered for good: windows never go back.
    """
    if not last_s or now_s - last_s <= LONGEST_REST_S:
        return None
    now, last = (datetime.fromtimestamp(s, UTC).date() for s in (now_s, last_s))
    return (
        f"the system clock says {now}, and the newest budget window in the ledger is of "
        f"{last}: budgets would move on for good. Set the clock; if it is right, start "
        "once with FAREGATE_TRUST_CLOCK=1"
    )


class SteadyClock:
    """A clock over another one; `now_ms` never follows an unconfirmed jump."""

    def __init__(self, clock: Clock) -> None:
        # Asked many times for each request: no step in between.
        self._wall_ms = clock.now_ms
        self.elapsed = clock.elapsed
        """Return seconds of a clock that never goes back and counts sleep."""
        self.monotonic = clock.monotonic
        """Return seconds of a clock that never goes back."""
        wall = clock.now_ms()
        self._offset = wall - clock.elapsed() * 1000
        self._compared: float = wall
        """Where the system clock was when it was last found to be right."""
        self.jump_ms = 0
        """By how much the system clock is away from the time that counts."""
        self.on_jump: Callable[[int], None] = lambda _ms: None
        """Told of a jump once, when it is first seen."""
        self.on_skew: Callable[[int], None] = lambda _ms: None
        """Told once by how much the clock is ahead of what a provider says."""
        self._agreed = False
        """A provider has been heard; its word is not asked for each answer."""

    def now_ms(self) -> int:
        """Return Unix milliseconds."""
        wall = self._wall_ms()
        if 0 <= wall - self._compared < UNCHECKED_MS:
            return wall
        elapsed_ms = self.elapsed() * 1000
        step = wall - elapsed_ms - self._offset
        if -LARGEST_STEP_MS <= step <= LARGEST_STEP_MS:
            self._offset += step
            self._compared = wall
            self.jump_ms = 0
            return wall
        self._compared = math.inf
        jumped, self.jump_ms = self.jump_ms, int(step)
        if not jumped:
            self.on_jump(self.jump_ms)
        return int(elapsed_ms + self._offset)

    def witness(self, date: str | None) -> None:
        """Take the `Date` header of an answer: it may confirm a jump, or deny the clock.

        What one answer says moves no time; that they disagree is told once.
        """
        if date is None or (self._agreed and not self.jump_ms):
            return
        try:
            said = int(parsedate_to_datetime(date).timestamp() * 1000)
        except (ValueError, OverflowError):
            return
        wall = self._wall_ms()
        if abs(said - wall) <= WITNESS_MS:
            self._agreed = True
            if self.jump_ms:
                self._offset = wall - self.elapsed() * 1000
                self.jump_ms = 0
        elif not self.jump_ms and abs(said - wall) > LARGEST_STEP_MS:
            self._agreed = True
            self.on_skew(wall - said)
