"""Every rule about requests, in the order in which a person reads what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


def judge_request(subject: Subject, policy: ApprovalPolicy) -> tuple[Finding, ...]:
    """Return what stands against a request: denials alone, else what to ask about."""
    found = tuple(finding for rule in RULES for finding in rule(subject, policy))
    denied = tuple(each for each in found if each.verdict is Verdict.DENY)
    return denied or found
