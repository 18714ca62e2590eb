"""Models of the control API for limits, pauses and stops.

Additive only. Money is a decimal string in USD; instants are RFC 3339 in UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from faregate.control.asking import Ask

if TYPE_CHECKING:
    from collections.abc import Sequence

StandingState = Literal["running", "paused", "stopped", "out_of_time", "ended"]


class RunLimits(Ask, frozen=True, kw_only=True):
    """Limits that a person gives one run; None is no choice."""

    requests: int | None = None
    wall_clock: float | None = None
    """Seconds."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    retries: int | None = None
    tool_calls: int | None = None
    concurrency: int | None = None
    request_input_tokens: int | None = None
    request_output_tokens: int | None = None
    tokens_per_minute: int | None = None
    spend_per_minute: str | None = None
    """USD."""


class LatchView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is paused or stopped: "all", "workspace:X" or "session:X"."""

    scope: str
    state: Literal["paused", "stopped"]
    at: str
    who: str


class LatchAsk(Ask, frozen=True, kw_only=True):
    """Ask to pause, stop or resume a scope."""

    scope: str


class LatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it."""

    scope: str
    changed: bool
    """False when it was so already."""
    ended: int = 0
    """Running requests that were ended by it."""
    over: bool = False
    """The session had ended before; what comes under its name is held up all the same.
    """


class LimitView(msgspec.Struct, frozen=True, kw_only=True):
    """One limit as it holds: seconds for wall_clock, USD text for money."""

    name: str
    limit: str | None
    used: str | None
    """None where nothing is counted over the session, or nothing was asked yet."""
    source: str
    """"default", "[limits]", "[limits.agent.NAME]", "faregate run", or who set it:
    "faregate limits", with --session, --agent NAME or --workspace NAME."""
    hit: int = 0
    """Requests that it refused since the proxy started."""
    until: str | None = None
    """When it ends, where it was set for a while."""
    without: str | None = None
    """What would hold had nothing been set by `faregate limits`, where that differs."""
    scope: str | None = None
    """Whom it was set for by `faregate limits`: "all", "session:X", "agent:X" or
    "workspace:X"; None where it is from elsewhere."""


class LimitsView(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a session, or of any session of an agent."""

    session: str | None
    agent: str | None
    limits: list[LimitView]
    workspace: str | None = None


class LoopView(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation that was stopped because it went in circles."""

    session: str
    root: str
    """The session that is resumed or stopped with it."""
    rule: str
    times: int
    what: str
    """What repeats, as a clause."""
    calls: list[str]
    """One round of it, oldest first; kept in memory alone."""
    at: str
    latest: str
    """When a request was refused for it last."""
    refused: int


class SetLimit(Ask, frozen=True, kw_only=True):
    """Ask to set a limit, or to take back what was set."""

    scope: str
    """"all", "session:X", "agent:X" or "workspace:X"."""
    name: str
    value: str | None
    """As a person types it: "200k", "90m", "0.50", "none"; None takes it back."""
    for_s: float | None = None
    """Seconds for which it holds; None for good."""
    preview: bool = False
    """Only tell what it would do."""


class LimitChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What a limit was and is; values are as in `LimitView`, None for no limit."""

    scope: str
    name: str
    before: str | None
    after: str | None
    loosens: bool
    """Somebody may use more than before, so that it needs a person."""
    until: str | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a session may go on, for whoever runs it."""

    state: StandingState
    why: str | None = None
    limits_hit: dict[str, int] = {}
    max_time_s: float | None = None
    """How long the session may last now, from its first request on."""


def latched_words(paused: Sequence[str], stopped: Sequence[str]) -> str:
    """Return "everything paused, workspace web stopped"; "" where nothing is.

    Takes scopes; each state names two of them and counts the rest.
    """
    parts = []
    for scopes, state in ((stopped, "stopped"), (paused, "paused")):
        if scopes:
            # What concerns everything comes before what concerns a part.
            names = sorted(scopes, key=lambda scope: (scope != "all", scope))
            told = [
                "everything" if name == "all" else name.replace(":", " ", 1)
                for name in names[:2]
            ]
            more = f" and {len(names) - 2} more" if len(names) > 2 else ""
            parts.append(f"{(', ' if more else ' and ').join(told)}{more} {state}")
    return ", ".join(parts)
