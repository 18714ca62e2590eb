"""From the desk's questions to the models of the control API.

What an agent wants to do is sanitised here, once, on its way to a screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.approvals import (
    ApprovalList,
    ApprovalReason,
    ApprovalView,
    DecidedView,
)
from faregate.control.sanitise import sanitise, sanitise_optional
from faregate.gateway import approval_words as words
from faregate.server.views import rfc3339

if TYPE_CHECKING:
    from faregate.gateway.approval_case import Case, Outcome
    from faregate.gateway.approvals import ApprovalDesk

LONGEST_CALL = 2000
"""Characters of one tool call that a person is shown: the end of a command counts as
much as its beginning."""


def approval_list(desk: ApprovalDesk, now: float) -> ApprovalList:
    """Return what waits and what was decided lately, as of a monotonic instant."""
    return ApprovalList(
        waiting=[approval_view(case, now) for case in desk.waiting],
        decided=[
            decided_view(case, case.outcome)
            for case in desk.decided
            if case.outcome is not None
        ],
    )


def approval_view(case: Case, now: float) -> ApprovalView:
    """Return one question."""
    return ApprovalView(
        id=case.id,
        kind="tool_calls" if case.calls else "request",
        request=case.request,
        session=sanitise(case.session),
        agent=sanitise_optional(case.agent),
        workspace=sanitise_optional(case.workspace),
        provider=sanitise(case.provider),
        model=sanitise(case.model),
        title=sanitise(case.title),
        reasons=[
            ApprovalReason(
                rule=finding.rule,
                what=sanitise(finding.what),
                why=sanitise(finding.why),
            )
            for finding in case.findings
        ],
        calls=[sanitise(line, limit=LONGEST_CALL) for line in words.call_lines(case)],
        estimate=case.estimate.exact(),
        at_most=case.at_most.exact(),
        input_tokens=case.input_tokens,
        hash=case.digest,
        asked_at=rfc3339(case.asked_ms),
        expires_at=rfc3339(case.asked_ms + int(case.timeout_s * 1000)),
        waited_s=round(max(0.0, now - case.since), 1),
        left_s=round(max(0.0, case.deadline - now), 1),
        timeout_s=round(case.timeout_s, 1),
        stream=case.stream,
        kept_alive=case.kept_alive,
        for_session=sanitise(words.covers(case)),
    )


def decided_view(case: Case, outcome: Outcome) -> DecidedView:
    """Return one question that is over."""
    return DecidedView(
        id=case.id,
        decision=outcome.decision.value,
        allowed=outcome.allowed,
        session=sanitise(case.session),
        title=sanitise(case.title),
        at=rfc3339(case.decided_ms),
        for_session=outcome.for_session,
        reason=sanitise_optional(outcome.reason or None),
    )
