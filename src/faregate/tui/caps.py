"""Budgets as gauges: how full, how urgent, what to call them, when they are full.

A limit is always the person's own figure; a budget without one is no gauge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from faregate.core.money import Money
from faregate.tui.figures import duration, instant, money

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.control.models import BudgetView
    from faregate.tui.clock import Clock

_WINDOWS = ("month", "total", "week", "day", "session")
_HALF, _HIGH, _FULL = 500, 800, 1000
_HOLDS = "holds"
_LONGEST_HOURS = 366 * 24


class Level(IntEnum):
    """How urgent a budget is; each level is told once, by glyph, word and colour."""

    CALM = 0
    HALF = 1
    HIGH = 2
    REACHED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A budget with a limit; `used` is what is gone, `held` may come back."""

    view: BudgetView
    limit: Money
    spent: Money
    unknown: Money
    held: Money

    @property
    def used(self) -> Money:
        """Return spent plus unknown: money that will not come back."""
        return self.spent + self.unknown

    @property
    def left(self) -> Money:
        """Return what a new hold could take; never below zero."""
        return max(self.limit - self.used - self.held, Money())

    @property
    def permille(self) -> int:
        """Return the used part of the limit, rounded down, possibly above 1000."""
        if self.limit.pico <= 0:
            return _FULL
        return self.used.pico * 1000 // self.limit.pico

    @property
    def percent(self) -> str:
        """Return "82.1%"."""
        return f"{self.permille / 10:.1f}%"

    @property
    def level(self) -> Level:
        """Return how urgent this is."""
        if self.view.refusing or self.permille >= _FULL:
            return Level.REACHED
        if self.permille >= _HIGH:
            return Level.HIGH
        return Level.HALF if self.permille >= _HALF else Level.CALM


def gauge(view: BudgetView) -> Gauge | None:
    """Read one budget; None when it has no limit."""
    if view.limit is None:
        return None
    return Gauge(
        view=view,
        limit=money(view.limit),
        spent=money(view.spent),
        unknown=money(view.unknown),
        held=money(view.held),
    )


def gauges(views: Iterable[BudgetView]) -> list[Gauge]:
    """Return the limited budgets that outlive a session, the headline first.

    The headline is the global budget with the longest window.
    """
    found = [
        read
        for view in views
        if not view.scope.startswith("session") and (read := gauge(view)) is not None
    ]
    return sorted(found, key=_rank)


def worst(found: Iterable[Gauge]) -> Gauge | None:
    """Return the most urgent gauge, the fullest among equals."""
    return max(found, key=lambda each: (each.level, each.permille), default=None)


def cap_name(view: BudgetView, clock: Clock) -> str:
    """Return "November cap", "today's cap" ..., with the scope unless it is global."""
    whose = "" if view.scope == "global" else f"{view.scope} "
    return f"{whose}{_window_name(view, clock)} cap"


def resets_on(view: BudgetView, clock: Clock) -> str | None:
    """Return the day or time of the reset: "1 Dec", "00:00"."""
    when = _reset(view)
    if when is None:
        return None
    local = clock.local(when)
    if when - clock.now() < timedelta(days=1):
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b}"


def time_left(view: BudgetView, clock: Clock) -> str | None:
    """Return "7d left"; whole days from two days on."""
    when = _reset(view)
    if when is None:
        return None
    left = when - clock.now()
    if left >= timedelta(days=2):
        return f"{left.days}d left"
    return f"{duration(max(left.total_seconds(), 0))} left"


def last_hour(burn: Iterable[str]) -> Money:
    """Return the spend of the minutes in `burn`, at most an hour of them."""
    return _total(list(burn)[-60:])


def hourly_rate(burn: Iterable[str]) -> Money:
    """Return the spend of the last ten minutes as an hourly rate."""
    return _total(list(burn)[-10:]) * 6


def _total(amounts: Iterable[str]) -> Money:
    return Money(sum([money(each).pico for each in amounts]))


def pace(found: Gauge, burn: Iterable[str], uptime_s: float, clock: Clock) -> str:
    """Say when the cap is reached at this hour's and at the window's own pace.

    Both are labelled, because one figure is wrong half of the time; "holds" means
    not before the reset.
    """
    if found.level is Level.REACHED:
        return _refusing(found, clock)
    this_hour = _at_this_hour(found, burn, uptime_s, clock)
    start = _start(found.view)
    if start is None:
        return short_pace(found, burn, uptime_s, clock)
    passed = max(int((clock.now() - start).total_seconds()), 3600)
    whole = _reached(found, _hourly(found.used, passed), clock)
    label = found.view.window
    if this_hour == whole == _HOLDS:
        return f"cap holds (1h and {label} pace)"
    if this_hour == _HOLDS:
        return f"holds (1h pace), full {whole} ({label} pace)"
    return f"full {this_hour} (1h pace), {whole} ({label} pace)"


def short_pace(found: Gauge, burn: Iterable[str], uptime_s: float, clock: Clock) -> str:
    """Say when the cap is reached at this hour's pace alone."""
    if found.level is Level.REACHED:
        return _refusing(found, clock)
    reached = _at_this_hour(found, burn, uptime_s, clock)
    return f"{'cap' if reached == _HOLDS else 'full'} {reached} (1h pace)"


def month_start(views: Iterable[BudgetView]) -> datetime | None:
    """Return where the global month began; None where no budget has one."""
    for view in views:
        if view.scope == "global" and view.window == "month":
            return _start(view)
    return None


def share(part: Money, whole: Money) -> str:
    """Return "3.4%"; a dash where there is nothing to compare with."""
    if whole.pico <= 0:
        return "-"
    return f"{part.pico * 1000 // whole.pico / 10:.1f}%"


def _rank(found: Gauge) -> tuple[bool, int, str]:
    window = found.view.window
    place = _WINDOWS.index(window) if window in _WINDOWS else len(_WINDOWS)
    return (found.view.scope != "global", place, found.view.scope)


def _window_name(view: BudgetView, clock: Clock) -> str:
    when = _reset(view)
    if view.window == "month" and when is not None:
        return f"{clock.local(when - timedelta(days=1)):%B}"
    return {"day": "today's", "week": "this week's", "month": "this month's"}.get(
        view.window, view.window
    )


def _reset(view: BudgetView) -> datetime | None:
    return None if view.resets_at is None else instant(view.resets_at)


def _start(view: BudgetView) -> datetime | None:
    when = _reset(view)
    if when is None:
        return None
    match view.window:
        case "day":
            return when - timedelta(days=1)
        case "week":
            return when - timedelta(days=7)
        case "month":
            last = when - timedelta(days=1)
            return when - timedelta(days=last.day)
        case _:
            return None


def _refusing(found: Gauge, clock: Clock) -> str:
    reset = resets_on(found.view, clock)
    if found.view.closed:
        return "closed: a request passed its hold"
    return f"refuses until {reset}" if reset else "refuses until there is a new cap"


def _at_this_hour(
    found: Gauge, burn: Iterable[str], uptime_s: float, clock: Clock
) -> str:
    seconds = min(max(int(uptime_s), 600), 3600)
    return _reached(found, _hourly(last_hour(burn), seconds), clock)


def _hourly(amount: Money, seconds: int) -> Money:
    return Money(amount.pico * 3600 // seconds)


def _reached(found: Gauge, rate: Money, clock: Clock) -> str:
    room = found.limit - found.used
    if rate.pico * _LONGEST_HOURS <= room.pico:
        return _HOLDS
    when = clock.now() + timedelta(seconds=room.pico * 3600 // rate.pico)
    reset = _reset(found.view)
    if reset is not None and when >= reset:
        return _HOLDS
    local, today = clock.local(when), clock.local(clock.now())
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if when - clock.now() < timedelta(days=7):
        return f"{local:%a} {local.day}"
    return f"{local.day} {local:%b}"
