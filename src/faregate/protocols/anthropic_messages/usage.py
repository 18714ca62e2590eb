"""The usage block of Messages, merged over the events of a stream.

Owns its split into disjoint counters: input leaves cached tokens out, writes are
split by their lifetime, and each event states totals, never increments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.core.usage import Usage
from faregate.core.values import dataclass
from faregate.protocols.counters import (
    NotBelievedError,
    counter,
    decode_block,
    detail,
    nested,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """One statement of usage; the input counters belong together."""

    uncached: int = 0
    read: int = 0
    write_5m: int = 0
    write_1h: int = 0
    output: int = 0
    searches: int = 0
    service_tier: str | None = None

    @property
    def input(self) -> int:
        """Return all input tokens."""
        return self.uncached + self.read + self.write_5m + self.write_1h

    def usage(self) -> Usage:
        """Return the counters as usage."""
        return Usage(
            self.uncached,
            self.read,
            self.write_5m,
            self.write_1h,
            self.output,
            0,
            self.searches,
        )


def read_counts(raw: msgspec.Raw | bytes) -> Counts | None:
    """Return what a usage block states; None when absent or not believed."""
    block = decode_block(raw)
    if block is None:
        return None
    try:
        return _with_iterations(_counts_of(block), block)
    except NotBelievedError:
        return None


def merged(known: Counts | None, new: Counts) -> Counts:
    """Return two statements about one answer as one: totals, never a sum.

    Of two inputs the one with more tokens counts, the later of equals where it
    says as much about the cache.
    """
    if known is None:
        return new
    better = new.input > known.input or (
        new.input == known.input and new.uncached <= known.uncached
    )
    source = new if better else known
    return Counts(
        uncached=source.uncached,
        read=source.read,
        write_5m=source.write_5m,
        write_1h=source.write_1h,
        output=max(known.output, new.output),
        searches=max(known.searches, new.searches),
        service_tier=new.service_tier or known.service_tier,
    )


def _counts_of(block: Mapping[str, Any]) -> Counts:
    written = counter(block, "cache_creation_input_tokens") or 0
    split = nested(block, "cache_creation")
    hour = detail(split, "ephemeral_1h_input_tokens")
    tier = block.get("service_tier")
    return Counts(
        uncached=counter(block, "input_tokens") or 0,
        read=counter(block, "cache_read_input_tokens") or 0,
        write_5m=max(written - hour, detail(split, "ephemeral_5m_input_tokens")),
        write_1h=hour,
        output=counter(block, "output_tokens") or 0,
        searches=detail(nested(block, "server_tool_use"), "web_search_requests"),
        service_tier=tier if isinstance(tier, str) else None,
    )


def _with_iterations(counts: Counts, block: Mapping[str, Any]) -> Counts:
    """Take the sum of all sampling rounds where it is more than the block says.

    A compaction inside a request is billed but left out of the block's own totals.
    """
    rounds = block.get("iterations")
    if not isinstance(rounds, list):
        return counts
    each = [_counts_of(item) for item in rounds if isinstance(item, dict)]
    total = Counts(
        uncached=sum(c.uncached for c in each),
        read=sum(c.read for c in each),
        write_5m=sum(c.write_5m for c in each),
        write_1h=sum(c.write_1h for c in each),
        output=sum(c.output for c in each),
        searches=counts.searches,
        service_tier=counts.service_tier,
    )
    if total.input + total.output <= counts.input + counts.output:
        return counts
    return total
