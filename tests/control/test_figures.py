"""Sums, times and names of budgets in the words of every line and screen."""

from __future__ import annotations

import pytest

from faregate.control.figures import budget_name, seconds, usd


@pytest.mark.parametrize(
    ("amount", "shown"), [(None, "-"), ("1.92", "$1.92"), ("0", "$0.00")]
)
def test_an_amount(amount: str | None, shown: str) -> None:
    assert usd(amount) == shown


@pytest.mark.parametrize(
    ("duration", "shown"),
    [
        (41.9, "41s"),
        (61.7, "1m01s"),
        (728, "12m08s"),
        (14_400, "4h00m"),
        (183_600, "2d03h"),
    ],
)
def test_a_time(duration: float, shown: str) -> None:
    assert seconds(duration) == shown


@pytest.mark.parametrize(
    ("scope", "window", "shown"),
    [
        ("global", "month", "monthly"),
        ("workspace", "day", "each workspace daily"),
        ("workspace:web", "total", "workspace:web total"),
        ("session", "session", "each session"),
    ],
)
def test_the_name_of_a_budget(scope: str, window: str, shown: str) -> None:
    assert budget_name(scope, window) == shown
