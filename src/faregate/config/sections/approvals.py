"""[approvals]: what a person wants to be asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.config.schema import ApprovalKeys
from faregate.core.approvals.policy import USUAL_SERVER_TOOLS, ApprovalPolicy

if TYPE_CHECKING:
    from faregate.config.tables import Table


def read_approvals(table: Table) -> ApprovalPolicy:
    """Return the rules; what the person wrote stands before what is usual."""
    own = table.optional(ApprovalKeys.SERVER_TOOLS) or ()
    for denied in (ApprovalKeys.BATCHES, ApprovalKeys.FINE_TUNES):
        # Read for its problems alone: there is nothing else to choose.
        table.optional(denied)
    policy = ApprovalPolicy(
        server_tools=(*own, *USUAL_SERVER_TOOLS),
        uploads=table.value(ApprovalKeys.UPLOADS),
        media=table.value(ApprovalKeys.MEDIA),
        over_usd=table.optional(ApprovalKeys.OVER_USD),
        context_tokens=table.optional(ApprovalKeys.CONTEXT_TOKENS),
        models=table.optional(ApprovalKeys.MODELS) or (),
        tools=table.optional(ApprovalKeys.TOOLS) or (),
        timeout_s=table.value(ApprovalKeys.TIMEOUT),
        unattended=table.value(ApprovalKeys.UNATTENDED),
    )
    table.finish()
    return policy
