"""Two to six turns that come round and round: A-B-A-B and longer."""

from __future__ import annotations

from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING

from faregate.core.loops.finding import Loop, LoopRule
from faregate.core.loops.turns import patience_with, tools_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.core.loops.trail import Trace
    from faregate.core.loops.turns import Turn

LONGEST_PERIOD = 6
_KEY = attrgetter("key")
_ASKS = attrgetter("asks")


def may_find(last: Trace, repeats: int) -> bool:
    """Tell whether `find` can find anything, by what is known of the last turn.

    The shortest circle is two turns. What comes round was tried before, but for the
    first round, and what comes of it was seen before, but for the first two.
    """
    return last.retried >= 2 * (repeats - 1)


def find(turns: Sequence[Turn], repeats: int) -> Loop | None:
    """Return the shortest circle that the last turns are, if any."""
    for period in range(2, LONGEST_PERIOD + 1):
        # The first round may have told more, or changed what comes after it.
        same = _rounds(turns, period, _KEY)
        rounds = min(_rounds(turns, period, _ASKS), same + 1) if same > 1 else same
        if rounds < repeats:
            continue
        circle = turns[-period:]
        if rounds >= repeats * patience_with(circle):
            return Loop(
                rule=LoopRule.CYCLE,
                times=rounds,
                tools=tools_of(circle),
                period=period,
            )
    return None


def _rounds(turns: Sequence[Turn], period: int, seen: Callable[[Turn], int]) -> int:
    """Return how often the last `period` turns came, one round right after another."""
    same = 0
    pairs = zip(reversed(turns), islice(reversed(turns), period, None), strict=False)
    for later, earlier in pairs:
        if seen(later) != seen(earlier):
            break
        same += 1
    return same // period + 1 if same >= period else 1
