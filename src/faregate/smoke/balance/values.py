"""What is left at a provider, or why that is not known."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal


class Unit(StrEnum):
    """What an amount is counted in; one is never converted into another."""

    USD = "USD"
    CNY = "CNY"
    PERCENT = "percent"
    REQUESTS = "requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What is left: money, or the share of a plan's window."""

    remaining: Decimal
    unit: Unit
    resolution: Decimal
    """The smallest step that the provider's figure can make."""
    granted: Decimal | None = None
    """The part that was given away and not bought; for a quota, its size."""
    resets_at: datetime | None = None
    stale_s: int = 0
    """How old the figure may be."""
    window: str = ""
    """A plan's window, such as "5h" or "week"; "" for money."""
    blocked: bool = False
    """The provider itself says that nothing can be spent."""
    others: tuple[Balance, ...] = ()
    """Wallets in other currencies, or longer windows of the same plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoBalance:
    """Nothing is known of what is left; `why` is safe to show."""

    why: str
    has_endpoint: bool = True
    """False where the provider has nothing to ask."""
