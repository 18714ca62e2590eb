"""What was decided and still counts: for a session, and against a repeat.

Kept in memory until the process ends, and bounded: what is forgotten is asked again.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from faregate.gateway.approval_words import ceiling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.approvals.findings import Finding
    from faregate.core.refusal import Refusal

LATCHED_S = 600.0
"""How long a denied request is refused again without asking anybody."""
MOST_LATCHED = 1024
MOST_GRANTED = 4096

Signature = tuple[object, ...]
"""What a repeat of a request has in common with it."""


class ApprovalMemory:
    """Grants by session, denials by request; times are monotonic seconds."""

    def __init__(self) -> None:
        self._granted: OrderedDict[str, dict[tuple[str, str], int]] = OrderedDict()
        self._latched: OrderedDict[Signature, tuple[float, Refusal]] = OrderedDict()

    def covers(self, session: str, found: Sequence[Finding]) -> bool:
        """Tell whether all of this was approved for the session."""
        granted = self._granted.get(session)
        return granted is not None and all(
            f.size <= granted.get(f.key, -1) for f in found
        )

    def grant(self, session: str, found: Sequence[Finding]) -> None:
        """Let a session do this, and somewhat more of it, without asking."""
        granted = self._granted.setdefault(session, {})
        self._granted.move_to_end(session)
        for finding in found:
            granted[finding.key] = max(granted.get(finding.key, 0), ceiling(finding))
        while len(self._granted) > MOST_GRANTED:
            self._granted.popitem(last=False)

    def forget(self, session: str) -> None:
        """Drop what a session may do: it has ended."""
        self._granted.pop(session, None)

    def latched(self, signature: Signature, now: float) -> Refusal | None:
        """Return how the same request was refused a short while ago."""
        found = self._latched.get(signature)
        if found is None:
            return None
        until, refusal = found
        if now < until:
            return refusal
        del self._latched[signature]
        return None

    def latch(self, signature: Signature, refusal: Refusal, now: float) -> None:
        """Refuse the same request in the same words for a while."""
        self._latched[signature] = (now + LATCHED_S, refusal)
        self._latched.move_to_end(signature)
        while len(self._latched) > MOST_LATCHED:
            self._latched.popitem(last=False)
