"""All rules over a conversation, and the question they answer together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from faregate.core.loops import (
    cycle,
    drift,
    no_progress,
    repeated_errors,
    same_answer,
    same_step,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.loops.finding import Loop
    from faregate.core.loops.trail import Trace
    from faregate.core.loops.turns import Turn


class Rule(Protocol):
    """One kind of loop: a module with these two functions."""

    def may_find(self, last: Trace, repeats: int) -> bool:
        """Tell whether `find` can find anything; when in doubt, it can."""
        ...

    def find(self, turns: Sequence[Turn], repeats: int) -> Loop | None:
        """Return the loop that the last turns are, if any."""
        ...


RULES: tuple[Rule, ...] = (
    same_step,
    same_answer,
    repeated_errors,
    drift,
    cycle,
    no_progress,
)
"""The plainest first: what two of them find is told in the words of the first."""


def may_loop(last: Trace, repeats: int) -> bool:
    """Tell whether any rule can find a loop that ends with this turn."""
    for rule in RULES:  # noqa: SIM110 - a generator costs more than the look
        if rule.may_find(last, repeats):
            return True
    return False


def find_loop(turns: Sequence[Turn], last: Trace, repeats: int) -> Loop | None:
    """Return the loop that a conversation's last turns are, if any.

    `last` is what is known of the last one, which leaves most rules without a chance.
    What a person says is part of a turn, so that a new word makes a turn a new one.
    `repeats` is how often is too often, at least 2.
    """
    if len(turns) < repeats:
        return None
    rules = (rule for rule in RULES if rule.may_find(last, repeats))
    found = (rule.find(turns, repeats) for rule in rules)
    return next((loop for loop in found if loop is not None), None)
