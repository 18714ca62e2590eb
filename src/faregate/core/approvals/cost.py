"""What one request is estimated to cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.approvals.findings import Finding, Subject
from faregate.core.approvals.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.approvals.policy import ApprovalPolicy

USUAL_OUTPUT = 4000
"""Output tokens that an answer is estimated at: agents ask for many times what they
use, and an estimate at that bound would ask about everything."""


def judge(subject: Subject, policy: ApprovalPolicy) -> Iterator[Finding]:
    """Yield that a request is dear, above the amount that may pass."""
    most = policy.over_usd
    if most is not None and subject.estimate > most:
        yield Finding(
            rule="over_usd",
            verdict=Verdict.ASK,
            what="cost",
            why=f"it costs about {subject.estimate}, above {most} for one request",
            size=subject.estimate.pico,
        )
