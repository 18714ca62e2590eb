"""The same error, turn after turn, for the same thing.

The same error for ever other things is honest for a while: a search for a file, a
list of hosts.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from faregate.core.loops.finding import PATIENCE, Loop, LoopRule
from faregate.core.loops.steps import asks_no_other
from faregate.core.loops.turns import may_go_on, tools_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.loops.steps import Step
    from faregate.core.loops.turns import Turn

_ALIKE_ERRORS = 0.8


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
    alike = sum(1 for _ in takewhile(lambda t: _is_about_the_same(t, last), run))
    if alike >= repeats * (PATIENCE if may_go_on([last]) else 1):
        times = alike
    elif times < repeats * PATIENCE:
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
    both = len(one.error & other.error)
    return both >= _ALIKE_ERRORS * len(one.error | other.error) > 0


def _is_about_the_same(turn: Turn, last: Turn) -> bool:
    return all(map(_same_thing, turn.steps, last.steps))


def _same_thing(one: Step, other: Step) -> bool:
    if one.target is not None or other.target is not None:
        return one.target == other.target
    return asks_no_other(one, other)
