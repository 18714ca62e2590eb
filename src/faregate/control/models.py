"""Models of the control API, shared by the proxy, the TUI and the CLI.

Additive only: fields are never renamed or removed within one version. Money is a
decimal string in USD; instants are RFC 3339 in UTC; text from outside was
sanitised before it got here.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from faregate.control.approvals import ApprovalView, DecidedView
from faregate.control.asking import Ask
from faregate.control.governing import RunLimits

CONTROL_VERSION = 1

SessionState = Literal[
    "active", "idle", "waiting", "paused", "stopped", "capped", "ended"
]
CostSource = Literal["reported", "estimated", "unpriced", "mixed"]


class ProxyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Where the proxy listens and how long it has been up."""

    url: str
    pid: int
    uptime_s: float


class BudgetView(msgspec.Struct, frozen=True, kw_only=True):
    """One budget over its current window; amounts are USD decimal strings."""

    scope: str
    window: str
    limit: str | None
    spent: str
    held: str
    unknown: str
    resets_at: str | None
    refusing: bool = False
    """True while this budget refuses requests: it is `closed`, or the latest hold that
    was asked of it did not fit."""
    raised_until: str | None = None
    """When the limit is its own again, where it is raised for a while."""
    closed: bool = False
    """True since a request cost more than was held for it: nothing is spent until a
    person raises the limit, or corrects what that request cost."""


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """One session with its running totals."""

    id: str
    agent: str | None
    workspace: str | None
    task: str | None
    state: SessionState
    requests: int
    attempts: int
    retries: int
    client_retries: int
    input_tokens: int
    output_tokens: int
    tool_calls: int
    cost: str
    cost_source: CostSource
    held: str
    unknown: str
    wasted: str
    parent: str | None
    models: list[str]
    started_at: str
    last_at: str
    outcome: str | None
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    refusals: int = 0
    unpriced: int = 0
    usd_per_hour: str = "0"
    """Spend of the last ten minutes, as an hourly rate."""
    context_tokens: int | None = None
    """Input tokens of the latest request."""
    context_window: int | None = None
    last_error: str | None = None
    user: str | None = None
    customer: str | None = None
    feature: str | None = None


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """One provider that has served or could serve."""

    name: str
    breaker: str | None
    """"closed", "open" or "half-open"; None while no breaker guards it."""
    error_rate_1h: float
    requests_1h: int = 0
    ttfb_ms: float | None = None
    last_error: str | None = None
    rests_until: str | None = None
    """When it is asked again by itself; None where it does not rest."""


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the event log."""

    seq: int
    at: str
    kind: str
    """"refused", "retry", "alert", "unknown", "error", "capped", "overrun", ..."""
    severity: Literal["info", "warn", "alert"]
    session: str | None
    text: str
    lacks_price: str | None = None
    """The "provider/model" that was refused because it had no price, if that was so."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The document that `faregate status --json` prints."""

    version: str
    proxy: ProxyInfo | None
    budgets: list[BudgetView]
    sessions: list[SessionView]
    in_flight: int
    waiting: int
    providers: list[ProviderView]
    paused: list[str] = []
    """What a person paused beside single sessions: "all", "workspace:X"."""
    stopped: list[str] = []
    """What a person stopped beside single sessions, in the same form."""
    build: str = ""
    """Which code the proxy runs: a version may have many between two releases."""
    waiting_approval: int = 0
    """How many of those that wait do so for a person; the others wait for room."""
    events: list[EventView] = []
    """The latest troubles of a day, oldest first, each once: also those of requests
    that got no further than the door. Empty in a snapshot, which has every event."""


class FlightView(msgspec.Struct, frozen=True, kw_only=True):
    """One request that is running or waiting now."""

    id: str
    session: str
    agent: str | None
    model: str
    provider: str | None
    state: Literal["waiting", "connecting", "streaming", "draining"]
    started_at: str
    elapsed_s: float
    ttfb_s: float | None
    output_bytes: int
    held: str
    why: str | None = None
    """What a waiting request waits for."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What a first run needs to know."""

    openai_base_url: str
    anthropic_base_url: str
    gemini_base_url: str
    keys_found: list[str]
    """Names of providers for which a key was found; never a key."""
    first_request_seen: bool
    cap_is_default: bool
    warnings: list[str] = []
    capture: str = ""
    """What is captured, in words, as in "on for 20 min"; "" for nothing."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the overview shows; the first message of the feed."""

    seq: int
    at: str
    status: Status
    flights: list[FlightView]
    events: list[EventView]
    setup: Setup
    burn: list[str]
    """Spend per minute over the last hour, oldest first, USD decimal strings."""
    tokens_per_minute: int = 0
    wasted_month: str = "0"
    refused_month: int = 0
    approvals: list[ApprovalView] = []
    """What waits for a person, the most urgent first."""
    decided: list[DecidedView] = []
    """What was decided lately, newest first."""


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since the previous message; sessions come whole, by id."""

    seq: int
    at: str
    in_flight: int
    waiting: int
    uptime_s: float
    budgets: list[BudgetView]
    sessions: list[SessionView]
    flights: list[FlightView]
    events: list[EventView]
    providers: list[ProviderView]
    burn: list[str]
    tokens_per_minute: int = 0
    wasted_month: str = "0"
    refused_month: int = 0
    setup: Setup | None = None
    approvals: list[ApprovalView] = []
    decided: list[DecidedView] = []
    paused: list[str] = []
    stopped: list[str] = []
    waiting_approval: int = 0


class HoldView(msgspec.Struct, frozen=True, kw_only=True):
    """One open or unknown hold."""

    id: str
    request: str
    session: str
    provider: str
    model: str
    state: Literal["held", "unknown"]
    amount: str
    held_at: str
    why: str | None


class ResolveHold(Ask, frozen=True, kw_only=True):
    """Ask to resolve an unknown hold: `spent` in USD, or None to void it."""

    id: str
    spent: str | None
    note: str | None = None


class SetBudget(Ask, frozen=True, kw_only=True):
    """Ask to set a budget's limit; None removes the limit."""

    scope: str
    window: str
    limit: str | None
    for_s: float | None = None
    """For so many seconds only; then the limit is what it was."""


class NewSession(Ask, frozen=True, kw_only=True):
    """Ask for a session with a token of its own, for `faregate run`."""

    agent: str | None = None
    workspace: str | None = None
    task: str | None = None
    user: str | None = None
    customer: str | None = None
    feature: str | None = None
    max_cost: str | None = None
    limits: RunLimits | None = None
    pid: int | None = None
    """The process whose descendants must not raise a cap."""


class SessionGrant(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh session: its id, token and the proxy's address."""

    session: str
    token: str
    url: str
    max_time_s: float | None = None
    """How long it may last, wherever that limit came from."""


class VersionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What runs and which version of this API it speaks."""

    version: str
    control: int
    build: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every control API error."""

    code: str
    message: str


FeedMessage = Snapshot | Delta
