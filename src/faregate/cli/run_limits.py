"""The options of `faregate run` that limit it, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from faregate.cli.budget import amount_of
from faregate.cli.durations import seconds_of
from faregate.config.kinds import duration
from faregate.control.governing import RunLimits

if TYPE_CHECKING:
    from faregate.core.money import Money

_F = TypeVar("_F", bound=Callable[..., object])
_TIME = duration(1, 366 * 86400)
_COUNTS = {
    "requests": "requests it may make",
    "input-tokens": "input tokens in all",
    "output-tokens": "output tokens in all",
    "retries": "requests sent again, by it or by the gate",
    "tool-calls": "tools it may call",
    "concurrency": "requests at once",
    "request-input-tokens": "input tokens of one request",
    "request-output-tokens": "output tokens of one request",
    "tokens-per-minute": "tokens within any 60 seconds",
}


def limit_options(command: _F) -> _F:
    """Add the options by which a run is limited."""
    command = click.option(
        "--max-spend-per-minute", help="The most within any 60 seconds, in USD."
    )(command)
    for name, what in reversed(_COUNTS.items()):
        least = 0 if name == "retries" else 1
        command = click.option(
            f"--max-{name}",
            type=click.IntRange(min=least),
            help=f"The most {what}.",
            metavar="N",
        )(command)
    return click.option(
        "--max-time", help="How long it may last, as in 90s, 30m or 4h.", metavar="TIME"
    )(command)


def take_limits(options: dict[str, Any]) -> RunLimits | None:
    """Take the limits out of a command's options; None where none was given."""
    values: dict[str, Any] = {
        name: options.pop(f"max_{name}")
        for name in (each.replace("-", "_") for each in _COUNTS)
    }
    lasting = options.pop("max_time")
    values["wall_clock"] = (
        None if lasting is None else seconds_of(lasting, "--max-time", _TIME)
    )
    spend = _spend(options.pop("max_spend_per_minute"))
    values["spend_per_minute"] = None if spend is None else spend.exact()
    if all(value is None for value in values.values()):
        return None
    return RunLimits(**values)


def only_time(limits: RunLimits) -> bool:
    """Tell whether a run can keep these limits without a token that carries them."""
    return limits == RunLimits(wall_clock=limits.wall_clock)


def _spend(text: str | None) -> Money | None:
    return None if text is None else amount_of(text)
