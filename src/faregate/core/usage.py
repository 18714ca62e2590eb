"""Usage of one attempt as disjoint billable counters.

Each protocol decomposes its own usage block into these counters, so that no
token is ever billed twice; prices are applied in `pricing`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.lean import lean
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.money import Money


class UsageSource(StrEnum):
    """Where the counters came from."""

    REPORTED = "reported"
    ESTIMATED = "estimated"
    MISSING = "missing"


@lean
@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one attempt; every counter is disjoint from the others.

    `reasoning` is informative only: it is a part of `output`, never added.
    `server_tool_calls` counts paid server-side tool calls (web searches).
    `reported_cost` is the price the provider itself stated in the answer.
    """

    uncached_input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    server_tool_calls: int = 0
    reported_cost: Money | None = None
    source: UsageSource = UsageSource.REPORTED

    @property
    def input_tokens(self) -> int:
        """Return all input tokens, cached or not."""
        return (
            self.uncached_input
            + self.cache_read
            + self.cache_write_5m
            + self.cache_write_1h
        )

    @property
    def total_tokens(self) -> int:
        """Return input plus output tokens."""
        return self.input_tokens + self.output
