"""Sound and pictures that a request asks for.

The endpoints that make nothing else are not served at all; this is about chats that
speak and about the tool that draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.approvals.findings import Finding, Subject
from faregate.core.approvals.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.approvals.policy import ApprovalPolicy


def judge(subject: Subject, policy: ApprovalPolicy) -> Iterator[Finding]:
    """Yield that sound or pictures are asked for, where that may not simply be."""
    if subject.wants_media and policy.media is not Verdict.ALLOW:
        yield Finding(
            rule="media",
            verdict=policy.media,
            what="media",
            why="it deals in sound or has pictures made",
        )
