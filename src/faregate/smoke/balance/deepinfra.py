"""DeepInfra's wallet: what is owed, so that prepaid funds are negative."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.smoke.balance.figures import amount, digits_of
from faregate.smoke.balance.values import Balance, Unit
from faregate.smoke.reading import dig

if TYPE_CHECKING:
    from faregate.providers.spec import BalanceEndpoint


def read(document: Any, endpoint: BalanceEndpoint) -> Balance:
    """Return the prepaid funds; below zero is money owed."""
    owed = dig(document, "stripe_balance")
    return Balance(
        remaining=-amount(owed),
        unit=Unit.USD,
        resolution=digits_of(owed),
        stale_s=endpoint.stale_s,
        blocked=dig(document, "suspended") is True,
    )
