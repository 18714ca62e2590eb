"""Windows are half-open, never overlap, and follow the local date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.windows import (
    ENDLESS,
    Bounds,
    HighWater,
    WindowKind,
    bounds,
)

ENDING = [WindowKind.DAY, WindowKind.WEEK, WindowKind.MONTH]
# Zones whose clocks have changed at, before and across midnight, or skipped a date.
ODD_ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kwajalein",
]
ZONES = [name for name in ODD_ZONES if name in available_timezones()]
HOUR = 3600


def at(text: str, zone: tzinfo = UTC) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [
        (WindowKind.DAY, "2026-11-23T00:00", "2026-11-24T00:00"),
        (WindowKind.WEEK, "2026-11-23T00:00", "2026-11-30T00:00"),
        (WindowKind.MONTH, "2026-11-01T00:00", "2026-12-01T00:00"),
    ],
)
def test_utc_windows(kind: WindowKind, start: str, end: str) -> None:
    found = bounds(kind, at("2026-11-23T13:00"))
    assert found == Bounds(starts_at=at(start), ends_at=at(end))


@pytest.mark.parametrize("kind", ENDING)
def test_the_last_instant_is_inside_and_the_end_is_not(kind: WindowKind) -> None:
    found = bounds(kind, at("2026-12-31T23:59"))
    assert found.ends_at is not None
    assert bounds(kind, found.ends_at - 0.001) == found
    assert found.contains(found.ends_at - 0.001)
    assert not found.contains(found.ends_at)
    assert bounds(kind, found.ends_at).starts_at == found.ends_at


@pytest.mark.parametrize("kind", [WindowKind.SESSION, WindowKind.TOTAL])
def test_sessions_and_totals_never_end(kind: WindowKind) -> None:
    assert bounds(kind, at("2026-11-23T13:00")) == ENDLESS
    assert ENDLESS.contains(10**12)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Europe/Berlin", "2026-11-23", 24),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Africa/Cairo", "2026-04-24", 23),
        ("America/Havana", "2026-11-01", 25),
    ],
)
def test_days_have_as_many_hours_as_they_have(
    zone: str, day: str, hours: float
) -> None:
    found = bounds(WindowKind.DAY, at(f"{day}T12:00", ZoneInfo(zone)), ZoneInfo(zone))
    assert found.ends_at is not None
    assert found.ends_at - found.starts_at == hours * HOUR


def test_a_date_that_a_zone_skipped_has_no_window() -> None:
    zone = ZoneInfo("Pacific/Apia")
    before = bounds(WindowKind.DAY, at("2011-12-29T12:00", zone), zone)
    after = bounds(WindowKind.DAY, at("2011-12-31T12:00", zone), zone)
    assert before.ends_at == after.starts_at


def test_a_date_that_comes_back_belongs_to_the_later_window() -> None:
    """At 00:01 clocks went back to 23:01 of the day that had just ended."""
    zone = ZoneInfo("America/St_Johns")
    midnight = at("2006-10-29T00:00", zone)
    back_again = midnight + 30 * 60
    assert datetime.fromtimestamp(back_again, zone).day == 28
    found = bounds(WindowKind.DAY, back_again, zone)
    assert found.starts_at == midnight
    assert found.contains(back_again)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("kind", ENDING)
def test_windows_of_a_zone_tile_time(kind: WindowKind, zone: str) -> None:
    where = ZoneInfo(zone)
    now = at("2005-01-01T12:00")
    starts = [bounds(kind, now, where).starts_at]
    for _ in range(900 if kind is WindowKind.DAY else 150):
        found = bounds(kind, starts[-1], where)
        assert found.starts_at == starts[-1]
        assert found.ends_at is not None
        starts.append(found.ends_at)
    lengths = {later - earlier for earlier, later in pairwise(starts)}
    days = {WindowKind.DAY: (1, 1), WindowKind.WEEK: (6, 7), WindowKind.MONTH: (28, 31)}
    least, most = days[kind]
    assert min(lengths) >= least * 86_400 - 2 * HOUR
    assert max(lengths) <= most * 86_400 + 2 * HOUR


@settings(deadline=None)
@given(
    now=st.integers(at("1975-01-01"), at("2090-01-01")),
    zone=st.sampled_from(ZONES),
    kind=st.sampled_from(ENDING),
)
def test_every_instant_is_in_its_window(now: int, zone: str, kind: WindowKind) -> None:
    where = ZoneInfo(zone)
    found = bounds(kind, now, where)
    assert found.contains(now)
    assert bounds(kind, found.starts_at, where) == found
    assert found.ends_at is not None
    assert bounds(kind, found.ends_at - 1, where) == found


@settings(deadline=None)
@given(now=st.integers(at("1975-01-01"), at("2090-01-01")), offset=st.integers(-24, 28))
def test_fixed_offsets_follow_their_own_midnight(now: int, offset: int) -> None:
    zone = timezone(timedelta(minutes=30 * offset))
    start = datetime.fromtimestamp(bounds(WindowKind.DAY, now, zone).starts_at, zone)
    assert (start.hour, start.minute, start.second) == (0, 0, 0)
    assert start.date() == datetime.fromtimestamp(now, zone).date()


@pytest.mark.parametrize("now", [1e18, -1e18, float("inf"), float("nan")])
@pytest.mark.parametrize("kind", ENDING)
def test_an_instant_without_a_date_is_an_error(kind: WindowKind, now: float) -> None:
    with pytest.raises(ValueError, match=r"calendar date|NaN"):
        bounds(kind, now)


def test_the_end_of_the_calendar_is_an_error() -> None:
    with pytest.raises(ValueError, match="calendar date"):
        bounds(WindowKind.MONTH, at("9999-12-31T12:00"))
    assert date.max.year == 9999


class TestHighWater:
    def test_goes_forward_with_the_clock(self) -> None:
        water = HighWater()
        assert [water.advance(now) for now in (10, 20, 30)] == [10, 20, 30]
        assert water.mark == 30

    def test_never_goes_back(self) -> None:
        water = HighWater(100)
        assert [water.advance(now) for now in (50, 150, 120)] == [100, 150, 150]

    def test_a_clock_set_back_does_not_reopen_a_month(self) -> None:
        water = HighWater()
        december = bounds(WindowKind.MONTH, water.advance(at("2026-12-01T00:00")))
        again = bounds(WindowKind.MONTH, water.advance(at("2026-11-30T23:00")))
        assert again == december
