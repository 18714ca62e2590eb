"""What the agent and the person read about an approval.

One line each; agents match on words, so these never say what a client would take for
a rate limit or a full window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.approvals.policy import Unattended
from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.approval_case import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.approvals.findings import Finding
    from faregate.gateway.approval_case import Case, Outcome

MORE_FOR_SESSION = 2
"""By how much an approval for a session goes beyond what was asked: the next turn is a
little larger than this one."""
_MOST_CALLS = 20


def forbidden(found: Sequence[Finding]) -> Refusal:
    """Return the refusal of what a rule denies without asking."""
    why = "; ".join(finding.why for finding in found)
    return _denied(
        f"A rule of this gate denies it: {why}. Leave that out, or let the person "
        "change the approvals section of config.toml",
        {},
    )


def refused(case: Case, outcome: Outcome) -> Refusal:
    """Return the refusal of what nobody allowed."""
    return _denied(_why(case.title, outcome, case.timeout_s), {"approval": case.id})


def call_denied(finding: Finding, outcome: Outcome | None) -> str:
    """Return why a tool call of an answer is denied, as a sentence for its agent.

    `outcome` is None where a rule denies it without asking.
    """
    if outcome is None:
        return f"a rule of this gate denies {finding.what}."
    return f"{_why(finding.why, outcome, 0)}."


def too_many(waiting: int) -> Refusal:
    """Return the refusal when more questions wait than a person reads."""
    return Refusal(
        code=RefusalCode.QUEUE_FULL,
        message=f"{waiting} requests already wait for a person's approval; decide "
        "about some of them, or stop some agents",
    )


def told(case: Case, outcome: Outcome) -> str:
    """Return the line of the event log for a question that ended."""
    match outcome.decision:
        case Decision.APPROVED:
            what = "approved for the session" if outcome.for_session else "approved"
        case Decision.TIMED_OUT:
            what = "denied, for nobody answered in time"
        case Decision.UNATTENDED:
            verb = "allowed" if outcome.allowed else "denied"
            what = f"{verb}, for nobody watches"
        case _:
            what = "denied"
    reason = f" ({outcome.reason})" if outcome.reason else ""
    return f"{case.id} {what}{reason}: {case.title}"


def ceiling(finding: Finding) -> int:
    """Return how much of something an approval for a session covers."""
    return finding.size * MORE_FOR_SESSION


def covers(case: Case) -> str:
    """Return what an approval for the session would cover, in words."""
    return "; ".join(_covered(finding) for finding in case.findings)


def call_lines(case: Case) -> list[str]:
    """Return the calls in question, one line each."""
    lines = [f"{call.name} {call.arguments}" for call in case.calls[:_MOST_CALLS]]
    left = len(case.calls) - len(lines)
    return [*lines, f"and {left} more"] if left > 0 else lines


def _covered(finding: Finding) -> str:
    if finding.rule == "over_usd":
        return f"requests of up to {Money(ceiling(finding))} each"
    if finding.rule == "context_tokens":
        return f"input of up to {ceiling(finding):,} tokens each"
    return finding.what


def _why(title: str, outcome: Outcome, timeout_s: float) -> str:
    match outcome.decision:
        case Decision.TIMED_OUT:
            within = f" within {timeout_s:.0f} s" if timeout_s else " in time"
            return f"Nobody answered{within}, and no answer is a no: {title}"
        case Decision.UNATTENDED:
            return (
                f"It needs a person's approval and nobody watches: {title}. Watch "
                f'with faregate, or set unattended = "{Unattended.ALLOW}" in the '
                "approvals section of config.toml"
            )
        case Decision.GONE:
            return f"Nobody decided about it: {title}"
        case _:
            reason = f" ({outcome.reason})" if outcome.reason else ""
            return f"The person denied it{reason}: {title}"


def _denied(message: str, extra: dict[str, str]) -> Refusal:
    return Refusal(
        code=RefusalCode.APPROVAL_DENIED, message=" ".join(message.split()), extra=extra
    )
