"""What limits are made of: their values, what counts against them, what is asked.

Each limit is one function in a file of its own: given these three it says whether
the limit is reached. Money over a window is a budget, not a limit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import field

from faregate.core.lean import lean
from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass

MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one session; None where there is none.

    `wall_clock` is in seconds, tokens are counted with those read from a cache.
    """

    requests: int | None = None
    wall_clock: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    retries: int | None = None
    """Of the gate and of the agent together."""
    tool_calls: int | None = None
    concurrency: int | None = None
    request_input_tokens: int | None = None
    request_output_tokens: int | None = None
    tokens_per_minute: int | None = None
    spend_per_minute: Money | None = None


NO_LIMITS = Limits()


class LastMinute:
    """What was used within the last 60 seconds, to the request."""

    __slots__ = ("_entries", "pico", "tokens")

    def __init__(self) -> None:
        self._entries: deque[tuple[float, int, int]] = deque()
        self.tokens = 0
        self.pico = 0

    def add(self, now: float, tokens: int, pico: int) -> None:
        """Note what a request used that ended at `now`, in seconds."""
        self._entries.append((now, tokens, pico))
        self.tokens += tokens
        self.pico += pico

    def forget(self, now: float) -> None:
        """Drop what lies a minute back."""
        entries = self._entries
        while entries and entries[0][0] <= now - MINUTE:
            _, tokens, pico = entries.popleft()
            self.tokens -= tokens
            self.pico -= pico

    def until_tokens(self, most: int, now: float) -> float:
        """Return the seconds until no more than `most` tokens count."""
        return self._until(most, now, self.tokens, 1)

    def until_pico(self, most: int, now: float) -> float:
        """Return the seconds until no more than `most` pico-USD count."""
        return self._until(most, now, self.pico, 2)

    def _until(self, most: int, now: float, used: int, column: int) -> float:
        if used <= most:
            return 0.0
        for entry in self._entries:
            used -= int(entry[column])
            if used <= most:
                return max(0.0, entry[0] + MINUTE - now)
        return MINUTE


@dataclass(slots=True, kw_only=True)
class Counters:
    """What a session has used; sub-agents count here as well. Changes as it runs."""

    started: float = 0.0
    """When its first request came, in the seconds of `Wish.now`."""
    requests: int = 0
    """Let through, those that still run included."""
    running: int = 0
    retries: int = 0
    retries_running: int = 0
    """Those among the retries that still run."""
    input_tokens: int = 0
    output_tokens: int = 0
    tool_calls: int = 0
    input_held: int = 0
    """Most input tokens that running requests may turn out to use."""
    output_held: int = 0
    cost_held: int = 0
    """Pico-USD that running requests may turn out to cost."""
    minute: LastMinute = field(default_factory=LastMinute)


@lean
@dataclass(frozen=True, slots=True)
class Wish:
    """What one request wants to use at most."""

    input: int
    output: int
    """Output tokens of all choices."""
    output_least: int
    """What it can be clamped to; equal to `output` where that cannot be done."""
    cost: Money = ZERO
    client_retry: bool = False
    now: float = 0.0
    """Seconds of a clock that never goes back and counts sleep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A limit that stands in the way of a request."""

    limit: str
    """Its name in the configuration."""
    most: int | float | Money
    used: int | float | Money
    """What counts against it already, running requests at their most."""
    needed: int | Money = 0
    """What this request may add, where that decides."""
    wait: float | None = None
    """Seconds after which it is worth asking again, while waiting can help."""


Check = Callable[[Limits, Counters, Wish], Reached | None]

ON_CHANGE = MINUTE
"""A wait that ends when another request of the session does, at the latest then."""
