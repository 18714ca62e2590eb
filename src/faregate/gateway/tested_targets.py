"""The targets that were tested, and what the latest tests showed of them.

Owns only the look-up: what a test means is decided where tests are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.capabilities import UNTESTED, Capabilities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.routing import Target


class TestedTargets:
    """What is known by now; replaced as a whole after each smoke test."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.known: Mapping[tuple[str, str], Capabilities] = {}
        """By "provider/model" and protocol; another object after each test."""

    def take(self, known: Mapping[tuple[str, str], Capabilities]) -> None:
        """Know these from now on, by "provider/model" and protocol."""
        self.known = known

    def of(self, target: Target, protocol: str) -> Capabilities:
        """Return what is known of a target in a protocol."""
        if not self.known:
            return UNTESTED
        return self.known.get((target.bare, protocol), UNTESTED)
