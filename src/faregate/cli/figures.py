"""Figures of the control API as a person reads them. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from faregate.control.figures import budget_name, seconds, usd
from faregate.control.governing import latched_words
from faregate.control.work import work_words
from faregate.core.money import Money

if TYPE_CHECKING:
    from faregate.control.models import BudgetView, SessionView, Status

__all__ = [
    "TOLD_FROM_PERCENT",
    "budget_name",
    "closed_words",
    "cost",
    "count",
    "line_of",
    "month_budget",
    "raise_command",
    "seconds",
    "usd",
]
TOLD_FROM_PERCENT = 80
_SOURCE_MARK = {"estimated": "~", "mixed": "~", "unpriced": "?"}


def cost(session: SessionView) -> str:
    """Return a session's cost, marked where it is not reported by the provider."""
    mark = _SOURCE_MARK.get(session.cost_source, "")
    if session.cost_source == "unpriced" and Decimal(session.cost) == 0:
        return mark
    return mark + usd(session.cost)


def count(number: int) -> str:
    """Return a count in at most five characters: 950, 12.3k, 4.1M."""
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if number >= size:
            value = number / size
            return f"{value:.1f}{unit}" if value < 100 else f"{value:.0f}{unit}"
    return str(number)


def raise_command(scope: str, window: str) -> str:
    """Return the command that gives a budget another limit."""
    if scope == "global":
        return f"faregate budget set {budget_name(scope, window)} AMOUNT"
    return f"faregate budget set {scope} AMOUNT --window {window}"


def closed_words(closed: BudgetView) -> str:
    """Return why a budget is closed, what that means, and what opens it."""
    limit = "it" if closed.limit is None else f"it above {usd(closed.limit)}"
    reset = f" It opens by itself at {closed.resets_at}." if closed.resets_at else ""
    return (
        f"{budget_name(closed.scope, closed.window)} is closed, although "
        f"{usd(closed.spent)} of {usd(closed.limit)} is spent: a request came in "
        "dearer than the money that was held for it. Its price or its usage is not "
        "what was expected, so nothing more goes out until you have looked. What "
        "happened: faregate requests. To open it, raise "
        f"{limit}: {raise_command(closed.scope, closed.window)}; or, where that bill "
        f"is wrong: faregate holds correct ID COST.{reset}"
    )


def month_budget(status: Status) -> BudgetView | None:
    """Return the budget of the month over everything."""
    for budget in status.budgets:
        if (budget.scope, budget.window) == ("global", "month"):
            return budget
    return None


def line_of(status: Status) -> str:
    """Return the status in one line: what is paused, spend of the cap, what runs."""
    latched = latched_words(status.paused, status.stopped)
    return f"{latched} · {_money(status)}" if latched else _money(status)


def _money(status: Status) -> str:
    """Return the spend of the cap, share, what runs."""
    month = month_budget(status)
    if month is None:
        return "no budget"
    spent = Money.usd(month.spent) + Money.usd(month.unknown)
    parts = [str(spent)]
    if month.limit is not None:
        limit = Money.usd(month.limit)
        parts[0] += f"/{limit}"
        if limit:
            parts.append(f"{spent.pico * 1000 // limit.pico / 10:.1f}%")
    if (full := _nearly_full(status, but=month)) is not None:
        parts.append(full)
    parts += [f"{b.scope} {b.window} is closed" for b in status.budgets if b.closed]
    parts += work_words(status.in_flight, status.waiting, status.waiting_approval)
    return " · ".join(parts)


def _nearly_full(status: Status, *, but: BudgetView) -> str | None:
    """Return the fullest of the other budgets, where a person should know."""
    shares = [
        ((Money.usd(b.spent) + Money.usd(b.unknown)).pico * 100 // limit.pico, b)
        for b in status.budgets
        if b is not but and b.limit is not None and (limit := Money.usd(b.limit))
    ]
    share, budget = max(shares, key=lambda each: each[0], default=(0, but))
    if share < TOLD_FROM_PERCENT:
        return None
    return f"{budget.scope} {budget.window} {share}%"
