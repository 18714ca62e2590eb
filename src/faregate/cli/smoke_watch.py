"""`faregate smoke-test --watch`: the same again, every few hours, until Ctrl-C."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from faregate.cli import output
from faregate.config.kinds import NotThisKind, duration
from faregate.control.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.smoke.report.compare import Change
    from faregate.smoke.report.model import RunReport

SHORTEST_S = 60
_EVERY = duration(SHORTEST_S, 30 * 86_400)


def every_of(text: str) -> float:
    """Read an interval such as "6h", in seconds; raises NotThisKind."""
    return _EVERY.read(text)


def every_problem(text: str) -> str | None:
    """Return why a text is no interval; None when it is one."""
    try:
        every_of(text)
    except NotThisKind as problem:
        return f"--watch {problem}"
    return None


def watch_again(
    run: Callable[[], tuple[RunReport, list[Change]]],
    every_s: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> RunReport:
    """Run again and again, telling what got worse; return the run that was broken off.

    A round that cannot be run at all is told, and the next one is tried.
    """
    from faregate.core.holds import LedgerError

    while True:
        try:
            report, changes = run()
        except (ControlError, LedgerError) as error:
            output.warn(f"this round could not run: {error}")
        else:
            _tell(report, changes)
            if report.interrupted:
                return report
        sleep(every_s)


def _tell(report: RunReport, changes: list[Change]) -> None:
    for target in report.targets:
        cause = target.cause
        why = "" if cause is None else f" ({cause.title}: {cause.finding.seen})"
        output.result(f"{target.name}: {target.readiness.value}{why}")
    for change in changes:
        alert = "ALERT: " if change.worse else ""
        output.note(f"faregate: {alert}{change.sentence}")
