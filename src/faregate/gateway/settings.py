"""What a person may set about the gate, as plain values."""

from __future__ import annotations

from dataclasses import field

from faregate.core.circuit_breaker import BreakerPolicy
from faregate.core.policy import OnTight, Unpriced
from faregate.core.retrying import RetryPolicy
from faregate.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the gate waits, in seconds."""

    room: float = 30.0
    """For a budget to have room again."""
    drain: float = 10.0
    """For the exact usage of an answer whose client hung up."""
    first_byte_stream: float = 240.0
    first_byte_whole: float = 600.0
    """Also between two bytes of an answer that is not streamed."""
    idle: float = 120.0
    """Between two bytes of a running stream."""
    quiet: float = 600.0
    """Between two pieces of model output, while keep-alives still arrive."""
    total: float = 3600.0
    write_stall: float = 60.0
    """For a client that reads nothing."""
    last_words: float = 5.0
    """For a client to take the event that ends its broken stream."""
    look: float = 1.0
    """Between two looks at all of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """The gate's policy; budgets are matched elsewhere."""

    default_output: int = 32_000
    """Output bound, in tokens, of a request that names none."""
    on_tight: OnTight = OnTight.WAIT
    unpriced: Unpriced = Unpriced.DENY
    queue_size: int = 1000
    """Most requests that may wait for room at once."""
    body_limit: int = 64 * 1024 * 1024
    """Most bytes of an answer that is not streamed."""
    patience: Patience = field(default_factory=Patience)
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
