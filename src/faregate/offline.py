"""The ledger without a proxy: what a command composes when none runs.

Wires the ledger alone; with a proxy running, commands ask that instead.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from faregate.core.holds import LedgerError
from faregate.core.limits.budget import BudgetMatcher
from faregate.gateway.side_spending import SideSpending, without_a_gate
from faregate.gateway.steady_clock import doubt
from faregate.ledger.ledger import Ledger
from faregate.ledger.migrations import is_current, ledger_exists
from faregate.ledger.reports import Reports
from faregate.server.cost_answers import CostAnswers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faregate.config.settings import Settings
    from faregate.control.cost_log import Judge
    from faregate.core.records import SmokeRunRow
    from faregate.gateway.ports import Clock

_TRUST_CLOCK = "FAREGATE_TRUST_CLOCK"


@contextlib.contextmanager
def side_ledger(settings: Settings, clock: Clock) -> Iterator[SideSpending]:
    """Open the ledger without a proxy, for a smoke test that spends by itself.

    Raises LedgerLockedError when a proxy has it.
    """
    ledger = open_ledger(settings, clock)
    matcher = BudgetMatcher(settings.budget_rules, settings.budget.timezone)
    spending = without_a_gate(ledger, clock, matcher, mark_s=ledger.high_water_s())
    try:
        yield spending
    finally:
        spending.close()
        ledger.close()


def record_smoke(settings: Settings, clock: Clock, rows: Sequence[SmokeRunRow]) -> None:
    """Keep the results of a smoke test without a proxy; raises LedgerError."""
    with contextlib.closing(open_ledger(settings, clock)) as ledger:
        ledger.record_smoke(rows)


def read_smoke(
    settings: Settings, target: str | None, *, limit: int
) -> tuple[SmokeRunRow, ...]:
    """Return smoke tests from the ledger itself; raises LedgerError."""
    with contextlib.closing(Reports.open(settings.ledger_dir)) as reports:
        return reports.smoke_runs(target, limit=limit)


def cost_answers(settings: Settings, clock: Clock) -> CostAnswers | None:
    """Return what reads the cost log without a proxy; None where no ledger is yet.

    A ledger of an older version is brought up to this one first. Raises LedgerError.
    """
    if not ledger_exists(settings.ledger_dir):
        return None
    if not is_current(settings.ledger_dir):
        open_ledger(settings, clock).close()
    return log_answers(settings, clock)


def judge(settings: Settings, clock: Clock, judged: Judge, *, who: str) -> None:
    """Keep a session's outcome without a proxy; raises LedgerError."""
    with contextlib.closing(open_ledger(settings, clock)) as ledger:
        ledger.judge(judged.session, judged.outcome, note=judged.note, who=who)


def log_answers(settings: Settings, clock: Clock) -> CostAnswers:
    """Return what reads the cost log, on connections of its own."""
    return CostAnswers(
        lambda: contextlib.closing(Reports.open(settings.ledger_dir)),
        clock.now_ms,
        settings.budget.timezone,
    )


def open_ledger(settings: Settings, clock: Clock) -> Ledger:
    """Open the ledger for writing; LedgerError when it or the clock is in doubt."""
    ledger = Ledger.open(
        settings.ledger_dir, clock_ms=clock.now_ms, zone=settings.budget.timezone
    )
    why = doubt(clock.now_ms() / 1000, ledger.high_water_s())
    if why is not None and os.environ.get(_TRUST_CLOCK) != "1":
        ledger.close()
        raise LedgerError(why)
    return ledger
