"""Z.ai's coding plan: percent used of each window."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.smoke.balance.figures import (
    UnreadableError,
    amount,
    instant,
    said_no,
)
from faregate.smoke.balance.values import Balance, Unit
from faregate.smoke.balance.windows import first_of
from faregate.smoke.reading import dig, rows

if TYPE_CHECKING:
    from faregate.providers.spec import BalanceEndpoint

_WINDOWS = {3: "5h", 6: "week"}
_OF_TOOLS = "TIME_LIMIT"
"""Counts the plan's own web tools, which no model request uses up."""


def read(document: Any, endpoint: BalanceEndpoint) -> Balance:
    """Return what is left of the shortest window, in percent."""
    limits = rows(dig(document, "data", "limits"))
    if dig(document, "success") is False or not limits:
        raise UnreadableError(said_no(dig(document, "msg") or dig(document, "message")))
    windows = [
        Balance(
            remaining=Decimal(100) - amount(limit.get("percentage")),
            unit=Unit.PERCENT,
            resolution=Decimal(1),
            resets_at=instant(limit.get("nextResetTime")),
            stale_s=endpoint.stale_s,
            window=_window(limit.get("unit")),
        )
        for limit in sorted(limits, key=_length)
        if limit.get("type") != _OF_TOOLS
    ]
    return first_of(windows)


def _window(unit: Any) -> str:
    return _WINDOWS.get(unit, "plan") if isinstance(unit, int) else "plan"


def _length(limit: Any) -> int:
    unit = limit.get("unit")
    return unit if isinstance(unit, int) else 99
