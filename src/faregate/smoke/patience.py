"""How long anything in a smoke test may take, in seconds."""

from __future__ import annotations

from faregate.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Bounds on whole requests and probes: a provider that trickles meets them too."""

    request_s: float = 60.0
    error_s: float = 30.0
    """A request that should be refused."""
    probe_s: float = 240.0
    """All requests of one probe together."""
    slow_s: float = 5.0
    """A refusal that takes longer is slow."""
    first_token_s: float = 10.0
    """The first token of a short prompt should come within this."""
    connect_s: float = 2.0
