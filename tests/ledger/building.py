"""What ledger tests hold, settle and open, in one line each."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import apsw

from faregate.core.cost_log import RequestEntry, RequestResult
from faregate.core.holds import (
    BudgetState,
    BudgetWindow,
    Held,
    HoldRequest,
    Release,
    Settlement,
)
from faregate.core.labels import Labels
from faregate.core.money import Money
from faregate.core.records import AuditRow
from faregate.core.usage import Usage
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports

NOW_MS = 1_795_000_000_000
MONTH_START, MONTH_END = 1_793_491_200, 1_796_083_200
DAY_START, DAY_END = 1_794_960_000, 1_795_046_400
BOOT = "boot-one"


@dataclass
class FakeClock:
    """A wall clock that only moves when told."""

    ms: int = NOW_MS

    def __call__(self) -> int:
        return self.ms


def usd(amount: str) -> Money:
    return Money.usd(amount)


def month(limit: str | None = "20") -> BudgetWindow:
    return BudgetWindow(
        scope="global",
        window="month",
        starts_at=MONTH_START,
        ends_at=MONTH_END,
        limit=None if limit is None else usd(limit),
    )


def day(limit: str | None = None) -> BudgetWindow:
    return BudgetWindow(
        scope="global",
        window="day",
        starts_at=DAY_START,
        ends_at=DAY_END,
        limit=None if limit is None else usd(limit),
    )


def of_session(session: str = "s1", limit: str | None = None) -> BudgetWindow:
    return BudgetWindow(
        scope=f"session:{session}",
        window="session",
        limit=None if limit is None else usd(limit),
    )


def three(limit: str | None = "20", session: str = "s1") -> tuple[BudgetWindow, ...]:
    """The windows that every request counts in."""
    return (month(limit), day(), of_session(session))


def asking(
    attempt: str = "a1", amount: str | Money = "0.50", **fields: Any
) -> HoldRequest:
    """A hold request with plausible everything; `fields` replace any of it."""
    session = fields.pop("session", "s1")
    values: dict[str, Any] = {
        "attempt": attempt,
        "request": f"req-{attempt}",
        "session": session,
        "root_session": session,
        "budgets": three(session=session),
        "amount": usd(amount) if isinstance(amount, str) else amount,
        "provider": "anthropic",
        "model": "claude-sonnet-4-5",
        "protocol": "anthropic_messages",
        "at_ms": NOW_MS,
        "labels": Labels(agent="claude-code", workspace="shop"),
        "input_bound": 40_000,
        "output_bound": 32_000,
    }
    return HoldRequest(**(values | fields))


def truth(attempt: str = "a1", cost: str | Money = "0.10", **fields: Any) -> Settlement:
    """A settlement with plausible everything."""
    values: dict[str, Any] = {
        "attempt": attempt,
        "usage": Usage(
            uncached_input=100, cache_read=2000, cache_write_5m=30, output=50
        ),
        "cost": usd(cost) if isinstance(cost, str) else cost,
        "cost_source": "table",
        "at_ms": NOW_MS + 1500,
        "status": 200,
        "ttfb_ms": 400,
        "duration_ms": 1500,
    }
    return Settlement(**(values | fields))


def ending(
    attempt: str = "a1", why: str = "nothing was sent", **fields: Any
) -> Release:
    """A void or unknown with plausible everything."""
    values: dict[str, Any] = {"attempt": attempt, "at_ms": NOW_MS + 100, "why": why}
    return Release(**(values | fields))


def entry(request: str = "req-a1", **fields: Any) -> RequestEntry:
    """A request that has ended with plausible everything."""
    values: dict[str, Any] = {
        "request": request,
        "session": "s1",
        "root_session": "s1",
        "parent": None,
        "identified_by": "url",
        "labels": Labels(agent="claude-code", workspace="shop"),
        "protocol": "anthropic_messages",
        "asked": "claude-sonnet-4-5",
        "stream": True,
        "body_bytes": 12_345,
        "client_retry": False,
        "at_ms": NOW_MS,
        "result": RequestResult.ANSWERED,
        "notes": '[{"step":"identity"}]',
        "provider": "anthropic",
        "model": "claude-sonnet-4-5",
        "attempts": 1,
        "ttfb_ms": 410,
        "first_token_ms": 500,
        "duration_ms": 1510,
        "status": 200,
    }
    return RequestEntry(**(values | fields))


def open_ledger(folder: Path, **options: Any) -> Ledger:
    """Open with a fake clock and a helper thread that only acts when woken."""
    values: dict[str, Any] = {
        "clock_ms": FakeClock(),
        "boot_id": BOOT,
        "interval_s": 3600,
        "retry_s": 0,
    }
    return Ledger.open(folder, **(values | options))


def hold(
    ledger: Ledger, attempt: str = "a1", amount: str | Money = "0.50", **fields: Any
) -> Held:
    """Hold, and insist that it fitted."""
    held = ledger.hold(asking(attempt, amount, **fields))
    assert isinstance(held, Held), held
    return held


def sums(ledger: Ledger, budget: BudgetWindow) -> tuple[str, str, str]:
    """Spent, held and unknown of one window as USD text."""
    (state,) = ledger.states((budget,))
    return state.spent.exact(), state.held.exact(), state.unknown.exact()


def killed(folder: Path, name: str = "killed") -> Path:
    """The folder as `kill -9` would leave it now: its files, copied while in use."""
    copy = folder.with_name(name)
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    copy.chmod(0o700)
    return copy


def decisions(reports: Reports) -> tuple[AuditRow, ...]:
    """What people decided, the newest first."""
    return audited(reports._connection)


def audited(connection: apsw.Connection) -> tuple[AuditRow, ...]:
    """The audit, the newest first."""
    names = [each.name for each in fields(AuditRow)]
    rows = connection.execute(f"SELECT {', '.join(names)} FROM audit ORDER BY id DESC")
    return tuple(AuditRow(**dict(zip(names, row, strict=True))) for row in rows)


def faults(folder: Path) -> tuple[str, ...]:
    """Every running sum that does not equal its rows."""
    reports = Reports.open(folder)
    try:
        return reports.discrepancies()
    finally:
        reports.close()


def over_limit(states: Sequence[BudgetState]) -> list[BudgetState]:
    """The budgets that have passed their limit."""
    return [s for s in states if s.room is not None and s.room < Money(0)]
