"""MiniMax's plan: percent left of a short window and of the week, by model."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.smoke.balance.figures import (
    UnreadableError,
    instant,
    optional_amount,
    said_no,
)
from faregate.smoke.balance.values import Balance, Unit
from faregate.smoke.balance.windows import first_of
from faregate.smoke.reading import dig, rows

if TYPE_CHECKING:
    from faregate.providers.spec import BalanceEndpoint

_TEXT_MODELS = "general"


def read(document: Any, endpoint: BalanceEndpoint) -> Balance:
    """Return what is left for text models."""
    if dig(document, "base_resp", "status_code") not in (0, None):
        raise UnreadableError(said_no(dig(document, "base_resp", "status_msg")))
    models = rows(dig(document, "model_remains"))
    models.sort(key=lambda row: row.get("model_name") != _TEXT_MODELS)
    if not models:
        raise UnreadableError("it states no window of a plan")
    row = models[0]
    short = _percent(row, "current_interval_remaining_percent", "end_time", endpoint)
    week = _percent(
        row, "current_weekly_remaining_percent", "weekly_end_time", endpoint, "week"
    )
    found = [window for window in (short or _older(row, endpoint), week) if window]
    return first_of(found)


def _percent(
    row: Any, name: str, end: str, endpoint: BalanceEndpoint, window: str = "5h"
) -> Balance | None:
    left = optional_amount(row.get(name))
    ends = instant(row.get(end))
    if left is None or (window == "week" and ends is None):
        return None
    return Balance(
        remaining=left,
        unit=Unit.PERCENT,
        resolution=Decimal(1),
        resets_at=ends,
        stale_s=endpoint.stale_s,
        window=window,
    )


def _older(row: Any, endpoint: BalanceEndpoint) -> Balance | None:
    """Read the older shape, whose "usage count" counts what remains."""
    left = optional_amount(row.get("current_interval_usage_count"))
    if left is None:
        return None
    return Balance(
        remaining=left,
        unit=Unit.REQUESTS,
        granted=optional_amount(row.get("current_interval_total_count")),
        resolution=Decimal(1),
        resets_at=instant(row.get("end_time")),
        stale_s=endpoint.stale_s,
        window="5h",
    )
