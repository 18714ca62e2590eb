"""How the simulated provider behaves when no step says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.smoke.simulated.rates import Counts

OnDisconnect = Literal["stop", "finish"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """What a model accepts: its window and output maximum in tokens.

    `output_field` names the one output bound that Chat Completions takes for it;
    None takes any.
    """

    context: int | None = None
    max_output: int | None = None
    output_field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """Defaults of every answer; delays are in seconds.

    `usage` fixes the counters of every answer, so that each call costs the same.
    `on_disconnect` says what is billed when a client leaves: what was generated so far
    ("stop") or the whole answer ("finish"). `cache` simulates the prompt cache. `keys`
    are the accepted credentials; None takes any, also none. `report_cost` adds the
    price to the usage block of chat answers, as OpenRouter or as xAI does.
    """

    first_byte: float = 0.0
    gap: float = 0.0
    chunks: int = 8
    output_tokens: int = 32
    usage: Counts | None = None
    on_disconnect: OnDisconnect = "stop"
    cache: bool = False
    keys: frozenset[str] | None = None
    report_cost: Literal["openrouter", "xai"] | None = None
    models: tuple[str, ...] = ("sim-small", "sim-large")
    limits: Mapping[str, ModelLimits] = field(default_factory=dict)
    max_body: int = 64 * 1024 * 1024
