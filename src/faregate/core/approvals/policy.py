"""What a person decided beforehand: what may pass, what is asked about, what is not.

Owns the values of [approvals]. It judges nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.approvals.verdicts import NameRule, Verdict
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.approvals.calls import CallRule
    from faregate.core.money import Money


class Unattended(StrEnum):
    """What becomes of a question when nobody watches."""

    DENY = "deny"
    ALLOW = "allow"
    WAIT = "wait"
    """Wait all the same, for whoever uses the command line."""


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
    tools: tuple[CallRule, ...] = ()
    """For calls in an answer, which the agent would carry out."""
    timeout_s: float = 300.0
    """Seconds after which no answer is a no."""
    unattended: Unattended = Unattended.DENY
