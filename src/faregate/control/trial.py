"""Models of the control API for one test request through the gate. Additive only."""

from __future__ import annotations

import msgspec

from faregate.control.asking import Ask


class TrialAsk(Ask, frozen=True, kw_only=True):
    """Ask for one small request through the gate."""

    target: str | None = None
    """"provider/model"; None lets the proxy suggest one, in a preview alone."""
    preview: bool = False
    """Only tell what would be asked, and what it costs at most."""


class TrialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What would be asked, or what came of it."""

    target: str
    at_most: str
    """USD."""
    session: str = ""
    status: int = 0
    text: str = ""
    """What the model said, or why there is no answer."""
