"""One question in ever other words, with the same result each time.

Flags, order, spelling and fillers may differ. A call with another number, or with
another word in place of one, is another question, unless its result is long and the
same: then it only shows again what is known.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from faregate.core.loops.enumeration import enumerates
from faregate.core.loops.finding import Loop, LoopRule
from faregate.core.loops.steps import asks_no_other
from faregate.core.loops.turns import columns_of, patience_with, tools_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.loops.steps import Step
    from faregate.core.loops.trail import Trace
    from faregate.core.loops.turns import Turn

_MOST_MORE_WORDS = 2
_FEWEST_WORDS = 2
_TELLS_MUCH = 4
"""Words of a result that two different questions hardly share by chance."""


def may_find(last: Trace, repeats: int) -> bool:
    """Tell whether `find` can find anything, by what is known of the last turn.

    All of them call the same tools, and each brings what the last one brings.
    """
    return bool(last.tools) and last.alike >= repeats and last.may_bring_the_same


def find(turns: Sequence[Turn], repeats: int) -> Loop | None:
    """Return the loop that the last turns are, if any."""
    last = turns[-1]
    if not last.steps:
        return None
    run = list(
        takewhile(
            lambda turn: turn.reply == last.reply and _brings_the_same(turn, last),
            reversed(turns),
        )
    )
    needed = repeats * patience_with([last])
    if len(run) < needed:
        return None
    latest = columns_of(run[:needed])
    if not all(_is_one_question(column) or _is_known(column) for column in latest):
        return None
    return Loop(rule=LoopRule.DRIFT, times=len(run), tools=tools_of([last]))


def _brings_the_same(turn: Turn, last: Turn) -> bool:
    if len(turn.steps) != len(last.steps):
        return False
    return all(
        one.tool == other.tool
        and (one.brings == other.brings or one.bare == other.bare)
        for one, other in zip(turn.steps, last.steps, strict=True)
    )


def _is_one_question(steps: Sequence[Step]) -> bool:
    """Tell whether what all calls share is a whole question, asked by one of them."""
    if not all(asks_no_other(step, steps[0]) for step in steps):
        return False
    core = frozenset[str].intersection(*(step.words for step in steps))
    sizes = [len(step.words) for step in steps]
    if min(sizes) != len(core) or max(sizes) > len(core) + _MOST_MORE_WORDS:
        return False
    return len(core) >= _FEWEST_WORDS or max(sizes) == len(core)


def _is_known(steps: Sequence[Step]) -> bool:
    """Tell whether different looks show one long result again and again."""
    looks = all(step.looks for step in steps)
    return looks and steps[0].tells >= _TELLS_MUCH and not enumerates(steps)
