"""What a person decided beforehand: what may pass, what is asked about, what is not.

Owns the values of [approvals]. It judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.core.approvals.calls import CallRule
    from faregate.core.money import Money


class Verdict(StrEnum):
    """What a rule says of one thing."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


class Unattended(StrEnum):
    """What becomes of a question when nobody watches."""

    DENY = "deny"
    ALLOW = "allow"
    WAIT = "wait"
    """Wait all the same, for whoever uses the command line."""


_STRICTNESS = (Verdict.ALLOW, Verdict.ASK, Verdict.DENY)


def strictest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the strictest of some verdicts, ALLOW for none."""
    return max(verdicts, key=_STRICTNESS.index, default=Verdict.ALLOW)


@dataclass(frozen=True, slots=True)
class NameRule:
    """A pattern of names, `*` for anything, and what becomes of those that fit."""

    pattern: str
    verdict: Verdict


def fits(pattern: str, name: str) -> bool:
    """Tell whether a name fits a pattern in which `*` stands for anything.

    Takes time in proportion to the name, whatever stands in either.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    *middle, last = rest
    if not name.startswith(first) or len(name) < len(first) + len(last):
        return False
    at, end = len(first), len(name) - len(last)
    for piece in middle:
        found = name.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return name.endswith(last)


def first_fit(rules: Iterable[NameRule], names: Iterable[str]) -> NameRule | None:
    """Return the first rule that one of these names of the same thing fits."""
    known = tuple(names)
    for rule in rules:
        if any(fits(rule.pattern, name) for name in known):
            return rule
    return None


USUAL_SERVER_TOOLS = (
    NameRule("mcp*", Verdict.ASK),
    NameRule("computer*", Verdict.ASK),
)
"""What stands behind a person's own rules: tools by which a provider acts on other
systems. No coding agent sends them by itself; searching and reading pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPolicy:
    """All rules together; the first rule of a list that fits counts."""

    server_tools: tuple[NameRule, ...] = USUAL_SERVER_TOOLS
    uploads: Verdict = Verdict.ALLOW
    """Requests that carry pictures, sound or files."""
    media: Verdict = Verdict.ALLOW
    """Requests for sound or pictures."""
    over_usd: Money | None = None
    """Estimated cost of one request above which a person is asked."""
    context_tokens: int | None = None
    """Estimated input of one request above which a person is asked."""
    models: tuple[NameRule, ...] = ()
    tools: tuple[CallRule, ...] = field(default=())
    """For calls in an answer, which the agent would carry out."""
    timeout_s: float = 300.0
    """Seconds after which no answer is a no."""
    unattended: Unattended = Unattended.DENY
