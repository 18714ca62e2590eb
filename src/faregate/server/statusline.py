"""One line of status for prompts and status bars, rewritten when it changes.

A reader needs no process of ours: it is one small file.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from faregate.config.files import write_private
from faregate.config.problems import ConfigError
from faregate.core.holds import LedgerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from faregate.core.holds import BudgetState
    from faregate.server.live import Live

INTERVAL = 1.0
TOLD_FROM_PERCENT = 80


def status_line(
    states: tuple[BudgetState, ...], work: Sequence[str], latched: str = ""
) -> str:
    """Return the line: what is paused, the spend of the cap, what runs."""
    money = _money(states, work)
    return f"{latched} · {money}" if latched else money


def _money(states: tuple[BudgetState, ...], work: Sequence[str]) -> str:
    """Return spend of cap, share, a budget that is nearly full, what runs."""
    month = [s for s in states if s.budget.window == "month"]
    if not month:
        return "no budget"
    state = month[0]
    limit = state.budget.limit
    spent = state.spent + state.unknown
    parts = [str(spent)]
    if limit is not None:
        parts[0] += f"/{limit}"
        if limit.pico > 0:
            parts.append(f"{spent.pico * 1000 // limit.pico / 10:.1f}%")
    if (full := _nearly_full(states, but=state)) is not None:
        parts.append(full)
    parts += [
        f"{s.budget.scope} {s.budget.window} is closed" for s in states if s.closed
    ]
    parts += work
    return " · ".join(parts)


def _nearly_full(states: tuple[BudgetState, ...], *, but: BudgetState) -> str | None:
    """Return the fullest of the other budgets, where a person should know."""
    shares = [
        ((s.spent + s.unknown).pico * 100 // s.budget.limit.pico, s.budget)
        for s in states
        if s is not but and s.budget.limit is not None and s.budget.limit.pico > 0
    ]
    share, budget = max(shares, key=lambda each: each[0], default=(0, but.budget))
    if share < TOLD_FROM_PERCENT:
        return None
    return f"{budget.scope} {budget.window} {share}%"


async def write_statusline(path: Path, live: Live) -> None:
    """Keep the file current until cancelled, then remove it."""
    last = ""
    ended = threading.Event()
    try:
        while True:
            # A reader that asks while the ledger cannot answer sees the last line.
            with contextlib.suppress(LedgerError):
                line = status_line(live.global_states(), live.work, live.latched())
                if line != last:
                    # The disk may be slow: a second is nothing here, but a lot there.
                    await asyncio.to_thread(_write, path, line, ended)
                    last = line
            await asyncio.sleep(INTERVAL)
    finally:
        ended.set()
        _remove(path)


def _write(path: Path, line: str, ended: threading.Event) -> None:
    # A full disk must not end the proxy; the line is a convenience.
    with contextlib.suppress(OSError, ConfigError):
        write_private(path, (line + "\n").encode())
    if ended.is_set():
        _remove(path)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
