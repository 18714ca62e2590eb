"""Rate-limit headers, in every family that is known.

Pure: header names and values in, limits out. What cannot be read is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,12})?")
_EPOCH_MS, _EPOCH_S = 10**12, 10**9
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


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Return the seconds that a provider asks to wait; None when it does not say."""
    lowered = {name.lower(): value for name, value in headers.items()}
    exact = lowered.get("retry-after-ms", "").strip()
    if _NUMBER.fullmatch(exact):
        return float(exact) / 1000
    return seconds_until(lowered.get("retry-after"), now=now)


def seconds_until(text: str | None, *, now: float) -> float | None:
    """Return seconds from now: from a duration, a date or a number; None else."""
    if not text:
        return None
    text = text.strip()
    pieces = _DURATION.findall(text)
    if pieces and "".join(a + b for a, b in pieces) == text:
        return sum(float(count) * _UNITS[unit] for count, unit in pieces)
    if _NUMBER.fullmatch(text):
        return _of_number(float(text), now)
    return _of_date(text, now)


def _of_number(value: float, now: float) -> float | None:
    if value < 0:
        return None
    if value > _EPOCH_MS:
        return max(0.0, value / 1000 - now)
    return max(0.0, value - now) if value > _EPOCH_S else value


def _of_date(text: str, now: float) -> float | None:
    try:
        if "T" in text and "-" in text:
            at = datetime.fromisoformat(text)
        else:
            at = parsedate_to_datetime(text)
        return max(0.0, at.timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _count(text: str | None) -> int | None:
    if text is None or not _NUMBER.fullmatch(text):
        return None
    value = int(float(text))
    return None if value < 0 else value
