"""Figures of the last hour and of the month, summed in a thread of their own.

Sums over every attempt of an hour take long where much happens; the loop waits for
none of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from faregate.core.holds import LedgerError
from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass
from faregate.gateway.tasks import spawn
from faregate.server import views

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.control.models import ProviderView
    from faregate.gateway.gate import Gate
    from faregate.server.ports import FiguresPort

HOUR_MS = 3_600_000
MINUTES = 60
EVERY_S = 2.0
"""Seconds between two readings at least; more where a reading takes long."""
REST = 10
"""Times as long as a reading took, until the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What was last read; money as exact decimal strings."""

    burn: list[str] = field(default_factory=lambda: ["0"] * MINUTES)
    """Spend per minute, the oldest first."""
    tokens_per_minute: int = 0
    providers: list[ProviderView] = field(default_factory=list)
    spent_lately: Mapping[str, Money] = field(default_factory=dict)
    """Spend of the last ten minutes by session."""
    wasted: str = "0"
    refused: int = 0


class Figures:
    """Reads the figures when somebody asks; `latest` never waits."""

    def __init__(self, reports: FiguresPort, gate: Gate) -> None:
        """Read through `reports`, which nobody else may use, and close it."""
        self.latest = Hour()
        self._reports = reports
        self._gate = gate
        self._clock = gate.clock
        self._next_at = 0.0
        self._reading: asyncio.Task[Hour] | None = None

    async def fresh(self) -> None:
        """Wait until the figures are of now; raises LedgerError."""
        reading = self._begun()
        if reading is not None:
            # Whoever waits may be gone before the reading is over.
            await asyncio.shield(reading)

    def poke(self) -> None:
        """Begin to read them anew if they are old; waits for nothing."""
        self._begun()

    async def close(self) -> None:
        """Wait for a reading to end, and close the connection."""
        if self._reading is not None:
            with contextlib.suppress(LedgerError):
                await self._reading
        self._reports.close()

    def _begun(self) -> asyncio.Task[Hour] | None:
        if self._reading is None and self._clock.monotonic() >= self._next_at:
            self._reading = spawn(self._read(), "figures")
            self._reading.add_done_callback(_seen)
        return self._reading

    async def _read(self) -> Hour:
        began = self._clock.monotonic()
        now_ms = self._clock.now_ms()
        try:
            month_ms = self._month_starts_ms(now_ms)
            # A thread cannot have the ledger write what it has decided.
            self._gate.admission.commits.write()
            self.latest = await asyncio.to_thread(
                read_hour, self._reports, now_ms, month_ms
            )
            return self.latest
        finally:
            took = self._clock.monotonic() - began
            self._next_at = began + took + max(EVERY_S, REST * took)
            self._reading = None

    def _month_starts_ms(self, now_ms: int) -> int:
        windows = self._gate.shared_windows(now_ms / 1000)
        return 1000 * next(w.starts_at for w in windows if w.window == "month")


def read_hour(reports: FiguresPort, now_ms: int, month_starts_ms: int) -> Hour:
    """Return the figures as of now; raises LedgerError."""
    first = now_ms // 60_000 - (MINUTES - 1)
    spent = [ZERO] * MINUTES
    tokens = [0] * MINUTES
    for row in reports.spend("minute", since_ms=first * 60_000):
        minute = int(datetime.fromisoformat(row.key).timestamp()) // 60 - first
        if 0 <= minute < MINUTES:
            spent[minute] = row.cost
            tokens[minute] = row.input_tokens + row.output_tokens
    lately = reports.spend("session", since_ms=now_ms - views.RATE_WINDOW_S * 1000)
    errors = reports.last_errors(now_ms - HOUR_MS)
    return Hour(
        burn=[amount.exact() for amount in spent],
        tokens_per_minute=sum(tokens[-5:]) // 5,
        providers=[
            views.provider_view(row, errors.get(row.key))
            for row in reports.spend("provider", since_ms=now_ms - HOUR_MS)
        ],
        spent_lately={row.key: row.cost for row in lately},
        wasted=reports.wasted(month_starts_ms).exact(),
        refused=reports.refused(month_starts_ms),
    )


def _seen(reading: asyncio.Task[Hour]) -> None:
    """Look at what a reading failed with: perhaps nobody waits for it."""
    if not reading.cancelled():
        reading.exception()
