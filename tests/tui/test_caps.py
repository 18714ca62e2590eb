from __future__ import annotations

import pytest

from faregate.core.money import Money
from faregate.tui.caps import (
    Level,
    cap_name,
    gauge,
    gauges,
    hourly_rate,
    last_hour,
    pace,
    resets_on,
    share,
    short_pace,
    time_left,
    worst,
)
from tests.control.scenes import FrozenClock, budget

CLOCK = FrozenClock()
HOUR = 3600.0


@pytest.mark.parametrize(
    ("spent", "unknown", "refusing", "level"),
    [
        ("99.99", "0", False, Level.CALM),
        ("100", "0", False, Level.HALF),
        ("99.80", "0.20", False, Level.HALF),
        ("159.99", "0", False, Level.HALF),
        ("160", "0", False, Level.HIGH),
        ("199.999999", "0", False, Level.HIGH),
        ("200", "0", False, Level.REACHED),
        ("201", "0", False, Level.REACHED),
        ("30", "0", True, Level.REACHED),
    ],
)
def test_levels_turn_at_the_marks(
    spent: str, unknown: str, refusing: bool, level: Level
) -> None:
    found = gauge(budget(spent, "200", unknown=unknown, refusing=refusing))
    assert found is not None
    assert found.level is level


def test_a_percentage_is_never_rounded_up_to_full() -> None:
    found = gauge(budget("199.999999", "200"))
    assert found is not None
    assert found.percent == "99.9%"


def test_what_is_left_counts_held_and_unknown_and_is_never_negative() -> None:
    found = gauge(budget("150", "200", held="20", unknown="10"))
    over = gauge(budget("250", "200"))
    assert found is not None
    assert over is not None
    assert found.left == Money.usd(20)
    assert over.left == Money()


def test_a_budget_without_a_limit_is_no_gauge() -> None:
    assert gauge(budget("5", None)) is None
    assert gauges([budget("5", None)]) == []


def test_a_limit_of_nothing_is_reached() -> None:
    found = gauge(budget("0", "0"))
    assert found is not None
    assert found.level is Level.REACHED


def test_the_longest_global_window_leads_and_sessions_are_no_headline() -> None:
    views = [
        budget(window="day"),
        budget(scope="workspace:web"),
        budget(scope="session:abc", window="session"),
        budget(window="month"),
    ]
    found = [(each.view.scope, each.view.window) for each in gauges(views)]
    assert found == [("global", "month"), ("global", "day"), ("workspace:web", "month")]


def test_the_worst_is_the_most_urgent() -> None:
    found = worst(gauges([budget("10"), budget("4.9", "5", window="day")]))
    assert found is not None
    assert found.view.window == "day"
    assert worst([]) is None


def test_names_and_times() -> None:
    assert cap_name(budget(), CLOCK) == "November cap"
    assert cap_name(budget(window="day"), CLOCK) == "today's cap"
    assert cap_name(budget(window="total"), CLOCK) == "total cap"
    assert cap_name(budget(scope="agent:codex"), CLOCK) == "agent:codex November cap"
    assert resets_on(budget(), CLOCK) == "1 Dec"
    assert resets_on(budget(window="day"), CLOCK) == "00:00"
    assert resets_on(budget(window="total"), CLOCK) is None
    assert time_left(budget(), CLOCK) == "9d left"
    assert time_left(budget(window="day"), CLOCK) == "13h07m left"


def test_rates() -> None:
    burn = ["9"] + ["0"] * 50 + ["0.10"] * 10
    assert last_hour(burn) == Money.usd(1)
    assert hourly_rate(burn) == Money.usd(6)
    assert share(Money.usd("0.62"), Money.usd("18")) == "3.4%"
    assert share(Money.usd(1), Money()) == "-"


@pytest.mark.parametrize(
    ("spent", "burn", "uptime", "shown"),
    [
        # 20 of 200 left; 10 an hour: two hours on. 180 in 20.45 days: 2.27 days on.
        ("180", ["10"], HOUR, "full 12:52 (1h pace), Mon 23 (month pace)"),
        ("180", ["0"], HOUR, "holds (1h pace), full Mon 23 (month pace)"),
        ("2", ["0"], HOUR, "cap holds (1h and month pace)"),
        # Up for 15 minutes: the dollar of this quarter of an hour is four an hour.
        ("180", ["1"], 900.0, "full 15:52 (1h pace), Mon 23 (month pace)"),
        # A minute is too little to judge by: ten are the least.
        ("180", ["1"], 60.0, "full 14:12 (1h pace), Mon 23 (month pace)"),
        ("200", ["1"], HOUR, "refuses until 1 Dec"),
    ],
)
def test_both_paces_are_labelled(
    spent: str, burn: list[str], uptime: float, shown: str
) -> None:
    found = gauge(budget(spent))
    assert found is not None
    assert pace(found, burn, uptime, CLOCK) == shown


def test_pace_without_a_window_has_one_label() -> None:
    found = gauge(budget("180", window="total"))
    assert found is not None
    assert pace(found, ["10"], HOUR, CLOCK) == "full 12:52 (1h pace)"
    assert short_pace(found, ["0"], HOUR, CLOCK) == "cap holds (1h pace)"
    reached = gauge(budget("200", window="total"))
    assert reached is not None
    assert short_pace(reached, [], 0.0, CLOCK) == "refuses until there is a new cap"
