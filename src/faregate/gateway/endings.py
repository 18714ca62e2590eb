"""How one attempt of a request ended, and which of two ends its client hears of.

Owns no decision about what follows: that is the course's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.escalation import Trigger
from faregate.core.retrying import Trouble
from faregate.protocols.lean_struct import LeanValue

if TYPE_CHECKING:
    from faregate.core.retrying import Failure
    from faregate.gateway.inbound import Result, Withheld

_TRIGGERS = {
    Trouble.TIMEOUT: Trigger.TIMEOUT,
    Trouble.RATE_LIMIT: Trigger.RATE_LIMIT,
}


class End(LeanValue, frozen=True):
    """How one attempt ended: what it brought, and how it failed if it did."""

    result: Result | Withheld
    failure: Failure | None = None
    refused: bool = False
    """The gate itself said no; nothing was sent."""


def trigger_of(failure: Failure) -> Trigger | None:
    """Return what a failure escalates a session for, if for anything."""
    return failure.trigger or _TRIGGERS.get(failure.trouble)


def telling(kept: End | None, end: End) -> End:
    """Return which of two failures the client hears of.

    That another target does not take the request at all says less than why it was
    asked.
    """
    failure = end.failure
    if kept is None or failure is None or kept.failure is None:
        return end
    if failure.trouble is Trouble.REQUEST:
        return kept
    # An answer that does not hold up says more than none.
    worse = kept.failure.trouble is Trouble.REJECTED
    return kept if worse and failure.trouble is not Trouble.REJECTED else end
