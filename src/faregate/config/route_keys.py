"""The keys of [routes.NAME] and [retries]: their names, kinds, defaults and meaning."""

from __future__ import annotations

from faregate.config.kinds import (
    FLAG,
    Kind,
    NotThisKind,
    choice,
    duration,
    integer,
    list_of,
    number,
    text,
)
from faregate.config.problems import shown
from faregate.config.tables import Field
from faregate.core.escalation import EscalationRule, Trigger
from faregate.core.retrying import RepeatPaid, RetryPolicy
from faregate.core.routing import RoutePolicy

_DEFAULTS = RetryPolicy()
_ESCALATION = EscalationRule()
_NAME = r"[^\x00-\x20\x7f]{1,256}"
LOGPROB: Kind[float] = Kind(
    lambda value: _logprob(value), {"type": "number", "minimum": -20, "maximum": 0}
)
TOKENS = integer(1, 2_000_000_000, "a number of tokens")


def _logprob(value: object) -> float:
    found = float(number(value, "a log probability"))
    if not -20 <= found <= 0:
        raise NotThisKind(f"{shown(value)} is out of range", "It goes from -20 to 0.")
    return found


class RouteKeys:
    """Keys of one [routes.NAME]."""

    MODELS: Field[tuple[str, ...]] = Field(
        "models",
        list_of(text(_NAME, "a model's name"), or_one=True),
        "the model names it answers to; one that ends in * stands for all that begin so",
    )
    TARGETS: Field[tuple[str, ...]] = Field(
        "targets",
        list_of(text(_NAME, "provider/model"), or_one=True),
        "who serves them, in order: provider/model, or provider@region/model",
    )
    POLICY = Field(
        "policy",
        choice(RoutePolicy),
        "which target is asked first",
        default=RoutePolicy.ORDERED,
    )
    STICKY = Field(
        "sticky",
        FLAG,
        "keep a session where it was served, so that its prompt cache stays warm",
        default=True,
    )
    ESCALATE_TO: Field[tuple[str, ...]] = Field(
        "escalate_to",
        list_of(text(_NAME, "provider/model"), or_one=True),
        "those of the targets that escalated requests go to; else one further each time",
    )

    ESCALATE_ON: Field[tuple[Trigger, ...]] = Field(
        "escalate_on",
        list_of(choice(Trigger), or_one=True),
        "what an answer, a tool result or a person must say for it",
    )
    VALIDATE = Field(
        "validate",
        FLAG,
        "check answers before a byte goes out; else the next turn is escalated",
        default=_ESCALATION.validate,
    )
    BACK_AFTER = Field(
        "back_after",
        integer(1, 10_000, "a number of turns"),
        "good turns after which an escalated session goes one target back",
        default=_ESCALATION.back_after,
    )
    MIN_LOGPROB = Field(
        "min_logprob",
        LOGPROB,
        "the least mean log probability, for low_confidence",
        default=_ESCALATION.min_logprob,
    )
    TOOL_ERRORS = Field(
        "tool_errors",
        integer(1, 100, "a number of results"),
        "bad tool results in a row, for tool_errors",
        default=_ESCALATION.tool_errors,
    )


class ComplexityKeys:
    """Keys of [routes.NAME.complexity]: what makes a request begin escalated."""

    INPUT_TOKENS = Field("input_tokens", TOKENS, "from so many input tokens on, about")
    TOOLS = Field(
        "tools", integer(1, 100_000, "a number of tools"), "from so many tools on"
    )
    IMAGES = Field("images", FLAG, "when it has images or other media", default=False)
    REASONING = Field(
        "reasoning", FLAG, "when it asks for much thinking", default=False
    )


class RouteTargetKeys:
    """Keys of [routes.NAME.target."provider/model"]."""

    WEIGHT = Field(
        "weight",
        integer(0, 1_000_000, "a weight"),
        "share of the sessions that begin there",
    )
    MAX_OUTPUT = Field("max_output", TOKENS, "most output tokens of one answer there")


class RetryKeys:
    """Keys of [retries]."""

    ATTEMPTS = Field(
        "attempts",
        integer(1, 10, "a number of attempts"),
        "most attempts of one request on a route, fallbacks included",
        default=_DEFAULTS.attempts,
    )
    DIRECT = Field(
        "direct",
        integer(1, 10, "a number of attempts"),
        "the same for a request that names its target; agents retry by themselves",
        default=_DEFAULTS.direct,
    )
    MAX_WAIT = Field(
        "max_wait",
        duration(0, 60),
        "a provider that asks for a longer wait is not asked again",
        default=_DEFAULTS.max_wait,
    )
    FIRST_EVENT = Field(
        "first_event",
        duration(0.1, 200),
        "a stream that has not begun by then is left for the next target",
        default=_DEFAULTS.first_event,
    )
    WHOLE = Field(
        "whole",
        duration(0.1, 590),
        "the same for an answer in one piece",
        default=_DEFAULTS.whole,
    )
    REPEAT_PAID = Field(
        "repeat_paid",
        choice(RepeatPaid),
        "where a request may go again that may have been billed once",
        default=_DEFAULTS.repeat_paid,
    )
