"""A circuit breaker: stops asking who fails, and tries again with one request.

Owns when it opens, for how long, and who may probe. Pure: the time and the jitter are
arguments, and what counts as a failure is decided by whoever reports it.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from faregate.core.values import dataclass

_DOUBLINGS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """When a breaker opens and how long it stays so; durations in seconds."""

    calls: int = 20
    """The latest calls that are looked at."""
    window: float = 30.0
    """Calls that ended longer ago do not count."""
    samples: int = 5
    """Fewer calls than this say nothing."""
    percent: int = 50
    """Share of failures from which it opens."""
    rest: float = 10.0
    """How long it stays open the first time; doubled with each failed probe."""
    longest: float = 300.0


class BreakerState(StrEnum):
    """What a breaker does with the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    """The next call, or the one that runs, is the probe."""


class Permit(StrEnum):
    """What a call may do."""

    GO = "go"
    PROBE = "probe"
    """Go, alone: its end decides whether the breaker closes."""
    NO = "no"


class Breaker:
    """Guards one thing that can fail; not thread-safe.

    Whoever got a permit reports the end exactly once, with that permit: `succeeded`,
    `failed`, `trip` or `neutral` (the client left, the request itself was bad).
    """

    __slots__ = (
        "_doubled",
        "_latest",
        "_policy",
        "_probing",
        "is_open",
        "tripped",
        "until",
        "why",
    )

    def __init__(self, policy: BreakerPolicy) -> None:
        """Begin closed."""
        self._policy = policy
        self._latest: deque[tuple[float, bool]] = deque(maxlen=policy.calls)
        self.is_open = False
        """It is not closed: open, or half open."""
        self.tripped = False
        """One failure that proves enough opened it."""
        self._probing = False
        self._doubled = 0
        self.until = 0.0
        """When the rest is over; monotonic seconds."""
        self.why = ""
        """Why it opened, for a person."""

    def state(self, now: float) -> BreakerState:
        """Return what the next call would meet."""
        if not self.is_open:
            return BreakerState.CLOSED
        rested = self._probing or now >= self.until
        return BreakerState.HALF_OPEN if rested else BreakerState.OPEN

    def would(self, now: float) -> Permit:
        """Return what `ask` would, without taking the probe's place."""
        if not self.is_open:
            return Permit.GO
        return Permit.NO if self._probing or now < self.until else Permit.PROBE

    def ask(self, now: float) -> Permit:
        """Return whether a call may go; exactly one at a time is the probe."""
        permit = self.would(now)
        if permit is Permit.PROBE:
            self._probing = True
        return permit

    def succeeded(self, now: float, permit: Permit = Permit.GO) -> None:
        """Take the end of a call that went well."""
        if permit is Permit.PROBE:
            self._close()
        elif not self.is_open:
            # A call from before it opened says nothing about now.
            self._latest.append((now, True))

    def failed(
        self, now: float, why: str, permit: Permit = Permit.GO, *, jitter: float = 0.0
    ) -> None:
        """Take the end of a call that failed; `jitter` 0 to 1 lengthens the rest."""
        if permit is Permit.PROBE:
            self._rest(now, self._policy.rest, why, jitter)
            self.tripped = False
        elif not self.is_open:
            self._latest.append((now, False))
            if self._too_many(now):
                self._rest(now, self._policy.rest, why, jitter)

    def trip(
        self,
        now: float,
        why: str,
        rest: float,
        permit: Permit = Permit.GO,
        *,
        jitter: float = 0.0,
    ) -> None:
        """Open at once, for what one failure proves."""
        if permit is Permit.PROBE or not self.is_open:
            self._latest.append((now, False))
            self._rest(now, rest, why, jitter)
            self.tripped = True

    def neutral(self, permit: Permit = Permit.GO) -> None:
        """Take the end of a call that says nothing; a probe's place is free again."""
        if permit is Permit.PROBE:
            self._probing = False

    def end_rest(self, now: float) -> None:
        """Let the next call probe; one that probes now is waited for."""
        self.until = min(self.until, now)

    def total(self, now: float) -> bool:
        """Tell whether nothing has worked lately, as far as there is anything."""
        return not any(ok for at, ok in self._latest if now - at <= self._policy.window)

    def _too_many(self, now: float) -> bool:
        counted = [ok for at, ok in self._latest if now - at <= self._policy.window]
        bad = counted.count(False)
        return len(
            counted
        ) >= self._policy.samples and bad * 100 >= self._policy.percent * len(counted)

    def _rest(self, now: float, rest: float, why: str, jitter: float) -> None:
        longest = max(self._policy.longest, rest)
        length = min(rest * 2 ** min(self._doubled, _DOUBLINGS), longest)
        self._doubled += 1
        self.is_open = True
        self._probing = False
        self.until = now + length * (1 + jitter / 5)
        self.why = why

    def _close(self) -> None:
        self.is_open = self.tripped = self._probing = False
        self._doubled = 0
        self._latest.clear()
        self.why = ""
