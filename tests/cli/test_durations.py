"""How long an option says: read in seconds, or refused in words that name it."""

from __future__ import annotations

import click
import pytest

from faregate.cli.durations import LASTING, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60.0), ("1h30m", 5400.0), ("31d", 2_678_400.0)]
)
def test_a_time_is_read_in_seconds(text: str, seconds: float) -> None:
    assert seconds_of(text, "--for", LASTING) == seconds


@pytest.mark.parametrize("text", ["soon", "90", "", "59s", "32d", "-2h"])
def test_what_is_no_such_time_is_refused_by_its_option(text: str) -> None:
    with pytest.raises(click.UsageError, match=r"^--for: .*\."):
        seconds_of(text, "--for", LASTING)
