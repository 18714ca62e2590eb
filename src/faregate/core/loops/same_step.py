"""The same calls with the same results, turn after turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.loops.finding import Loop, LoopRule
from faregate.core.loops.turns import patience_with, tools_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.loops.trail import Trace
    from faregate.core.loops.turns import Turn


def may_find(last: Trace, repeats: int) -> bool:
    """Tell whether `find` can find anything, by what is known of the last turn.

    All of them have the same calls, so none but the first tries what is new.
    """
    return bool(last.tools) and last.retried >= repeats


def find(turns: Sequence[Turn], repeats: int) -> Loop | None:
    """Return the loop that the last turns are, if any."""
    last = turns[-1]
    if not last.steps:
        return None
    times = 0
    for turn in reversed(turns):
        if turn.key != last.key:
            # The first time may have told more, or changed what comes after it.
            times += times > 1 and turn.asks == last.asks
            break
        times += 1
    if times < repeats * patience_with([last]):
        return None
    return Loop(rule=LoopRule.SAME_STEP, times=times, tools=tools_of([last]))
