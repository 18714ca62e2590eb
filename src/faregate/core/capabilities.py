"""What a smoke test showed of a target, as far as planning may rely on it."""

from __future__ import annotations

from faregate.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """One target in one protocol; None where it was not tried or is not certain."""

    tools: bool | None = None
    """Tool calls come as they should."""
    output_field: str | None = None
    """A field that it takes an output bound in."""
    keeps_bound: bool | None = None
    """It ends an answer at the output bound."""
    include_usage: bool | None = None
    """It takes the wish for usage at the end of a stream."""
    bursts: bool | None = None
    """Streams arrive in one piece, when the answer is complete."""
    tested_on: str = ""
    """Day of the test that the verdict on tools is from."""


UNTESTED = Capabilities()
"""Nothing is known."""
