"""Pictures, sound and files that a request carries to the provider.

The endpoints that only take files are not served at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.approvals.findings import Finding, Subject
from faregate.core.approvals.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.approvals.policy import ApprovalPolicy


def judge(subject: Subject, policy: ApprovalPolicy) -> Iterator[Finding]:
    """Yield that files are sent along, where that may not simply be."""
    if subject.carries_media and policy.uploads is not Verdict.ALLOW:
        yield Finding(
            rule="uploads",
            verdict=policy.uploads,
            what="files",
            why="it carries pictures, sound or files",
        )
