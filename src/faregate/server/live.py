"""What the gate shows: the status document, the snapshot, and deltas of it.

Reads the ledger's reports only while somebody looks, and only what changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from faregate.control.models import (
    BudgetView,
    Delta,
    ProviderView,
    ProxyInfo,
    SessionView,
    Setup,
    Snapshot,
    Status,
)
from faregate.core.money import ZERO, Money
from faregate.server import views

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from faregate.core.holds import BudgetState
    from faregate.core.records import SessionRow
    from faregate.gateway.flights import Flight
    from faregate.gateway.gate import Gate
    from faregate.server.ports import ReportsPort

SESSIONS_SHOWN = 500
EVENTS_SHOWN = 200
HOUR_MS = 3_600_000
QUIET_EVERY_MS = 5000
"""How often a watcher hears of a gate where nothing happens."""
SETTLING_MS = 2_000
"""A session is told again for this long after its last request."""
SLOW_EVERY_MS = 2000
"""How often the figures of the last hour are read again."""


@dataclass(slots=True)
class _Hour:
    """Figures of the last hour and month, read now and then."""

    at_ms: int = 0
    burn: list[str] = field(default_factory=list)
    tokens_per_minute: int = 0
    providers: list[ProviderView] = field(default_factory=list)
    spent_lately: Mapping[str, Money] = field(default_factory=dict)
    wasted: str = "0"
    refused: int = 0


@dataclass(slots=True)
class Cursor:
    """How far one watcher of the feed has seen."""

    at_ms: int
    seq: int
    total: int
    oldest_ms: int
    """When the oldest request began that ran at the last look."""
    flights: int = 0

    def stale(self, now_ms: int) -> bool:
        """Tell whether even a quiet gate is worth a word: its rates decay."""
        return now_ms - self.at_ms >= QUIET_EVERY_MS

    def move(self, now_ms: int, seq: int, total: int, flights: list[Flight]) -> None:
        """Note what was just told."""
        self.at_ms = now_ms
        self.oldest_ms = min([now_ms, *(f.started_ms for f in flights)])
        self.seq = seq
        self.total = total
        self.flights = len(flights)


class Live:
    """Builds every view of the running gate."""

    def __init__(
        self,
        *,
        gate: Gate,
        reports: ReportsPort,
        version: str,
        url: str,
        pid: int,
        setup: Callable[[], Setup],
        window_of: Callable[[str], int | None],
    ) -> None:
        self._gate = gate
        self._reports = reports
        self._version = version
        self._url = url
        self._pid = pid
        self._setup = setup
        self._window_of = window_of
        self._started = gate.clock.monotonic()
        self._hour = _Hour()

    def status(self) -> Status:
        """Return the document that `faregate status --json` prints."""
        self._refresh()
        records = self._reports.sessions(limit=SESSIONS_SHOWN)
        return Status(
            version=self._version,
            proxy=ProxyInfo(
                url=self._url, pid=self._pid, uptime_s=round(self._uptime(), 1)
            ),
            budgets=self._budgets(),
            sessions=self._sessions(records),
            in_flight=len(self._gate.flights),
            waiting=self._gate.flights.waiting,
            providers=self._hour.providers,
        )

    def snapshot(self) -> Snapshot:
        """Return everything the overview shows."""
        status = self.status()
        now = self._gate.clock.monotonic()
        events = self._gate.events.since(0)[-EVENTS_SHOWN:]
        return Snapshot(
            seq=self._gate.events.seq,
            at=views.rfc3339(self._gate.clock.now_ms()),
            status=status,
            flights=[views.flight_view(f, now) for f in self._gate.flights.all()],
            events=[views.event_view(e) for e in events],
            setup=self._setup(),
            burn=self._hour.burn,
            tokens_per_minute=self._hour.tokens_per_minute,
            wasted_month=self._hour.wasted,
            refused_month=self._hour.refused,
        )

    def cursor(self) -> Cursor:
        """Return a cursor that has seen everything up to now."""
        cursor = Cursor(at_ms=0, seq=0, total=0, oldest_ms=0)
        gate = self._gate
        flights = gate.flights.all()
        cursor.move(gate.clock.now_ms(), gate.events.seq, gate.flights.total, flights)
        return cursor

    def delta(self, cursor: Cursor) -> Delta | None:
        """Return what changed since the cursor, and move it; None for nothing."""
        gate = self._gate
        now_ms = gate.clock.now_ms()
        now = gate.clock.monotonic()
        flights = gate.flights.all()
        events = gate.events.since(cursor.seq)
        quiet = not flights and not cursor.flights and not events
        if quiet and gate.flights.total == cursor.total and not cursor.stale(now_ms):
            return None
        self._refresh()
        since = cursor.oldest_ms - SETTLING_MS
        records = self._reports.active_sessions(since, limit=SESSIONS_SHOWN)
        cursor.move(now_ms, gate.events.seq, gate.flights.total, flights)
        return Delta(
            seq=cursor.seq,
            at=views.rfc3339(now_ms),
            in_flight=len(flights),
            waiting=gate.flights.waiting,
            uptime_s=round(self._uptime(), 1),
            budgets=self._budgets(),
            sessions=self._sessions(records),
            flights=[views.flight_view(f, now) for f in flights],
            events=[views.event_view(e) for e in events],
            providers=self._hour.providers,
            burn=self._hour.burn,
            tokens_per_minute=self._hour.tokens_per_minute,
            wasted_month=self._hour.wasted,
            refused_month=self._hour.refused,
            setup=self._setup(),
        )

    @property
    def in_flight(self) -> int:
        """Return how many requests run or wait."""
        return len(self._gate.flights)

    def _uptime(self) -> float:
        return self._gate.clock.monotonic() - self._started

    def global_states(self) -> tuple[BudgetState, ...]:
        """Return the global budgets in their current windows."""
        now = self._gate.clock.now_ms() / 1000
        return self._gate.ledger.states(self._gate.shared_windows(now))

    def _budgets(self) -> list[BudgetView]:
        return [
            views.budget_view(state, refusing=self._gate.is_refusing(state.budget))
            for state in self.global_states()
        ]

    def _sessions(self, records: Sequence[SessionRow]) -> list[SessionView]:
        by_session: dict[str, list[Flight]] = {}
        for flight in self._gate.flights.all():
            by_session.setdefault(flight.session, []).append(flight)
        now_ms = self._gate.clock.now_ms()
        return [
            views.session_view(
                record,
                flights=by_session.get(record.session, ()),
                now_ms=now_ms,
                spent_lately=self._hour.spent_lately,
                capped=self._gate.is_capped(record.session),
                window_of=self._window_of,
            )
            for record in records
        ]

    def _refresh(self) -> None:
        now_ms = self._gate.clock.now_ms()
        hour = self._hour
        if now_ms - hour.at_ms < SLOW_EVERY_MS:
            return
        hour.at_ms = now_ms
        first = now_ms // 60_000 - 59
        spent = [ZERO] * 60
        tokens = [0] * 60
        for row in self._reports.spend("minute", since_ms=first * 60_000):
            minute = int(datetime.fromisoformat(row.key).timestamp()) // 60
            if 0 <= minute - first < 60:
                spent[minute - first] = row.cost
                tokens[minute - first] = row.input_tokens + row.output_tokens
        hour.burn = [amount.exact() for amount in spent]
        hour.tokens_per_minute = sum(tokens[-5:]) // 5
        hour.providers = [
            views.provider_view(row)
            for row in self._reports.spend("provider", since_ms=now_ms - HOUR_MS)
        ]
        lately = self._reports.spend(
            "session", since_ms=now_ms - views.RATE_WINDOW_S * 1000
        )
        hour.spent_lately = {row.key: row.cost for row in lately}
        starts = [s.budget.starts_at for s in self.global_states()]
        month_ms = 1000 * min(starts, default=0)
        hour.wasted = self._reports.wasted(month_ms).exact()
        hour.refused = self._reports.refused(month_ms)
