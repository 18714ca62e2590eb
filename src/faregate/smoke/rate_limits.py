"""Rate-limit headers, in every family that is known.

Pure: header names and values in, limits out. What cannot be read is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.core.retry_after import NUMBER, seconds_until
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTS = ("limit", "remaining", "reset")
# Where the part (limit, remaining, reset) stands in each family's names.
_PATTERNS = (
    re.compile(
        r"anthropic-ratelimit-(?P<what>[a-z-]+?)-(?P<part>limit|remaining|reset)"
    ),
    re.compile(
        r"x-(?:ratelimit|tokenlimit)-(?P<part>limit|remaining|reset)(?:-(?P<what>[a-z-]+))?"
    ),
    re.compile(r"x-ratelimitbysize-(?P<part>limit|remaining)-(?P<what>minute|month)"),
    re.compile(r"ratelimitbysize-(?P<part>reset|limit|remaining|query-cost)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """One limit that a provider states; None where it does not say.

    `what` is "requests", "tokens", "input-tokens" and so on, "" where it is unnamed.
    """

    what: str
    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None

    @property
    def told(self) -> int:
        """Return how many of its three parts are known."""
        return sum(v is not None for v in (self.limit, self.remaining, self.reset_s))


def read_rate_limits(
    headers: Mapping[str, str], *, now: float
) -> tuple[RateLimit, ...]:
    """Return every limit that the headers state; `now` is Unix seconds."""
    found: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        low = name.lower()
        for pattern in _PATTERNS:
            match = pattern.fullmatch(low)
            if match is None:
                continue
            groups = match.groupdict()
            if groups["part"] in _PARTS:
                what = groups.get("what") or ("tokens" if "tokenlimit" in low else "")
                if "bysize" in low:
                    what = "size"
                found.setdefault(what, {})[groups["part"]] = value.strip()
            break
    limits = tuple(
        RateLimit(
            what=what,
            limit=_count(parts.get("limit")),
            remaining=_count(parts.get("remaining")),
            reset_s=seconds_until(parts.get("reset"), now=now),
        )
        for what, parts in found.items()
    )
    return tuple(limit for limit in limits if limit.told)


def _count(text: str | None) -> int | None:
    if text is None or not NUMBER.fullmatch(text):
        return None
    value = int(float(text))
    return None if value < 0 else value
