"""What a person may decide about tight budgets and unknown prices."""

from __future__ import annotations

from enum import StrEnum


class OnTight(StrEnum):
    """What happens to a request whose hold does not fit into a budget just now."""

    WAIT = "wait"
    """Wait for open holds to be released, then refuse."""
    CLAMP = "clamp"
    """Lower the request's output bound to what is affordable."""
    REFUSE = "refuse"


class Unpriced(StrEnum):
    """What happens to a request for a model without a known price."""

    DENY = "deny"
    DEAREST = "dearest"
    """Hold and book it at the dearest known price of its provider."""
    ALLOW = "allow"
    """Let it pass uncounted: the cap does not cover it."""
