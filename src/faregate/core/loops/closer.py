"""A look at the last turn's results, where its calls alone leave it open.

Owns what one result can rule out, so that a loop is looked for in earnest only where there
may be one: most agents that call one tool after the other get something new each time.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from faregate.core.loops.gist import surely_differ
from faregate.core.loops.normal import plain_words
from faregate.core.loops.steps import may_have_failed
from faregate.core.loops.turns import paired

if TYPE_CHECKING:
    from faregate.core.loops.history import History
    from faregate.core.loops.trail import Trace
    from faregate.core.transcript import ToolCall, ToolResult


def look_closer(last: Trace, history: History, repeats: int) -> Trace:
    """Return what is known of the last turn once its results were looked at.

    The turn that is given stays as it is, for others may look at it meanwhile.
    """
    found = copy(last)
    if last.tools and last.alike >= repeats:
        results, before = paired(history.items(-1)), paired(history.items(-2))
        if last.failing >= repeats and not all(map(_may_have_failed, results)):
            found.failing = 0
        found.may_bring_the_same = not any(map(surely_differ, results, before))
    if last.retried >= repeats and _does_what_is_new(history):
        found.retried = 2
    return found


def _may_have_failed(made: tuple[ToolCall, ToolResult | None]) -> bool:
    _, result = made
    return may_have_failed(result, "" if result is None else plain_words(result.text))


def _does_what_is_new(history: History) -> bool:
    """Tell whether something in the last turn was not there before."""
    deeds = history[-1].deeds
    known = frozenset[int]().union(*(t.deeds for t in history.before_the_last()))
    return not deeds <= known
