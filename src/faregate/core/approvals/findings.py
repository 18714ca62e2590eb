"""What the rules look at, and what they find.

Owns the two values that every rule shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.lean import lean
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.approvals.verdicts import Verdict
    from faregate.core.money import Money


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One request as the rules see it; nothing of what it says."""

    targets: tuple[str, ...]
    """Every "provider/model" that may serve it."""
    server_tools: tuple[str, ...]
    carries_media: bool
    wants_media: bool
    estimate: Money
    """What it costs if its answer is of a usual length."""
    input_tokens: int
    """Its input, estimated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a rule does not simply let pass."""

    rule: str
    """The key of the configuration: "server_tools", "over_usd", "tools"."""
    verdict: Verdict
    what: str
    """What it is about: "web_search", "openai/o3-pro", "Bash(git push*)"."""
    why: str
    """One clause for a person, as in "it costs about $1.92"."""
    size: int = 0
    """How much of it there is, where more is worse: pico-USD or tokens."""

    @property
    def key(self) -> tuple[str, str]:
        """Return what an approval for a whole session is remembered by."""
        return (self.rule, self.what)
