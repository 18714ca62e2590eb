"""SiliconFlow's wallet: texts; an answer is good when its code is 20000."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.smoke.balance.figures import (
    UnreadableError,
    amount,
    digits_of,
    said_no,
)
from faregate.smoke.balance.values import Balance, Unit
from faregate.smoke.reading import dig

if TYPE_CHECKING:
    from faregate.providers.spec import BalanceEndpoint

_GOOD = 20000


def read(document: Any, endpoint: BalanceEndpoint) -> Balance:
    """Return all that is left; which part was given away is not documented."""
    if dig(document, "code") != _GOOD:
        raise UnreadableError(said_no(dig(document, "message")))
    data = dig(document, "data")
    total = amount(dig(data, "totalBalance"))
    return Balance(
        remaining=total,
        unit=Unit(endpoint.unit),
        resolution=digits_of(
            dig(data, "totalBalance"), dig(data, "balance"), dig(data, "chargeBalance")
        ),
        stale_s=endpoint.stale_s,
        blocked=total <= 0,
    )
