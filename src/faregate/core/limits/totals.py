"""What a session used before this process saw it, as the ledger sums it."""

from __future__ import annotations

from faregate.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTotals:
    """Sums of a session and its sub-agents since its limits began anew."""

    started_at_ms: int
    last_at_ms: int
    requests: int = 0
    retries: int = 0
    """Of the gate and of the agent together."""
    input_tokens: int = 0
    output_tokens: int = 0
    tool_calls: int = 0
