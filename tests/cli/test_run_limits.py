"""The limits that a run is given, from options to what the proxy is asked."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from faregate.cli.run_limits import limit_options, only_time, take_limits
from faregate.control.governing import RunLimits
from faregate.core.limits.effective import NAMES


def read(*words: str) -> tuple[RunLimits | None, str, int]:
    found: list[RunLimits | None] = []

    @click.command()
    @limit_options
    def command(**options: Any) -> None:
        found.append(take_limits(options))
        assert options == {}

    ended = CliRunner().invoke(command, words)
    return (found or [None])[0], ended.output, ended.exit_code


def test_none_were_given() -> None:
    assert read() == (None, "", 0)


def test_every_limit_has_its_option() -> None:
    words = []
    for name in NAMES:
        option = "time" if name == "wall_clock" else name.replace("_", "-")
        words += [f"--max-{option}", "90s" if name == "wall_clock" else "7"]
    limits, _output, code = read(*words)
    assert code == 0
    assert limits == RunLimits(
        wall_clock=90.0,
        spend_per_minute="7",
        **{n: 7 for n in NAMES if n not in {"wall_clock", "spend_per_minute"}},
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--max-time", "90"), 'such as "30s"'),
        (("--max-time", "soon"), "--max-time"),
        (("--max-requests", "0"), "x>=1"),
        (("--max-spend-per-minute", "much"), "amount in USD"),
    ],
)
def test_what_is_no_limit_is_a_usage_error(words: tuple[str, ...], says: str) -> None:
    limits, shown, code = read(*words)
    assert (limits, code) == (None, 2)
    assert says in shown


def test_only_time_needs_no_token() -> None:
    assert only_time(RunLimits(wall_clock=20.0))
    assert not only_time(RunLimits(wall_clock=20.0, requests=1))
