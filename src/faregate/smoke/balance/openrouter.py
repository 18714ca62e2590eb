"""OpenRouter: the account's credit, or what one key may still spend of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.smoke.balance.figures import (
    UnreadableError,
    amount,
    digits_of,
    optional_amount,
)
from faregate.smoke.balance.values import Balance, Unit
from faregate.smoke.reading import dig

if TYPE_CHECKING:
    from faregate.providers.spec import BalanceEndpoint

KEY_PATH = "/key"
"""Asked instead of /credits by a key that may not see the account."""


def read(document: Any, endpoint: BalanceEndpoint) -> Balance:
    """Return the credit of an account, or the limit of a key, less what was used."""
    data = dig(document, "data")
    if optional_amount(dig(data, "total_credits")) is not None:
        bought, used = dig(data, "total_credits"), dig(data, "total_usage")
        return _left(amount(bought) - amount(used), bought, used, endpoint)
    if "limit_remaining" not in (data if isinstance(data, dict) else {}):
        raise UnreadableError("it states neither credits nor a limit")
    left = data["limit_remaining"]
    if left is None:
        raise UnreadableError(
            "this key has no limit of its own and may not see the account's credit"
        )
    return _left(amount(left), left, dig(data, "usage"), endpoint)


def _left(
    remaining: Decimal, first: Any, second: Any, endpoint: BalanceEndpoint
) -> Balance:
    return Balance(
        remaining=remaining,
        unit=Unit.USD,
        resolution=digits_of(first, second, Decimal("0.000001")),
        stale_s=endpoint.stale_s,
        blocked=remaining <= 0,
    )
