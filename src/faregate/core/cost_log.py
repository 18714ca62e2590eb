"""The cost log: what is kept of each request, and what reports answer from it.

Plain values; money as Money, instants as Unix milliseconds, durations as named.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.labels import NO_LABELS, Labels
from faregate.core.lean import lean
from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.holds import BudgetState, BudgetWindow


class RequestResult(StrEnum):
    """How a request ended for its agent."""

    ANSWERED = "answered"
    PROVIDER_ERROR = "provider_error"
    """The provider's own error was passed on."""
    REFUSED = "refused"
    """The gate said no."""
    FAILED = "failed"
    """Something broke: no provider answered, or an answer broke off."""
    CLIENT_GONE = "client_gone"


@lean
@dataclass(frozen=True, slots=True)
class RequestEntry:
    """One request that has ended, on its way into the log; there is no money in it."""

    request: str
    session: str
    root_session: str
    parent: str | None
    identified_by: str
    labels: Labels
    protocol: str
    asked: str
    """The model that the agent named."""
    stream: bool
    body_bytes: int
    client_retry: bool
    at_ms: int
    result: RequestResult
    notes: str
    """The explanation: a JSON list of objects."""
    route: str | None = None
    provider: str | None = None
    """Who was to serve it last; None when it never came that far."""
    model: str | None = None
    attempts: int = 0
    waited_ms: int | None = None
    ttfb_ms: int | None = None
    """Until the first byte from the provider, from the request's receipt."""
    first_token_ms: int | None = None
    duration_ms: int | None = None
    status: int | None = None
    """The HTTP status that the agent got."""
    code: str | None = None
    """The refusal's code."""
    message: str | None = None
    verdict: str | None = None
    escalation: str | None = None
    """Why it was escalated, where it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What a correction did."""

    before: Money
    after: Money
    states: tuple[BudgetState, ...] = ()
    reopened: tuple[BudgetWindow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request as the log has it, with the sums of its attempts."""

    request: str
    session: str
    labels: Labels
    at_ms: int
    identified_by: str | None
    """None, like all that only the request's own row tells, where that was lost."""
    root: str
    parent: str | None
    protocol: str
    asked: str | None
    route: str | None
    provider: str | None
    model: str | None
    stream: bool | None
    body_bytes: int | None
    attempts: int
    client_retry: bool
    waited_ms: int | None
    ttfb_ms: int | None
    first_token_ms: int | None
    duration_ms: int | None
    result: str | None
    status: int | None
    code: str | None
    message: str | None
    verdict: str | None
    escalation: str | None
    outcome: str | None
    """Of its session's task."""
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost: Money = ZERO
    cost_source: str | None = None
    """That of its attempts; "mixed" where they differ."""
    held: Money = ZERO
    unknown: Money = ZERO
    wasted: Money = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEntry:
    """One attempt with everything that the log knows of it: a line of an export."""

    attempt: str
    request: str
    at_ms: int
    session: str
    root: str
    labels: Labels = NO_LABELS
    route: str | None = None
    cause: str | None = None
    provider: str
    model: str
    served_model: str | None
    protocol: str
    state: str
    first_attempt: bool
    client_retry: bool
    uncached_input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int
    reasoning: int
    server_tool_calls: int
    tool_calls: int
    usage_source: str | None
    held: Money
    """What was set aside for it."""
    cost: Money
    """What it cost, corrections counted."""
    cost_source: str | None
    price_source: str | None
    corrected: bool = False
    overrun: Money = ZERO
    wasted: bool = False
    waste: str | None = None
    verdict: str | None = None
    fault: str | None = None
    status: int | None = None
    ttfb_ms: int | None = None
    first_token_ms: int | None = None
    duration_ms: int | None = None
    note: str | None = None
    outcome: str | None = None
    input_bound: int = 0
    output_bound: int = 0

    @property
    def input_tokens(self) -> int:
        """Return all input tokens, cached ones too."""
        return (
            self.uncached_input
            + self.cache_read
            + self.cache_write_5m
            + self.cache_write_1h
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRow:
    """One correction of an attempt's cost."""

    at_ms: int
    who: str
    before: Money
    after: Money
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Everything that is kept of one request."""

    row: RequestRow
    attempts: tuple[AttemptEntry, ...] = ()
    notes: str | None = None
    """JSON; None where they were trimmed or lost."""
    corrections: dict[str, tuple[CorrectionRow, ...]] = field(default_factory=dict)
    """By attempt."""
