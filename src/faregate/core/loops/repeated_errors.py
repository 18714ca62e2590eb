"""The same error, turn after turn.

The same error for one thing after the other is honest for a while: a list of hosts,
a search for a file.
"""

from __future__ import annotations

from itertools import islice, takewhile
from typing import TYPE_CHECKING

from faregate.core.loops.enumeration import enumerates
from faregate.core.loops.finding import PATIENCE, Loop, LoopRule
from faregate.core.loops.turns import columns_of, patience_with, tools_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.loops.steps import Step
    from faregate.core.loops.trail import Trace
    from faregate.core.loops.turns import Turn

_ALIKE = 0.8
"""Share of their words that two errors have in common which are the same."""
_ALIKE_OF_ONE_CALL = 0.6


def may_find(last: Trace, repeats: int) -> bool:
    """Tell whether `find` can find anything, by what is known of the last turn.

    All of them call the same tools, and all that they call fails.
    """
    return bool(last.tools) and last.alike >= repeats and last.failing >= repeats


def find(turns: Sequence[Turn], repeats: int) -> Loop | None:
    """Return the loop that the last turns are, if any."""
    last = turns[-1]
    if not last.steps or not all(step.failed for step in last.steps):
        return None
    run = list(
        takewhile(
            lambda turn: turn.reply == last.reply and _fails_the_same(turn, last),
            reversed(turns),
        )
    )
    times = len(run)
    if times < repeats:
        return None
    latest = columns_of(list(islice(run, repeats)))
    honest = patience_with([last]) > 1 or any(map(enumerates, latest))
    if honest and times < repeats * PATIENCE:
        return None
    return Loop(rule=LoopRule.REPEATED_ERRORS, times=times, tools=tools_of([last]))


def _fails_the_same(turn: Turn, last: Turn) -> bool:
    if len(turn.steps) != len(last.steps):
        return False
    return all(
        one.failed and one.tool == other.tool and _same_error(one, other)
        for one, other in zip(turn.steps, last.steps, strict=True)
    )


def _same_error(one: Step, other: Step) -> bool:
    if one.brings == other.brings or one.bare == other.bare:
        return True
    # What a call repeats in its error may hide words of the error itself.
    share = _ALIKE_OF_ONE_CALL if one.asks == other.asks else _ALIKE
    both = len(one.error & other.error)
    return both >= share * len(one.error | other.error) > 0
