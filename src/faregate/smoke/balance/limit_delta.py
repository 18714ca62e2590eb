"""What rate limits counted between the answers of a run.

A limit counts what was asked for, and its bucket refills meanwhile: this is the
coarsest sign of what was used, and says so.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.smoke.balance.spent import Spent
    from faregate.smoke.rate_limits import RateLimit

_TOKENS = ("tokens", "size")
_REQUESTS = ("requests", "requests-day", "")
_SHORTEST_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitDelta:
    """How far one limit went down over a run."""

    what: str
    """"tokens" or "requests"."""
    first: int
    last: int
    counted: int
    """Used up, with what came back in between."""
    least: int
    """Used up, if nothing came back."""
    expected: int | None
    """What the answers' own usage says for the same requests."""


def limit_delta(spent: Sequence[Spent]) -> LimitDelta | None:
    """Return what the limits counted; None when no two answers state one."""
    for names, what in ((_TOKENS, "tokens"), (_REQUESTS, "requests")):
        for name in names:
            found = _delta(spent, name, what)
            if found is not None:
                return found
    return None


def _delta(spent: Sequence[Spent], name: str, what: str) -> LimitDelta | None:
    stated = [
        (one, limit)
        for one in spent
        if (limit := _limit(one, name)) is not None and limit.remaining is not None
    ]
    if len(stated) < 2:
        return None
    counted = least = 0
    for (earlier, before), (later, after) in pairwise(stated):
        down = _left(before) - _left(after)
        back = _refilled(before, later.at_s - earlier.at_s)
        counted += max(0, down + back)
        least += max(0, down)
    return LimitDelta(
        what=what,
        first=_left(stated[0][1]),
        last=_left(stated[-1][1]),
        counted=counted,
        least=least,
        expected=_expected([one for one, _ in stated[1:]], what),
    )


def _limit(one: Spent, name: str) -> RateLimit | None:
    return next((limit for limit in one.limits if limit.what == name), None)


def _left(limit: RateLimit) -> int:
    return limit.remaining or 0


def _refilled(limit: RateLimit, elapsed_s: float) -> int:
    """Return what a bucket that is full again after its reset got back meanwhile."""
    if limit.limit is None or limit.reset_s is None:
        return 0
    missing = max(0, limit.limit - _left(limit))
    if limit.reset_s < _SHORTEST_S:
        return missing
    return min(missing, int(missing * max(0.0, elapsed_s) / limit.reset_s))


def _expected(later: Sequence[Spent], what: str) -> int | None:
    if what == "requests":
        return len(later)
    tokens = [one.tokens for one in later if one.tokens is not None]
    return sum(tokens) if len(tokens) == len(later) else None
