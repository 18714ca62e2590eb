"""Models that a person wants to be asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.approvals.findings import Finding, Subject
from faregate.core.approvals.verdicts import Verdict, first_fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.approvals.policy import ApprovalPolicy


def judge(subject: Subject, policy: ApprovalPolicy) -> Iterator[Finding]:
    """Yield each model that may serve the request and may not simply do so.

    A pattern fits the model's name with its provider's or without; the region that a
    route names need not stand in it.
    """
    if not policy.models:
        return
    for target in subject.targets:
        provider, _, model = target.partition("/")
        bare = f"{provider.partition('@')[0]}/{model}"
        rule = first_fit(policy.models, (target, bare, model))
        if rule is not None and rule.verdict is not Verdict.ALLOW:
            yield Finding(
                rule="models",
                verdict=rule.verdict,
                what=target,
                why=f"it may be answered by {target}",
            )
