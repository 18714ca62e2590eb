"""DeepSeek's wallet: texts with two decimals, one row a currency."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.smoke.balance.figures import UnreadableError, amount, optional_amount
from faregate.smoke.balance.values import Balance, Unit
from faregate.smoke.reading import dig, rows

if TYPE_CHECKING:
    from faregate.providers.spec import BalanceEndpoint

_STEP = Decimal("0.01")


def read(document: Any, endpoint: BalanceEndpoint) -> Balance:
    """Return the wallet that requests are paid from, and the other ones beside it."""
    blocked = dig(document, "is_available") is False
    wallets = [
        _wallet(row, endpoint, blocked=blocked)
        for row in rows(dig(document, "balance_infos"))
        if row.get("currency") in (Unit.USD, Unit.CNY)
    ]
    if not wallets:
        raise UnreadableError("it names no wallet in USD or CNY")
    # An empty wallet of the expected currency must not hide the one that pays.
    wallets.sort(key=lambda one: (one.remaining <= 0, one.unit != endpoint.unit))
    return replace(wallets[0], others=tuple(wallets[1:]))


def _wallet(row: Any, endpoint: BalanceEndpoint, *, blocked: bool) -> Balance:
    return Balance(
        remaining=amount(row.get("total_balance")),
        unit=Unit(row["currency"]),
        granted=optional_amount(row.get("granted_balance")),
        resolution=_STEP,
        stale_s=endpoint.stale_s,
        blocked=blocked,
    )
