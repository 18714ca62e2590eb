"""Two to six turns that come round and round: A-B-A-B and longer."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from faregate.core.loops.finding import Loop, LoopRule
from faregate.core.loops.turns import patience_with, tools_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.loops.turns import Turn

LONGEST_PERIOD = 6


def find(turns: Sequence[Turn], repeats: int) -> Loop | None:
    """Return the shortest circle that the last turns are, if any."""
    keys = [turn.key for turn in turns]
    asks = [turn.asks for turn in turns]
    for period in range(2, LONGEST_PERIOD + 1):
        # The first round may have told more, or changed what comes after it.
        same = _rounds(keys, period)
        rounds = min(_rounds(asks, period), same + 1) if same > 1 else same
        circle = turns[-period:]
        if rounds >= repeats * patience_with(circle):
            return Loop(
                rule=LoopRule.CYCLE,
                times=rounds,
                tools=tools_of(circle),
                period=period,
            )
    return None


def _rounds(keys: Sequence[int], period: int) -> int:
    """Return how often the last `period` keys came, one round right after another."""
    same = 0
    pairs = zip(reversed(keys), islice(reversed(keys), period, None), strict=False)
    for later, earlier in pairs:
        if later != earlier:
            break
        same += 1
    return same // period + 1 if same >= period else 1
