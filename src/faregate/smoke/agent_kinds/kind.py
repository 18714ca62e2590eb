"""What every kind of agent tells the loop that drives it.

Owns the parts of a conversation as an agent sees it; does no I/O.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

Json = dict[str, Any]
LATER = 60.0


@dataclass(slots=True, kw_only=True)
class Called:
    """One tool call as it is read; arguments grow piece by piece."""

    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True, kw_only=True)
class Said:
    """One answer as far as it was read.

    `ended` is set by the event after which this agent needs no more; tokens are those
    the provider reported, or zero.
    """

    text: str = ""
    calls: dict[int, Called] = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    ended: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why one try failed.

    `status` is that of an answer that was no success. Otherwise it is None, and
    `streaming` says whether the answer had begun; `message` is what a person sees.
    """

    status: int | None
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    streaming: bool = False
    reported: bool = False
    """The stream itself reported the error, as an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often an agent sends a request in all, by what went wrong.

    `delays` are seconds between tries; the last one repeats. `longest_wait` is the
    longest Retry-After it sits out; above it the agent gives up.
    """

    by_status: Mapping[int, int]
    server_errors: int
    closed: int
    cut: int
    reported: int
    delays: tuple[float, ...]
    obeys_retry_after: bool = True
    obeys_no_retry: bool = False
    longest_wait: float = LATER

    def tries(self, trouble: Trouble) -> int:
        """Return the tries in all for such a trouble; 1 is no retry."""
        if trouble.status is None:
            if trouble.reported:
                return self.reported
            return self.cut if trouble.streaming else self.closed
        if self.obeys_no_retry and trouble.headers.get("x-should-retry") == "false":
            return 1
        if self.obeys_retry_after and asked_to_wait(trouble) > self.longest_wait:
            return 1
        default = self.server_errors if trouble.status >= 500 else 1
        return self.by_status.get(trouble.status, default)

    def delay(self, retry: int, trouble: Trouble) -> float:
        """Return the seconds before retry number `retry`, counted from 0."""
        own = self.delays[min(retry, len(self.delays) - 1)]
        return max(own, asked_to_wait(trouble)) if self.obeys_retry_after else own


def asked_to_wait(trouble: Trouble) -> float:
    """Return the seconds in Retry-After; 0 when it is absent or no number."""
    value = trouble.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else 0.0


class AgentKind(Protocol):
    """One agent program in one session; holds its conversation."""

    name: str
    patience: Patience
    fresh_connections: bool
    knocks: bool
    """Sends `HEAD /` before its first request."""
    leaves_early: bool
    """Closes the socket at the last event instead of reading to the end."""
    retries_whole: bool
    """Repeats a broken stream once without streaming."""

    @property
    def session(self) -> str:
        """Return the id this agent names its session by."""

    def path(self) -> str:
        """Return the path and query of a request, with its version."""

    def headers(self, token: str, retry: int) -> Mapping[str, str]:
        """Return the headers of a request; `retry` counts from 0."""

    def side_calls(self) -> list[Json]:
        """Return the bodies of calls made before the first turn."""

    def body(self) -> Json:
        """Return the body of the next turn."""

    def read(self, event: Json, said: Said) -> None:
        """Take one event of a stream in."""

    def read_whole(self, answer: Json) -> Said:
        """Read an answer that was not streamed."""

    def take(self, said: Said, rng: Random) -> None:
        """Put an answer, and what its tools gave, into the conversation."""


def number(value: object) -> int:
    """Return a counter from the wire; anything else counts as 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
