"""What may follow an attempt that failed: another one, where, and after which wait.

Owns the kinds of trouble, what each allows, and the purse that keeps retries few.
Pure: time and jitter are arguments.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.lean import lean
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.escalation import Trigger


class Trouble(StrEnum):
    """What went wrong with an attempt, as far as the next step depends on it."""

    CONNECT = "connect"
    """No connection: not a byte was sent."""
    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    """The wallet or the plan's quota is empty: it does not help to wait a little."""
    KEY = "key"
    """The provider rejects the key."""
    FORBIDDEN = "forbidden"
    """The key, or the country, may not use this model."""
    MODEL_GONE = "model_gone"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    BROKEN = "broken"
    """The answer broke off, or is none."""
    STREAM_ERROR = "stream_error"
    """An error inside an answer that began with status 200."""
    CONTEXT = "context"
    """The request is longer than the model takes."""
    REQUEST = "request"
    """The request itself is at fault; the provider works."""
    REJECTED = "rejected"
    """The answer came and does not hold up; the provider works."""
    LOCAL = "local"
    """This machine could not ask: it says nothing about the provider."""


class RepeatPaid(StrEnum):
    """Where a request may be sent again that may have been paid for once."""

    NEVER = "never"
    ELSEWHERE = "elsewhere"
    """To another target of its route."""
    ANYWHERE = "anywhere"


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How one attempt failed."""

    trouble: Trouble
    message: str
    """In the provider's words, or ours."""
    status: int | None = None
    retry_after: float | None = None
    """Seconds that the provider asks to wait."""
    free: bool = False
    """It is proven that nothing was billed."""
    trigger: Trigger | None = None
    """What is wrong with an answer that was rejected."""


FALLS_BACK = frozenset(Trouble) - {
    Trouble.REQUEST,
    Trouble.REJECTED,
    Trouble.LOCAL,
}
"""Troubles after which another target may be asked."""
_REPEATABLE = frozenset(
    {
        Trouble.CONNECT,
        Trouble.TIMEOUT,
        Trouble.RATE_LIMIT,
        Trouble.OVERLOADED,
        Trouble.SERVER_ERROR,
        Trouble.BROKEN,
        Trouble.STREAM_ERROR,
    }
)
"""Troubles that may be over when the same target is asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how a request is tried again; durations in seconds."""

    attempts: int = 3
    """Attempts of one request on a route, the first, retries and fallbacks together."""
    direct: int = 1
    """The same for a request that names its target: agents retry by themselves."""
    base: float = 0.5
    """The longest wait before the first retry; doubled for each further one."""
    longest: float = 8.0
    max_wait: float = 10.0
    """A provider that asks for a longer wait is not asked again."""
    first_event: float = 60.0
    """A stream that has not begun by then is left for another target."""
    whole: float = 300.0
    """The same for an answer in one piece, until it is whole."""
    repeat_paid: RepeatPaid = RepeatPaid.ELSEWHERE


def may_go_elsewhere(failure: Failure, repeat_paid: RepeatPaid) -> bool:
    """Tell whether another target may be asked after a failure."""
    if failure.trouble not in FALLS_BACK:
        return False
    return failure.free or repeat_paid is not RepeatPaid.NEVER


def may_repeat(failure: Failure, repeat_paid: RepeatPaid) -> bool:
    """Tell whether the same target may be asked again after a failure."""
    if failure.trouble not in _REPEATABLE:
        return False
    return failure.free or repeat_paid is RepeatPaid.ANYWHERE


def wait_before(
    failure: Failure, retry: int, policy: RetryPolicy, jitter: float
) -> float | None:
    """Return the seconds before the same target is asked again; None for never.

    `retry` counts from 1, `jitter` is 0 to 1. What the provider asks for is the
    least, and the jitter comes on top: nobody asks again all at once.
    """
    doubled: int = 2 ** (retry - 1)
    most = min(policy.longest, policy.base * doubled)
    asked = failure.retry_after or 0.0
    if asked > policy.max_wait:
        return None
    return asked + most * jitter


class RetryPurse:
    """The retries that one provider may still get: a fifth of its requests.

    Counted in fifths of a retry, with a floor that refills with time, so that a
    quiet provider gets its few retries, too.
    """

    __slots__ = ("_at", "_fifths")
    RETRY = 5
    FLOOR = 15
    MOST = 100
    REFILL = 2.0
    """Seconds for a fifth, while there is less than the floor."""

    def __init__(self) -> None:
        """Begin with the floor."""
        self._fifths = self.FLOOR
        self._at = 0.0

    def earn(self) -> None:
        """Take note of a request that is no retry."""
        if self._fifths < self.MOST:
            self._fifths += 1

    def spend(self, now: float) -> bool:
        """Take one retry out, if there is one; `now` in seconds."""
        if self._fifths < self.FLOOR:
            gained = int((now - self._at) / self.REFILL)
            self._fifths = min(self.FLOOR, self._fifths + gained)
            self._at += gained * self.REFILL
        else:
            self._at = now
        if self._fifths < self.RETRY:
            return False
        self._fifths -= self.RETRY
        return True
