"""Sums, times and budgets as a person reads them, in a line of text or a screen. Pure."""

from __future__ import annotations

from faregate.core.money import Money

_GLOBAL = {
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
    "total": "total",
}


def usd(amount: str | None) -> str:
    """Return a decimal string in USD as "$1.92"; a dash for none."""
    return "-" if amount is None else str(Money.usd(amount))


def seconds(duration: float) -> str:
    """Return a duration: 41s, 12m08s, 3h12m, 2d03h."""
    whole = int(duration)
    for size, unit, part, part_unit in (
        (86_400, "d", 3600, "h"),
        (3_600, "h", 60, "m"),
        (60, "m", 1, "s"),
    ):
        if whole >= size:
            return f"{whole // size}{unit}{whole % size // part:02d}{part_unit}"
    return f"{whole}s"


def budget_name(scope: str, window: str) -> str:
    """Return a budget as `faregate budget set` takes it, or as nearly as it can."""
    if scope == "global":
        return _GLOBAL.get(window, window)
    whose = scope if ":" in scope else f"each {scope}"
    return whose if window == "session" else f"{whose} {_GLOBAL.get(window, window)}"
