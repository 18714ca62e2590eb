"""What the gate shows: the status document, the snapshot, and deltas of it.

Reads the ledger's reports only while somebody looks, and only what changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from faregate.config.build import build
from faregate.control.approvals import ApprovalList
from faregate.control.governing import latched_words
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
from faregate.control.sanitise import sanitise
from faregate.control.work import work_words
from faregate.core.circuit_breaker import BreakerState
from faregate.core.latches import LatchState
from faregate.server import views
from faregate.server.approval_views import approval_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from faregate.core.holds import BudgetState
    from faregate.core.records import SessionRow
    from faregate.gateway.events import Event
    from faregate.gateway.flights import Flight
    from faregate.gateway.gate import Gate
    from faregate.server.figures import Figures, Hour
    from faregate.server.ports import ReportsPort

SESSIONS_SHOWN = 500
EVENTS_SHOWN = 200
TROUBLES_SHOWN = 5
TROUBLES_OF_MS = 86_400_000
QUIET_EVERY_MS = 5000
"""How often a watcher hears of a gate where nothing happens."""
SETTLING_MS = 2_000
"""A session is looked at again for this long after its last request."""
LOOK_AGAIN_MS = 1_000
"""Milliseconds between two looks at every session at least."""


@dataclass(slots=True)
class Cursor:
    """How far one watcher of the feed has seen."""

    at_ms: int
    seq: int
    total: int
    oldest_ms: int
    """When the oldest request began that ran at the last look."""
    flights: int = 0
    figures: Hour | None = None
    sessions: dict[str, SessionView] = field(default_factory=dict)
    """What was told of each session last."""
    shown: int = 0
    """How many snapshots there had been at the last look."""
    looked_ms: int = 0
    look_ms: int = 0
    """When every session is to be looked at again: states and rates also change
    where nothing is sent."""

    def stale(self, now_ms: int) -> bool:
        """Tell whether even a quiet gate is worth a word: its rates decay."""
        return now_ms - self.at_ms >= QUIET_EVERY_MS

    def look_soon(self) -> None:
        """Something happened that any session may show."""
        self.look_ms = min(self.look_ms, self.looked_ms + LOOK_AGAIN_MS)

    def looked(self, now_ms: int) -> None:
        """Note that every session was looked at."""
        self.looked_ms = now_ms
        self.look_ms = now_ms + QUIET_EVERY_MS

    def news(self, views: list[SessionView]) -> list[SessionView]:
        """Return those that are not as they were told, which they are now."""
        changed = [view for view in views if self.sessions.get(view.id) != view]
        self.sessions.update((view.id, view) for view in changed)
        return changed

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
        figures: Figures,
        version: str,
        url: str,
        pid: int,
        setup: Callable[[], Setup],
        window_of: Callable[[str], int | None],
        raised: Callable[[], Mapping[tuple[str, str], str]] = dict,
    ) -> None:
        self._gate = gate
        self._reports = reports
        self._version = version
        self.build = build()
        self._url = url
        self._pid = pid
        self._setup = setup
        self._window_of = window_of
        self._raised = raised
        self._started = gate.clock.monotonic()
        self._figures = figures
        self._snapshots = 0
        self.watchers = 0
        """How many read the feed now: a person could decide."""

    async def fresh(self) -> None:
        """Wait until the sums of the last hour are of now; raises LedgerError."""
        await self._figures.fresh()

    def status(self) -> Status:
        """Return the document that `faregate status --json` prints."""
        events = [views.event_view(each) for each in self._troubles()]
        return msgspec.structs.replace(self._status(), events=events)

    def _troubles(self) -> list[Event]:
        """Return the latest events of which a person should know, oldest first."""
        after_ms = self._gate.clock.now_ms() - TROUBLES_OF_MS
        latest: dict[tuple[str, str], Event] = {}
        for event in reversed(self._gate.events.since(0)):
            if len(latest) == TROUBLES_SHOWN or event.at_ms < after_ms:
                break
            if event.severity != "info":
                latest.setdefault((event.kind, event.about or event.text), event)
        return list(latest.values())[::-1]

    def _status(self) -> Status:
        records = self._reports.sessions(limit=SESSIONS_SHOWN)
        return Status(
            version=self._version,
            build=self.build,
            proxy=ProxyInfo(
                url=self._url, pid=self._pid, uptime_s=round(self._uptime(), 1)
            ),
            budgets=self._budgets(),
            sessions=self.sessions(records),
            in_flight=len(self._gate.flights),
            waiting=self._gate.flights.waiting,
            waiting_approval=self.waiting_approval,
            providers=self._providers(),
            paused=self._scopes(LatchState.PAUSED),
            stopped=self._scopes(LatchState.STOPPED),
        )

    def latched(self) -> str:
        """Return in words what a person paused or stopped; "" for nothing."""
        return latched_words(
            self._scopes(LatchState.PAUSED), self._scopes(LatchState.STOPPED)
        )

    def _scopes(self, state: LatchState) -> list[str]:
        """Return what is latched so; a session shows it by its own state."""
        return [
            sanitise(latch.scope)
            for latch in self._gate.governor.latches.all().values()
            if latch.state is state and not latch.scope.startswith("session:")
        ]

    def snapshot(self) -> Snapshot:
        """Return everything the overview shows."""
        status = self._status()
        self._snapshots += 1
        now = self._gate.clock.monotonic()
        approvals = self._approvals(now)
        events = self._gate.events.since(0)[-EVENTS_SHOWN:]
        return Snapshot(
            seq=self._gate.events.seq,
            at=views.rfc3339(self._gate.clock.now_ms()),
            status=status,
            flights=[views.flight_view(f, now) for f in self._gate.flights.all()],
            events=[views.event_view(e) for e in events],
            setup=self._setup(),
            burn=self._figures.latest.burn,
            tokens_per_minute=self._figures.latest.tokens_per_minute,
            wasted_month=self._figures.latest.wasted,
            refused_month=self._figures.latest.refused,
            approvals=approvals.waiting,
            decided=approvals.decided,
        )

    def _providers(self) -> list[ProviderView]:
        """Return the last hour of each provider, with its breakers as of now."""
        health, now = self._gate.health, self._gate.clock.monotonic()
        return [
            msgspec.structs.replace(
                view,
                breaker=str(health.state(view.name, now) or BreakerState.CLOSED),
                last_error=health.why(view.name, now) or view.last_error,
                rests_until=self._instant(health.rests_until(view.name, now), now),
            )
            for view in self._figures.latest.providers
        ]

    def _instant(self, moment: float | None, now: float) -> str | None:
        """Return monotonic seconds as an instant; `now` is one of them."""
        if moment is None:
            return None
        return views.rfc3339(self._gate.clock.now_ms() + round((moment - now) * 1000))

    def cursor(self) -> Cursor:
        """Return a cursor that has seen everything up to now."""
        gate = self._gate
        cursor = Cursor(at_ms=0, seq=0, total=0, oldest_ms=0, shown=self._snapshots)
        cursor.figures = self._figures.latest
        cursor.looked(gate.clock.now_ms())
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
        if events or cursor.figures != self._figures.latest:
            cursor.look_soon()
        quiet = not flights and not cursor.flights and not events
        if quiet and gate.flights.total == cursor.total and not cursor.stale(now_ms):
            if cursor.figures == self._figures.latest and now_ms < cursor.look_ms:
                return None
        else:
            self._figures.poke()
        cursor.figures = self._figures.latest
        sessions = self._changed(cursor, now_ms)
        cursor.move(now_ms, gate.events.seq, gate.flights.total, flights)
        approvals = self._approvals(now)
        return Delta(
            seq=cursor.seq,
            at=views.rfc3339(now_ms),
            in_flight=len(flights),
            waiting=gate.flights.waiting,
            uptime_s=round(self._uptime(), 1),
            budgets=self._budgets(),
            sessions=sessions,
            flights=[views.flight_view(f, now) for f in flights],
            events=[views.event_view(e) for e in events],
            providers=self._providers(),
            burn=self._figures.latest.burn,
            tokens_per_minute=self._figures.latest.tokens_per_minute,
            wasted_month=self._figures.latest.wasted,
            refused_month=self._figures.latest.refused,
            setup=self._setup(),
            approvals=approvals.waiting,
            decided=approvals.decided,
            paused=self._scopes(LatchState.PAUSED),
            stopped=self._scopes(LatchState.STOPPED),
            waiting_approval=self.waiting_approval,
        )

    def _changed(self, cursor: Cursor, now_ms: int) -> list[SessionView]:
        """Return the sessions that are not as they were told."""
        if cursor.shown != self._snapshots:
            # Whoever was just shown everything may have seen what was not told yet.
            cursor.shown = self._snapshots
            cursor.sessions.clear()
        if now_ms >= cursor.look_ms:
            cursor.looked(now_ms)
            records = self._reports.sessions(limit=SESSIONS_SHOWN)
            gone = cursor.sessions.keys() - {sanitise(row.session) for row in records}
            for session in gone:
                del cursor.sessions[session]
        else:
            since = cursor.oldest_ms - SETTLING_MS
            records = self._reports.active_sessions(since, limit=SESSIONS_SHOWN)
        return cursor.news(self.sessions(records))

    @property
    def work(self) -> list[str]:
        """Return in words what runs, and what waits for what."""
        flights = self._gate.flights
        return work_words(len(flights), flights.waiting, self.waiting_approval)

    @property
    def waiting_approval(self) -> int:
        """Return how many requests wait for a person."""
        desk = self._gate.approvals
        return 0 if desk is None else len(desk.waiting)

    def _approvals(self, now: float) -> ApprovalList:
        desk = self._gate.approvals
        if desk is None:
            return ApprovalList(waiting=[], decided=[])
        return approval_list(desk, now)

    def _uptime(self) -> float:
        return self._gate.clock.monotonic() - self._started

    def global_states(self) -> tuple[BudgetState, ...]:
        """Return the global budgets in their current windows."""
        now = self._gate.clock.now_ms() / 1000
        return self._gate.ledger.states(self._gate.shared_windows(now))

    def _budgets(self) -> list[BudgetView]:
        raised = self._raised()
        return [
            views.budget_view(
                state,
                refusing=self._gate.is_refusing(state.budget),
                raised_until=raised.get((state.budget.scope, state.budget.window)),
            )
            for state in self.global_states()
        ]

    def sessions(self, records: Iterable[SessionRow]) -> list[SessionView]:
        """Return sessions as they are now: every list of them is made here."""
        by_session: dict[str, list[Flight]] = {}
        for flight in self._gate.flights.all():
            by_session.setdefault(flight.session, []).append(flight)
        now_ms = self._gate.clock.now_ms()
        loops = self._gate.governor.loops
        looping = frozenset() if loops is None else loops.stopped()
        return [
            views.session_view(
                record,
                flights=by_session.get(record.session, ()),
                now_ms=now_ms,
                spent_lately=self._figures.latest.spent_lately,
                capped=self._gate.is_capped(record.session),
                window_of=self._window_of,
                latched=LatchState.STOPPED
                if record.session in looping
                else self._latched(record),
            )
            for record in records
        ]

    def _latched(self, record: SessionRow) -> LatchState | None:
        latches = self._gate.governor.latches
        if not latches.all():
            return None
        latch = latches.on(
            record.session,
            record.root,
            record.parent,
            workspace=record.labels.workspace,
        )
        return None if latch is None else latch.state
