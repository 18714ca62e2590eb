"""When a session goes to a dearer target of its route, and when it comes back.

Owns the reasons and the count of good turns. Pure: what an answer or a tool result
shows is found elsewhere.
"""

from __future__ import annotations

from enum import StrEnum

from faregate.core.values import dataclass


class Trigger(StrEnum):
    """Why a model is taken not to be up to its task."""

    TOOL_ARGUMENTS = "tool_arguments"
    """A tool call's arguments are no JSON."""
    TOOL_SCHEMA = "tool_schema"
    """A tool call's arguments break the tool's schema."""
    UNKNOWN_TOOL = "unknown_tool"
    RESPONSE_FORMAT = "response_format"
    """The answer is not the JSON that was asked for."""
    EMPTY = "empty"
    TRUNCATED = "truncated"
    """The answer ended at its output bound."""
    LOW_CONFIDENCE = "low_confidence"
    """The mean log probability of its tokens is low; only where it is asked for."""
    TOOL_ERRORS = "tool_errors"
    """The latest tool results are errors or failing tests."""
    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    VERDICT = "verdict"
    """Somebody said so."""


OF_ANSWERS = frozenset(
    {
        Trigger.TOOL_ARGUMENTS,
        Trigger.TOOL_SCHEMA,
        Trigger.UNKNOWN_TOOL,
        Trigger.RESPONSE_FORMAT,
        Trigger.EMPTY,
        Trigger.TRUNCATED,
        Trigger.LOW_CONFIDENCE,
    }
)
"""Reasons that an answer itself shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRule:
    """What a route says about escalation."""

    on: frozenset[Trigger] = frozenset()
    validate: bool = False
    """Answers are checked before a byte goes out; else the next turn escalates."""
    back_after: int = 5
    """Good turns on a level after which a session goes one level back."""
    min_logprob: float = -1.5
    tool_errors: int = 2
    """Bad tool results in a row that are a reason."""

    @property
    def judges(self) -> bool:
        """Tell whether answers have to be read."""
        return bool(self.on & OF_ANSWERS)


@dataclass(slots=True)
class Level:
    """How far one session is escalated on one route."""

    height: int = 0
    good: int = 0
    """Good turns since it came here."""
    cause: Trigger | None = None

    def up(self, cause: Trigger, highest: int) -> bool:
        """Escalate; return whether there was a level left."""
        self.good = 0
        if self.height >= highest:
            return False
        self.height += 1
        self.cause = cause
        return True

    def well(self, back_after: int) -> bool:
        """Count a good turn; return whether the session goes one level back."""
        if not self.height:
            return False
        self.good += 1
        if self.good < back_after:
            return False
        self.height -= 1
        self.good = 0
        if not self.height:
            self.cause = None
        return True
