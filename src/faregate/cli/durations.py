"""How long something lasts, as an option says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.config.kinds import NotThisKind, duration

if TYPE_CHECKING:
    from faregate.config.kinds import Kind

LASTING = duration(60, 31 * 86_400)
"""For how long a person sets another cap or limit."""


def seconds_of(text: str, option: str, kind: Kind[float]) -> float:
    """Read 30m, 2h or 3d in seconds; raises UsageError that names the option."""
    try:
        return kind.read(text)
    except NotThisKind as problem:
        hint = problem.hint.replace("{key} = ", f"{option} ")
        raise click.UsageError(f"{option}: {problem.message}. {hint}") from problem
