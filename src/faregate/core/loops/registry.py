"""All rules over a conversation, and the question they answer together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.loops import (
    cycle,
    drift,
    no_progress,
    repeated_errors,
    same_answer,
    same_step,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.core.loops.finding import Loop
    from faregate.core.loops.steps import Step
    from faregate.core.loops.turns import Turn

RULES: tuple[Callable[[Sequence[Turn], int], Loop | None], ...] = (
    same_step.find,
    same_answer.find,
    repeated_errors.find,
    drift.find,
    cycle.find,
    no_progress.find,
)
"""The plainest first: what two of them find is told in the words of the first."""


def find_loop(turns: Sequence[Turn], repeats: int) -> Loop | None:
    """Return the loop that a conversation's last turns are, if any.

    What a person says is part of a turn, so that a new word makes a turn a new one.
    `repeats` is how often is too often, at least 2.
    """
    if len(turns) < repeats or not _is_suspicious(turns):
        return None
    found = (rule(turns, repeats) for rule in RULES)
    return next((loop for loop in found if loop is not None), None)


def _is_suspicious(turns: Sequence[Turn]) -> bool:
    """Tell whether the last turn resembles an earlier one at all, at little cost."""
    last, before = turns[-1], turns[-2]
    if not last.steps:
        return bool(last.words)
    if any(map(_resembles, last.steps, before.steps)):
        return True
    earlier: set[int] = set().union(*(turn.facts for turn in turns[:-1]))
    return last.facts <= earlier


def _resembles(one: Step, other: Step) -> bool:
    if one.tool != other.tool:
        return False
    both_failed = one.failed and other.failed
    return both_failed or one.brings == other.brings or one.bare == other.bare
