"""For how long something holds that a person has raised."""

from __future__ import annotations

from dataclasses import dataclass

from faregate.tui.screens.choice import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """How long a raise holds; None for good."""

    seconds: float | None
    words: str


FOR_GOOD = Lasting(seconds=None, words="")
LASTING = (
    Choice(key="h", label="1 hour", value=Lasting(seconds=3600.0, words=" for 1 hour")),
    Choice(
        key="4", label="4 hours", value=Lasting(seconds=14_400.0, words=" for 4 hours")
    ),
    Choice(key="d", label="1 day", value=Lasting(seconds=86_400.0, words=" for 1 day")),
    Choice(key="k", label="for good", value=FOR_GOOD),
)
