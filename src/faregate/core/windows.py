"""Budget windows: when a day, week or month starts and ends.

Owns the bounds of every window as half-open instants in Unix seconds. It must not
read a clock: `now` and the time zone are arguments.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from faregate.core.values import dataclass


class WindowKind(StrEnum):
    """Over which time a budget sums."""

    SESSION = "session"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The instants [starts_at, ends_at) in Unix seconds; no end is None."""

    starts_at: int = 0
    ends_at: int | None = None

    def contains(self, now: float) -> bool:
        """Return whether the instant `now` (Unix seconds) lies inside."""
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


ENDLESS = Bounds()


def bounds(kind: WindowKind, now: float, zone: tzinfo = UTC) -> Bounds:
    """Return the window of `kind` that contains `now` (Unix seconds) in `zone`.

    Days begin at the first instant of the local date, so that they last 23 or 25
    hours where clocks change; weeks begin on Monday. Windows of one kind and zone
    never overlap and leave no gap. Raises ValueError for instants without a date.
    """
    if kind is WindowKind.SESSION or kind is WindowKind.TOTAL:
        return ENDLESS
    try:
        first = _first_day(kind, datetime.fromtimestamp(now, zone).date())
        start, end = _start_of(first, zone), _start_of(_following(kind, first), zone)
        # Where clocks go back across midnight, a date returns after the next one
        # began: such an instant belongs to the later window.
        while now >= end:
            first = _following(kind, first)
            start, end = end, _start_of(_following(kind, first), zone)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{now!r} is not an instant with a calendar date") from error
    return Bounds(starts_at=start, ends_at=end)


class HighWater:
    """The latest instant that was ever used to choose a window.

    A clock that is set back must not reopen a window that has ended, for its spent
    budget would count again. Whether a jump forward is believed is for the caller
    to judge before it asks.
    """

    def __init__(self, mark: float = 0) -> None:
        """Start at `mark`, Unix seconds: where the ledger's last window began."""
        self._mark = mark

    @property
    def mark(self) -> float:
        """Return the latest instant seen, in Unix seconds."""
        return self._mark

    def advance(self, now: float) -> float:
        """Return `now`, or the mark when the clock went behind it."""
        if now > self._mark:
            self._mark = now
        return self._mark


def _first_day(kind: WindowKind, day: date) -> date:
    if kind is WindowKind.MONTH:
        return day.replace(day=1)
    if kind is WindowKind.WEEK:
        return day - timedelta(days=day.weekday())
    return day


def _following(kind: WindowKind, first: date) -> date:
    if kind is WindowKind.MONTH:
        return (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first + timedelta(days=7 if kind is WindowKind.WEEK else 1)


def _start_of(day: date, zone: tzinfo) -> int:
    # With fold=0 a midnight that a clock change skips is the instant of that change,
    # and a midnight that comes twice is the first of the two.
    return int(datetime.combine(day, time(), zone).timestamp())
