"""How much input one request has.

What it says never has the word that clients take for a model's window being full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.approvals.findings import Finding, Subject
from faregate.core.approvals.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.approvals.policy import ApprovalPolicy


def judge(subject: Subject, policy: ApprovalPolicy) -> Iterator[Finding]:
    """Yield that a request is large, above the number of tokens that may pass."""
    most = policy.context_tokens
    if most is not None and subject.input_tokens > most:
        yield Finding(
            rule="context_tokens",
            verdict=Verdict.ASK,
            what="input",
            why=(
                f"its input is about {subject.input_tokens:,} tokens, above "
                f"{most:,} for one request"
            ),
            size=subject.input_tokens,
        )
