"""Kimi's coding plan: requests, as texts, of a short window and of the week."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.smoke.balance.figures import (
    amount,
    instant,
    optional_amount,
)
from faregate.smoke.balance.values import Balance, Unit
from faregate.smoke.balance.windows import first_of
from faregate.smoke.reading import dig, rows

if TYPE_CHECKING:
    from faregate.providers.spec import BalanceEndpoint

_MINUTES = {"MINUTE": 1, "HOUR": 60, "DAY": 1440, "WEEK": 10080}
_DAY, _HOUR = 1440, 60


def read(document: Any, endpoint: BalanceEndpoint) -> Balance:
    """Return the requests left in the shortest window."""
    found = []
    for limit in rows(dig(document, "limits")):
        minutes = _minutes(limit.get("window"))
        detail = limit.get("detail")
        found.append((minutes, _quota(detail, _named(minutes), endpoint)))
    whole = dig(document, "usage")
    if isinstance(whole, dict):
        found.append((_MINUTES["WEEK"], _quota(whole, "week", endpoint)))
    found.sort(key=lambda pair: pair[0])
    return first_of([quota for _, quota in found])


def _quota(detail: Any, window: str, endpoint: BalanceEndpoint) -> Balance:
    limit = optional_amount(dig(detail, "limit"))
    left = optional_amount(dig(detail, "remaining"))
    if left is None:
        left = amount(dig(detail, "limit")) - amount(dig(detail, "used"))
    return Balance(
        remaining=left,
        unit=Unit.REQUESTS,
        granted=limit,
        resolution=Decimal(1),
        resets_at=instant(dig(detail, "resetTime")),
        stale_s=endpoint.stale_s,
        window=window,
    )


def _minutes(window: Any) -> int:
    unit = str(dig(window, "timeUnit") or "").removeprefix("TIME_UNIT_")
    count = optional_amount(dig(window, "duration"))
    if count is None or unit not in _MINUTES:
        return 0
    return int(count) * _MINUTES[unit]


def _named(minutes: int) -> str:
    if minutes <= 0:
        return "plan"
    if minutes % _DAY == 0:
        return f"{minutes // _DAY}d"
    return f"{minutes // _HOUR}h" if minutes % _HOUR == 0 else f"{minutes}m"
