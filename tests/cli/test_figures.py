"""Figures as a person reads them."""

from __future__ import annotations

import pytest

from faregate.cli import figures
from tests.control import scenes


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1.0k"),
        (12_345, "12.3k"),
        (123_456, "123k"),
        (4_100_000, "4.1M"),
        (250_000_000, "250M"),
        (1_500_000_000, "1.5G"),
    ],
)
def test_counts(number: int, text: str) -> None:
    assert figures.count(number) == text


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0.4, "0s"),
        (59.9, "59s"),
        (60, "1m00s"),
        (728, "12m08s"),
        (11_520, "3h12m"),
        (183_600, "2d03h"),
    ],
)
def test_durations(duration: float, text: str) -> None:
    assert figures.seconds(duration) == text


def test_money_says_where_it_came_from() -> None:
    assert figures.usd("0.4100") == "$0.41"
    assert figures.usd("0.0004") == "$0.0004"
    assert figures.usd(None) == "-"
    assert figures.cost(scenes.session("s", cost="1.2")) == "$1.20"
    estimated = scenes.session("s", cost="1.2", cost_source="estimated")
    assert figures.cost(estimated) == "~$1.20"
    assert figures.cost(scenes.session("s", cost="0", cost_source="unpriced")) == "?"
    partly = scenes.session("s", cost="0.5", cost_source="unpriced")
    assert figures.cost(partly) == "?$0.50"


def test_the_line_without_a_limit_or_a_budget() -> None:
    status = scenes.snapshot(budgets=[scenes.budget("1.5", None, unknown="0.5")]).status
    assert figures.line_of(status) == "$2.00"
    status = scenes.snapshot(budgets=[]).status
    assert figures.line_of(status) == "no budget"
    status = scenes.snapshot(budgets=[scenes.budget("0", "0")]).status
    assert figures.line_of(status) == "$0.00/$0.00"


@pytest.mark.parametrize(
    ("scope", "window", "name"),
    [
        ("global", "month", "monthly"),
        ("global", "day", "daily"),
        ("global", "total", "total"),
        ("session", "session", "each session"),
        ("session:run-1", "session", "session:run-1"),
        ("workspace:web", "week", "workspace:web weekly"),
        ("customer", "month", "each customer monthly"),
    ],
)
def test_budgets_are_called_as_they_are_set(scope: str, window: str, name: str) -> None:
    assert figures.budget_name(scope, window) == name


def test_a_budget_that_is_nearly_full_is_told() -> None:
    budgets = [
        scenes.budget("5", "20"),
        scenes.budget("0.97", "1", scope="workspace:b", window="day"),
        scenes.budget("0.5", "1", scope="agent:a", window="day"),
    ]
    line = figures.line_of(scenes.snapshot(budgets=budgets, flights=[]).status)
    assert line.startswith("$5.00/$20.00 · 25.0% · workspace:b day 97%")
