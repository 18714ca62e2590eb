"""Tools that the provider runs itself: web search, code execution, MCP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.approvals.findings import Finding, Subject
from faregate.core.approvals.verdicts import Verdict, first_fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.approvals.policy import ApprovalPolicy


def judge(subject: Subject, policy: ApprovalPolicy) -> Iterator[Finding]:
    """Yield each tool that may not simply be used."""
    for tool in subject.server_tools:
        rule = first_fit(policy.server_tools, (tool,))
        if rule is not None and rule.verdict is not Verdict.ALLOW:
            yield Finding(
                rule="server_tools",
                verdict=rule.verdict,
                what=tool,
                why=f"the provider may run its tool {tool}",
            )
