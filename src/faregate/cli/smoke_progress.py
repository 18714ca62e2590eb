"""What `smoke-test` says while it runs, in lines that fit the terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from faregate.cli import output
from faregate.control.sanitise import sanitise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.smoke.asking.target import SmokeTarget
    from faregate.smoke.report.model import ProbeResult

USUAL_WIDTH = 80
_WIDEST_NAME = 24
_VERDICT = 11


def announce(text: str) -> None:
    """Print what is about to happen; a pipe gets it in one line."""
    told = f"faregate: {text}"
    if not sys.stderr.isatty():
        output.note(told)
        return
    for line in textwrap.wrap(
        told, terminal_width() - 1, subsequent_indent="  ", break_on_hyphens=False
    ):
        output.note(line)


def watcher(
    targets: Sequence[SmokeTarget],
) -> Callable[[SmokeTarget, ProbeResult], None] | None:
    """Return what prints each finding as it comes; None where nobody looks."""
    if not sys.stderr.isatty():
        return None
    names = [len(target.name) for target in targets]
    name_width = min(_WIDEST_NAME, max(names, default=0))

    def told(target: SmokeTarget, result: ProbeResult) -> None:
        output.note(
            finding_line(target.name, result, name_width, width=terminal_width() - 1)
        )

    return told


def finding_line(name: str, result: ProbeResult, name_width: int, *, width: int) -> str:
    """Return one finding in one line of at most `width` columns."""
    short = sanitise(name, limit=name_width)
    head = f"{short:<{name_width}}  {result.verdict.value:<{_VERDICT}} "
    return sanitise(f"{head}{result.title}: {result.finding.seen}", limit=width)


def done() -> None:
    """Part the progress from the report, where both are on one screen."""
    if sys.stderr.isatty() and sys.stdout.isatty():
        output.note("")


def terminal_width() -> int:
    """Return the columns of the terminal."""
    return shutil.get_terminal_size((USUAL_WIDTH, 24)).columns
