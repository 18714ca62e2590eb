"""Novita's wallet: texts in ten-thousandths of a dollar."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.smoke.balance.figures import amount
from faregate.smoke.balance.values import Balance, Unit
from faregate.smoke.reading import dig

if TYPE_CHECKING:
    from faregate.providers.spec import BalanceEndpoint

_STEP = Decimal("0.0001")


def read(document: Any, endpoint: BalanceEndpoint) -> Balance:
    """Return what requests may still cost, a credit line included."""
    left = amount(dig(document, "availableBalance")) * _STEP
    return Balance(
        remaining=left,
        unit=Unit.USD,
        resolution=_STEP,
        stale_s=endpoint.stale_s,
        blocked=left <= 0,
    )
