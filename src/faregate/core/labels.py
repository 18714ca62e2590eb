"""Labels that attribute a request: who works on what, for whom."""

from __future__ import annotations

from faregate.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Attribution of a session or request; every label may be absent."""

    workspace: str | None = None
    agent: str | None = None
    user: str | None = None
    task: str | None = None
    customer: str | None = None
    feature: str | None = None


NO_LABELS = Labels()
