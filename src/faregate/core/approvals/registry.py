"""Every rule about requests, in the order in which a person reads what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from faregate.core.approvals import (
    cost,
    input_size,
    media,
    models,
    server_tools,
    uploads,
)
from faregate.core.approvals.verdicts import Verdict

if TYPE_CHECKING:
    from faregate.core.approvals.findings import Finding, Subject
    from faregate.core.approvals.policy import ApprovalPolicy

Rule = Callable[["Subject", "ApprovalPolicy"], Iterable["Finding"]]

RULES: tuple[Rule, ...] = (
    models.judge,
    server_tools.judge,
    media.judge,
    uploads.judge,
    cost.judge,
    input_size.judge,
)


def may_object(policy: ApprovalPolicy, server_tools: Sequence[str]) -> bool:
    """Tell whether any rule could find something in a request with these tools."""
    return bool(
        server_tools
        or policy.models
        or policy.over_usd is not None
        or policy.context_tokens is not None
        or policy.uploads is not Verdict.ALLOW
        or policy.media is not Verdict.ALLOW
    )


def judge_request(subject: Subject, policy: ApprovalPolicy) -> tuple[Finding, ...]:
    """Return what stands against a request: denials alone, else what to ask about."""
    found = tuple(finding for rule in RULES for finding in rule(subject, policy))
    denied = tuple(each for each in found if each.verdict is Verdict.DENY)
    return denied or found
