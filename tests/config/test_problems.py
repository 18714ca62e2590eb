"""Problems say where, what, and what to write instead."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from faregate.config.problems import ConfigError, Problem, did_you_mean, shown


def test_a_problem_names_file_line_and_key() -> None:
    problem = Problem(
        file=Path("/c/config.toml"),
        line=3,
        key="budget.monthly",
        message="-1 is below zero",
        hint="Write: monthly = 20",
    )
    assert str(problem) == (
        "/c/config.toml:3: budget.monthly: -1 is below zero. Write: monthly = 20"
    )
    assert str(Problem(message="m")) == "m"
    assert str(Problem(message="m", key="k")) == "k: m"


def test_an_error_holds_them_all() -> None:
    error = ConfigError(Problem(message="a"), Problem(message="b"))
    assert str(error) == "a\nb"
    assert len(error.problems) == 2


def test_suggestions() -> None:
    assert did_you_mean("montly", ["monthly", "daily"]) == "Did you mean monthly?"
    assert did_you_mean("zzz", ["monthly"]) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        ("a", '"a"'),
        ("a\x1b[2J", '"a\\x1b[2J"'),
        ({"a": 1}, "a table"),
        ([1], "a list"),
        (Decimal("1E-20"), "1E-20"),
        ("x" * 100, '"' + "x" * 55 + "..."),
    ],
)
def test_values_are_shown_short_and_harmless(value: object, text: str) -> None:
    assert shown(value) == text
