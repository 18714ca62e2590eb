"""The sentences about loops: what repeated, how often, and what to do.

The agent reads them as well as the person, so each says what to try instead. Agents
match on words: nothing here that a client would take for a reason to try again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.loops.finding import LoopRule
from faregate.core.refusal import Refusal, RefusalCode

if TYPE_CHECKING:
    from faregate.core.loops.finding import Loop

_LONGEST_NAME = 60
_MOST_NAMES = 4
_SAYS = {
    LoopRule.SAME_STEP: (
        "{tools} was called {times} times in a row with the same arguments and the "
        "same result"
    ),
    LoopRule.CYCLE: (
        "the same {period} steps ({tools}) went round {times} times with the same "
        "results"
    ),
    LoopRule.DRIFT: (
        "{tools} was asked the same in other words {times} times in a row, with the "
        "same result"
    ),
    LoopRule.REPEATED_ERRORS: (
        "{tools} failed {times} times in a row with the same error"
    ),
    LoopRule.SAME_ANSWER: "the same answer came {times} times in a row",
    LoopRule.NO_PROGRESS: (
        "{period} known steps ({tools}) were done {times} times over and brought "
        "nothing new"
    ),
    LoopRule.IDENTICAL_REQUESTS: "the same request was sent {times} times",
    LoopRule.RETRY_STORM: (
        "the same request was sent again {times} times, and it fails each time"
    ),
}


def what_repeats(loop: Loop) -> str:
    """Return one clause that says what goes in circles and how often."""
    return _SAYS[loop.rule].format(
        tools=_names(loop.tools), times=loop.times, period=loop.period
    )


def looping(loop: Loop, session: str, *, denied: bool = False) -> Refusal:
    """Return the refusal of a request that would go round once more."""
    by = "stopped by a person" if denied else "stopped"
    what = what_repeats(loop)
    facts = {"loop_rule": str(loop.rule), "repeats": str(loop.times)}
    if loop.tools:
        facts["tools"] = _names(loop.tools)
    return Refusal(
        code=RefusalCode.LOOP_DETECTED,
        message=(
            f"Session {session} goes in circles and was {by}: {what}. Do something "
            "else, or tell a person what is missing; a person lets it go on with: "
            f"faregate resume {session}"
        ),
        scope=f"session:{session}",
        extra=facts,
    )


def alert(loop: Loop) -> str:
    """Return what a person is told of a loop that goes on."""
    return f"A loop that was not stopped: {what_repeats(loop)}"


def _names(tools: tuple[str, ...]) -> str:
    """Return names that an agent chose, safe to print and not too many."""
    plain = [
        "".join(c for c in name if c.isprintable())[:_LONGEST_NAME] or "a tool"
        for name in tools[:_MOST_NAMES]
    ]
    more = len(tools) - len(plain)
    return ", ".join(plain) + (f" and {more} more" if more else "")
