"""Models of the cost log: requests, attempts, sums, and what explains one request.

Additive only, as all models of the control API: money is a decimal string in USD,
instants are RFC 3339 in UTC, text from outside was sanitised before it got here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec

from faregate.control.asking import Ask
from faregate.control.models import SessionView

ReportBy = Literal[
    "model", "target", "provider", "route", "workspace", "agent", "session", "task",
    "customer", "user", "feature", "day",
]  # fmt: skip
REPORT_BY: tuple[str, ...] = get_args(ReportBy)
MOST_ROWS = 10_000
"""Rows of one answer."""


class LabelsView(msgspec.Struct, frozen=True, kw_only=True):
    """Whom something is booked to."""

    workspace: str | None = None
    agent: str | None = None
    user: str | None = None
    task: str | None = None
    customer: str | None = None
    feature: str | None = None


class RequestView(msgspec.Struct, frozen=True, kw_only=True):
    """One request with the sums of its attempts."""

    id: str
    at: str
    session: str
    root: str
    parent: str | None
    labels: LabelsView
    identified_by: str | None
    """How its session was found; None, like all that only the request's own row tells,
    while it runs or where that row was lost."""
    protocol: str
    asked: str | None
    """The model that the agent named."""
    route: str | None
    provider: str | None
    model: str | None
    stream: bool | None
    body_bytes: int | None
    attempts: int
    retries: int
    """Attempts after the first."""
    client_retry: bool
    waited_ms: int | None
    ttfb_ms: int | None
    first_token_ms: int | None
    duration_ms: int | None
    result: str | None
    """"answered", "provider_error", "refused", "failed", "client_gone", "running"."""
    status: int | None
    code: str | None
    message: str | None
    verdict: str | None
    escalation: str | None
    outcome: str | None
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: str
    cost_source: str | None
    held: str
    unknown: str
    wasted: str
    lacks_price: str | None = None
    """The "provider/model" that had no price when this was asked, if that was so."""


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: a line of an export."""

    attempt: str
    request: str
    at: str
    session: str
    root_session: str
    workspace: str | None
    agent: str | None
    user: str | None
    task: str | None
    customer: str | None
    feature: str | None
    route: str | None
    cause: str | None
    provider: str
    model: str
    served_model: str | None
    protocol: str
    state: str
    first_attempt: bool
    client_retry: bool
    prompt_tokens: int
    """Input that no cache served or took."""
    cached_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    """A part of the completion."""
    server_tool_calls: int
    tool_calls: int
    usage_source: str | None
    held: str
    cost: str
    cost_source: str | None
    price_source: str | None
    corrected: bool
    overrun: str
    wasted: bool
    waste: str | None
    verdict: str | None
    fault: str | None
    status: int | None
    ttfb_ms: int | None
    first_token_ms: int | None
    duration_ms: int | None
    note: str | None
    outcome: str | None
    input_bound: int
    output_bound: int


class AttemptPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some attempts in order, and where the next page begins."""

    attempts: list[AttemptView]
    next: int | None


class SumView(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the attempts that share a key; None where the key is not set."""

    key: str | None
    requests: int
    attempts: int
    retries: int
    client_retries: int
    fallbacks: int
    escalations: int
    failed: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: str
    held: str
    unknown: str
    wasted: str
    estimated: int
    """Attempts whose cost is an estimate."""
    unpriced: int
    retry_rate: float
    """Retries of ours for each request."""
    escalation_rate: float
    error_rate: float
    """Failed attempts of all attempts."""
    ttfb_ms: int | None
    first_token_ms: int | None
    judged: int
    """Sessions whose task was accepted or rejected."""
    accepted: int
    judged_cost: str
    cost_per_accepted: str | None
    """What the judged sessions cost for each accepted one."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Sums by one key, the dearest first; days in order."""

    by: str
    since: str | None
    until: str
    rows: list[SumView]
    total: SumView


class SessionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions, the newest first, and where the next page begins."""

    sessions: list[SessionView]
    next: int | None


class CorrectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word on what an attempt cost."""

    attempt: str
    at: str
    who: str
    before: str
    after: str
    note: str | None


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """One decision of a person: a cap, a limit, a hold, an approval, a key ..."""

    at: str
    who: str
    what: str
    """"limit" (of a budget), "session limit", "price", "resolve", "correct", "reopen",
    "outcome", "approval", "paused", "stopped", "resume", "key", "revoke"."""
    subject: str
    session: str | None
    """Whose request it was, of an approval."""
    before: str | None
    after: str | None
    note: str | None


class ExplainView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is kept of one request."""

    request: RequestView
    attempts: list[AttemptView]
    corrections: list[CorrectionView]
    notes: list[dict[str, Any]] | None
    """What was decided, in order, each with its "step"; None where it is not kept."""


class CorrectCost(Ask, frozen=True, kw_only=True):
    """Ask to set what a finished attempt cost, in USD."""

    attempt: str
    amount: str
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class CorrectedView(msgspec.Struct, frozen=True, kw_only=True):
    """What a correction did."""

    attempt: str
    before: str
    after: str
    reopened: list[str] = []
    """Budgets that take requests again."""


class Judge(Ask, frozen=True, kw_only=True):
    """Say whether a session's task was accepted."""

    session: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
    outcome: Literal["accepted", "rejected"]
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
