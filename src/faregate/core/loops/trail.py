"""What the calls of a conversation tell of loops before any result is read.

Owns the runs of turns without which no rule can find anything. Most requests end here:
calls are short, and results are long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from faregate.core.loops.glance import Glance
    from faregate.core.loops.turns import Turn

_NONE: frozenset[int] = frozenset()


class Trace:
    """One turn by its calls, and what it has in common with those before it.

    A run is never counted too short: what is not known may be as a loop would have it.
    """

    __slots__ = (
        *("alike", "answered", "calls", "failing", "first", "may_bring_the_same"),
        *("messages", "retried", "seen", "tools", "turn"),
    )

    def __init__(self, first: int, seen: float) -> None:
        """Begin a turn with its `first` message, `seen` first then, in seconds."""
        self.first = first
        self.seen = seen
        self.messages = 0
        self.answered = False
        """Something came of it: what the model says next is another turn."""
        self.tools: tuple[str, ...] = ()
        self.calls = _NONE
        """What was tried, as `tried` tells it."""
        self.alike = 1
        """Turns in a row that call the same tools in the same order, or none."""
        self.retried = 1
        """Turns in a row that may bring nothing new, and the one or two before them
        that may have: the first of the same may have told more."""
        self.failing = 1
        """Turns in a row that may all have failed."""
        self.may_bring_the_same = True
        """Its results may be those of the turn before."""
        self.turn: Turn | None = None
        """All of it, once it was read."""

    def add(self, glance: Glance) -> None:
        """Take one more of its messages."""
        self.messages += 1
        self.turn = None
        calls, _, answers = glance
        if answers:
            self.answered = True
        if calls:
            self.tools += tuple([tool for tool, _ in calls])
            self.calls |= {tried for _, tried in calls}

    def follow(self, before: Trace | None, known: AbstractSet[int]) -> None:
        """Count the runs that go on with it; `known` is what was tried earlier."""
        self.may_bring_the_same = True
        self.retried = self.alike = self.failing = 1
        if before is None:
            return
        self.failing += before.failing
        if self.tools == before.tools:
            self.alike += before.alike
        if self.calls <= known:
            self.retried += before.retried
