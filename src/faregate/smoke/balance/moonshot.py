"""Moonshot's wallet: USD or CNY by where the account is; cash may be negative."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.smoke.balance.figures import (
    UnreadableError,
    amount,
    optional_amount,
    said_no,
)
from faregate.smoke.balance.values import Balance, Unit
from faregate.smoke.reading import dig

if TYPE_CHECKING:
    from faregate.providers.spec import BalanceEndpoint

_STEP = Decimal("0.00001")


def read(document: Any, endpoint: BalanceEndpoint) -> Balance:
    """Return what requests may still cost; at zero or below they are refused."""
    if dig(document, "code") != 0:
        raise UnreadableError(said_no(dig(document, "message")))
    left = amount(dig(document, "data", "available_balance"))
    return Balance(
        remaining=left,
        unit=Unit(endpoint.unit),
        granted=optional_amount(dig(document, "data", "voucher_balance")),
        resolution=_STEP,
        stale_s=endpoint.stale_s,
        blocked=left <= 0,
    )
