"""Nothing but what was done and seen before, in whatever order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.loops.finding import Loop, LoopRule
from faregate.core.loops.turns import patience_with, tools_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.loops.trail import Trace
    from faregate.core.loops.turns import Turn

MOST_DIFFERENT = 12
"""Different turns that may come again and again; more are work on known ground."""

_MANY = 3


def may_find(last: Trace, repeats: int) -> bool:
    """Tell whether `find` can find anything, by what is known of the last turn.

    The fewest that are enough are `repeats` of one kind, and but for the first of them
    none does anything new.
    """
    return last.retried >= repeats


def find(turns: Sequence[Turn], repeats: int) -> Loop | None:
    """Return the loop that the last turns are, if any."""
    stale = _stale_run(turns)
    different = len({turn.key for turn in stale})
    if not stale or different > MOST_DIFFERENT:
        return None
    patient = repeats * patience_with(stale)
    # Each was done once before the run began; the first time may have told more.
    rounds = max(1, patient - (1 if different < _MANY else 2))
    if len(stale) < rounds * different:
        return None
    return Loop(
        rule=LoopRule.NO_PROGRESS,
        times=len(stale) // different + 1,
        tools=tools_of(stale),
        period=different,
    )


def _stale_run(turns: Sequence[Turn]) -> Sequence[Turn]:
    """Return the last turns that bring nothing which was not there before."""
    seen: set[int] = set()
    start = 0
    for index, turn in enumerate(turns):
        news = turn.facts - seen
        if news or not turn.facts:
            start = index + 1
            seen |= news
    return turns[start:]
