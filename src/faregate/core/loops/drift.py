"""One question in ever other words, with the same result each time.

Flags, order, spelling and fillers may differ. A call with another number, or with
another word in place of one, is another question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.loops.finding import PATIENCE, Loop, LoopRule
from faregate.core.loops.steps import asks_no_other
from faregate.core.loops.turns import may_go_on, tools_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faregate.core.loops.steps import Step
    from faregate.core.loops.turns import Turn

_MOST_MORE_WORDS = 2
_FEWEST_WORDS = 2


def find(turns: Sequence[Turn], repeats: int) -> Loop | None:
    """Return the loop that the last turns are, if any."""
    last = turns[-1]
    if not last.steps:
        return None
    cores = [step.words for step in last.steps]
    times = 0
    for turn in reversed(turns):
        if turn.reply != last.reply or not _brings_the_same(turn, last):
            break
        narrower = [
            core & step.words for core, step in zip(cores, turn.steps, strict=True)
        ]
        if not _is_one_question(narrower, (turn, *turns[len(turns) - times :])):
            break
        cores = narrower
        times += 1
    if times < repeats * (PATIENCE if may_go_on([last]) else 1):
        return None
    return Loop(rule=LoopRule.DRIFT, times=times, tools=tools_of([last]))


def _brings_the_same(turn: Turn, last: Turn) -> bool:
    if len(turn.steps) != len(last.steps):
        return False
    return all(
        one.tool == other.tool
        and (one.brings == other.brings or one.bare == other.bare)
        and asks_no_other(one, other)
        for one, other in zip(turn.steps, last.steps, strict=True)
    )


def _is_one_question(cores: Sequence[frozenset[str]], turns: Iterable[Turn]) -> bool:
    """Tell whether what all calls share is a whole question, asked by one of them."""
    columns = list(zip(*(turn.steps for turn in turns), strict=True))
    return all(
        _shares(core, column) for core, column in zip(cores, columns, strict=True)
    )


def _shares(core: frozenset[str], steps: Sequence[Step]) -> bool:
    sizes = [len(step.words) for step in steps]
    if min(sizes) != len(core) or max(sizes) > len(core) + _MOST_MORE_WORDS:
        return False
    return len(core) >= _FEWEST_WORDS or max(sizes) == len(core)
