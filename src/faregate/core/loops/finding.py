"""What a rule finds, and how much repetition it takes."""

from __future__ import annotations

from enum import StrEnum

from faregate.core.lean import lean
from faregate.core.values import dataclass

PATIENCE = 4
"""How many times more often something may repeat that can be honest: keys that are
pressed, the same error for different things."""
WAITING = 20
"""The same for what waits well: more of it in the window than a sleep leaves room for."""


class LoopRule(StrEnum):
    """In what way a conversation goes in circles; names of the rules' files."""

    SAME_STEP = "same_step"
    CYCLE = "cycle"
    DRIFT = "drift"
    REPEATED_ERRORS = "repeated_errors"
    SAME_ANSWER = "same_answer"
    NO_PROGRESS = "no_progress"
    IDENTICAL_REQUESTS = "identical_requests"
    RETRY_STORM = "retry_storm"


class LoopAction(StrEnum):
    """What follows when a loop is found."""

    ASK = "ask"
    """A person decides; where nobody watches it is stopped."""
    STOP = "stop"
    ALERT = "alert"
    """It goes on, and a person is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """How often is too often, within which time in seconds, and what then."""

    repeats: int = 5
    window: float = 600.0
    action: LoopAction = LoopAction.ASK


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A circle that was found: by which rule, of what, how often."""

    rule: LoopRule
    times: int
    """How often it went round."""
    tools: tuple[str, ...] = ()
    """Names of the tools that are called, in order, each once."""
    period: int = 1
    """Turns of one round."""
