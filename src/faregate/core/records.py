"""What reports return: plain values, money as Money, instants as Unix milliseconds.

The ledger fills these in; the control plane turns them into views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.holds import HoldState
    from faregate.core.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One decision of a person; amounts are decimal USD text."""

    at_ms: int
    who: str
    what: str
    """"limit", "resolve", "reopen", "correct", "outcome", "approval", "paused",
    "stopped", "resume", "session limit", "price", "key", "revoke"."""
    subject: str
    before: str | None = None
    """What it was; of an approval, the session that asked."""
    after: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """One attempt's hold that is open or unknown."""

    attempt: str
    request: str
    session: str | None
    """None for the row that stands for holds lost in a power cut."""
    provider: str
    model: str
    state: HoldState
    amount: Money
    at_ms: int
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One attempt of a session with how it ended."""

    attempt: str
    request: str
    provider: str
    model: str
    served_model: str | None
    state: HoldState
    at_ms: int
    ended_at_ms: int | None
    amount: Money
    cost: Money
    cost_source: str | None
    overrun: Money
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    status: int | None
    first_attempt: bool
    client_retry: bool
    wasted: bool
    ttfb_ms: int | None
    duration_ms: int | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session with its running totals, sub-agents not included."""

    number: int
    """Grows with each new session; pages are cut by it."""
    session: str
    root: str
    parent: str | None
    labels: Labels
    started_at_ms: int
    last_at_ms: int
    requests: int
    attempts: int
    retries: int
    client_retries: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    tool_calls: int
    context_tokens: int | None
    """Input tokens of the latest settled request."""
    cost: Money
    cost_source: str
    """"reported", "estimated", "unpriced" or "mixed"."""
    held: Money
    unknown: Money
    wasted: Money
    unpriced: int
    refusals: int
    last_status: int | None
    last_error: str | None
    ended_at_ms: int | None
    outcome: str | None
    models: tuple[str, ...]
    """"provider/model" of everything it used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendRow:
    """Sums over the attempts that share one key."""

    key: str
    attempts: int = 0
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost: Money = ZERO
    held: Money = ZERO
    unknown: Money = ZERO
    wasted: Money = ZERO
    failed: int = 0
    """Attempts that the provider answered with an error or broke, or never took."""
    unpriced: int = 0
    estimated: int = 0
    ttfb_ms: int | None = None
    """Mean time to the first byte, where it was measured."""
    first_token_ms: int | None = None
    """Mean time to the first output, where it was measured."""
    reasoning_tokens: int = 0
    """A part of the output tokens."""
    retries: int = 0
    """Attempts after a request's first: retries, fallbacks and escalations."""
    client_retries: int = 0
    fallbacks: int = 0
    escalations: int = 0
    judged: int = 0
    """Sessions whose task was accepted or rejected."""
    accepted: int = 0
    judged_cost: Money = ZERO
    """What the judged sessions cost, sub-agents counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceKey:
    """A key that a person has made for a workspace, without the key itself."""

    id: str
    workspace: str
    made_at_ms: int
    revoked_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeRunRow:
    """One target's result in one run of the smoke test."""

    run: str
    at_ms: int
    target: str
    """"provider/model"."""
    protocol: str
    profile: str
    readiness: str
    verdicts: str
    """JSON: what each probe found, by its id."""
    metrics: str
    """JSON: figures by their names."""
    learned: str
    """JSON: how the provider meters, as far as the run showed it."""
    cost: Money = ZERO
