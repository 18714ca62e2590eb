"""What reports say: read-only rows of sessions, holds and providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faregate.core.money import ZERO, Money

if TYPE_CHECKING:
    from faregate.core.holds import HoldState
    from faregate.core.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One session with its totals; instants are Unix milliseconds."""

    id: str
    root: str
    parent: str | None
    labels: Labels
    started_ms: int
    last_ms: int
    requests: int = 0
    attempts: int = 0
    retries: int = 0
    client_retries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    tool_calls: int = 0
    context_tokens: int | None = None
    cost: Money = ZERO
    held: Money = ZERO
    unknown: Money = ZERO
    wasted: Money = ZERO
    settled: int = 0
    """Attempts that were settled at all."""
    estimated: int = 0
    """Settled attempts whose usage was estimated."""
    unpriced: int = 0
    refusals: int = 0
    last_status: int | None = None
    last_error: str | None = None
    ended_ms: int | None = None
    outcome: str | None = None
    models: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRecord:
    """One open or unknown hold."""

    attempt: str
    request: str
    session: str
    provider: str
    model: str
    state: HoldState
    amount: Money
    at_ms: int
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRecord:
    """One provider's recent attempts."""

    name: str
    attempts: int
    errors: int
    """Attempts that ended in a fault or an error status of the provider's own."""
    ttfb_ms: float | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendRecord:
    """Money and tokens of a stretch of time; `starts_ms` begins it."""

    starts_ms: int
    spent: Money = ZERO
    tokens: int = 0
