"""Near-identical answers without any call, and the same reply to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.loops.finding import Loop, LoopRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.loops.trail import Trace
    from faregate.core.loops.turns import Turn

_ALIKE = 0.8


def may_find(last: Trace, repeats: int) -> bool:
    """Tell whether `find` can find anything, by what is known of the last turn.

    None of them calls anything.
    """
    return not last.tools and last.alike >= repeats


def find(turns: Sequence[Turn], repeats: int) -> Loop | None:
    """Return the loop that the last turns are, if any."""
    last = turns[-1]
    times = 0
    for turn in reversed(turns):
        if turn.reply != last.reply or not _near(turn, last):
            break
        times += 1
    if times < repeats:
        return None
    return Loop(rule=LoopRule.SAME_ANSWER, times=times)


def _near(one: Turn, other: Turn) -> bool:
    """Tell whether one answer says what the other does, some words apart."""
    if one.steps or other.steps or not one.words or not other.words:
        return False
    fewer, more = sorted((one.words, other.words), key=len)
    return fewer <= more and len(fewer) >= _ALIKE * len(more)
