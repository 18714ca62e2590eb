"""Money that a helper process spends by itself: what it asks for and how it ends.

The smoke test sends its own requests, so that no gate bends their timing; each is
held for and booked in the ledger like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.holds import HoldState
    from faregate.core.usage import Usage

SMOKE_SESSION = "smoke"
"""The session to which every smoke test is booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendAsk:
    """Money to set aside for one request before its first byte leaves."""

    provider: str
    model: str
    protocol: str
    amount: Money
    input_bound: int
    output_bound: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendHeld:
    """The hold is committed under this id."""

    attempt: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendRefused:
    """No budget has room, or the run's own limit is reached; nothing was written."""

    why: str
    by_run: bool = False
    """The run's own limit said no, not a budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendEnd:
    """How one hold ends: settled at a cost, voided on proof, or unknown."""

    attempt: str
    state: HoldState
    why: str = ""
    cost: Money = ZERO
    cost_source: str = ""
    price_source: str | None = None
    usage: Usage | None = None
    status: int | None = None
    served_model: str | None = None
    tool_calls: int = 0
    ttfb_ms: int | None = None
    duration_ms: int | None = None
