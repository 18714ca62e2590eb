"""A past span, told again as the feed would have: snapshot, then deltas, at any speed.

Made from the attempts of the cost log, so it shows what was spent and when, not what
was refused before anything was sent. It has a clock of its own and asks nobody.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from faregate.control.models import (
    BudgetView,
    Delta,
    EventView,
    FlightView,
    ProxyInfo,
    SessionView,
    Setup,
    Snapshot,
    Status,
)
from faregate.core.money import Money

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from datetime import tzinfo

    from faregate.control.cost_log import AttemptView
    from faregate.control.models import FeedMessage

STEP_S = 0.25
_MINUTES = 60
_NOWHERE = "http://replay"


@dataclass(slots=True)
class _Run:
    """One session as far as it has come."""

    first: AttemptView
    requests: int = 0
    attempts: int = 0
    retries: int = 0
    client_retries: int = 0
    input_tokens: int = 0
    cached: int = 0
    written: int = 0
    output_tokens: int = 0
    tool_calls: int = 0
    context: int = 0
    cost: Money = field(default_factory=Money)
    wasted: Money = field(default_factory=Money)
    sources: set[str] = field(default_factory=set)
    unpriced: int = 0
    models: list[str] = field(default_factory=list)
    running: int = 0
    last_at: datetime | None = None


class ReplayClock:
    """The time of the span: it begins at `start` and goes `speed` times as fast."""

    def __init__(self, start: datetime, end: datetime, speed: float) -> None:
        self._start, self._end, self._speed = start, end, speed
        self._began = time.monotonic()
        self._zone: tzinfo | None = None

    def now(self) -> datetime:
        """Return the instant that is shown; it stays at the end of the span."""
        passed = (time.monotonic() - self._began) * self._speed
        return min(self._start + timedelta(seconds=passed), self._end)

    def monotonic(self) -> float:
        """Return seconds of the screen's own time."""
        return time.monotonic()

    def local(self, instant: datetime) -> datetime:
        """Return `instant` as the person reads it."""
        return instant.astimezone(self._zone)


class Replay:
    """Tells attempts again in the order of their instants."""

    def __init__(self, attempts: Iterable[AttemptView], since: datetime) -> None:
        """Take the attempts of a span that begins at `since`."""
        steps: list[tuple[datetime, int, AttemptView]] = []
        for each in attempts:
            began = datetime.fromisoformat(each.at)
            took = timedelta(milliseconds=each.duration_ms or 0)
            steps += [(began, 0, each), (began + took, 1, each)]
        self._steps = sorted(steps, key=lambda step: (step[0], step[1]))
        self._place = 0
        self._since = since
        self._runs: dict[str, _Run] = {}
        self._flights: dict[str, tuple[datetime, AttemptView]] = {}
        self._minutes: dict[int, Money] = {}
        self._spent = Money()
        self._wasted = Money()
        self._seq = 1

    @property
    def end(self) -> datetime:
        """Return when the last attempt of the span was over."""
        return self._steps[-1][0] if self._steps else self._since

    def snapshot(self, now: datetime) -> Snapshot:
        """Return where everything is at `now`."""
        told = self.delta(now)
        return Snapshot(
            seq=told.seq,
            at=told.at,
            status=Status(
                version="replay",
                proxy=ProxyInfo(url=_NOWHERE, pid=0, uptime_s=told.uptime_s),
                budgets=told.budgets,
                sessions=told.sessions,
                in_flight=told.in_flight,
                waiting=0,
                providers=[],
            ),
            flights=told.flights,
            events=told.events,
            setup=_setup(),
            burn=told.burn,
            wasted_month=told.wasted_month,
        )

    def delta(self, now: datetime) -> Delta:
        """Return what happened up to `now` since it was asked last."""
        touched: dict[str, _Run] = {}
        events: list[EventView] = []
        while self._place < len(self._steps) and self._steps[self._place][0] <= now:
            at, ends, each = self._steps[self._place]
            self._place += 1
            touched[each.session] = self._take(at, each, ends=bool(ends))
            if ends and (each.wasted or each.fault):
                events.append(self._event(at, each))
        self._seq += 1
        return Delta(
            seq=self._seq,
            at=_instant(now),
            in_flight=len(self._flights),
            waiting=0,
            uptime_s=max((now - self._since).total_seconds(), 0.0),
            budgets=[_spent_view(self._spent)],
            sessions=[_session_view(name, run) for name, run in touched.items()],
            flights=[
                _flight(began, each, now) for began, each in self._flights.values()
            ],
            events=events,
            providers=[],
            burn=self._burn(now),
            wasted_month=self._wasted.exact(),
        )

    async def feed(self, clock: ReplayClock) -> AsyncGenerator[FeedMessage, None]:
        """Yield the messages in the clock's own time; it never ends."""
        yield self.snapshot(clock.now())
        while True:
            await asyncio.sleep(STEP_S)
            yield self.delta(clock.now())

    def _take(self, at: datetime, each: AttemptView, *, ends: bool) -> _Run:
        run = self._runs.setdefault(each.session, _Run(first=each))
        run.last_at = at
        if ends:
            self._ended(run, at, each)
        else:
            self._began(run, at, each)
        return run

    def _began(self, run: _Run, at: datetime, each: AttemptView) -> None:
        self._flights[each.attempt] = (at, each)
        run.running += 1
        run.attempts += 1
        run.requests += each.first_attempt
        run.retries += not each.first_attempt
        run.client_retries += each.client_retry and each.first_attempt
        target = f"{each.provider}/{each.model}"
        run.models = [*(name for name in run.models if name != target), target]

    def _ended(self, run: _Run, at: datetime, each: AttemptView) -> None:
        self._flights.pop(each.attempt, None)
        cost = Money.usd(each.cost)
        written = each.cache_write_5m_tokens + each.cache_write_1h_tokens
        run.running -= 1
        run.context = each.prompt_tokens + each.cached_tokens + written
        run.input_tokens += run.context
        run.cached += each.cached_tokens
        run.written += written
        run.output_tokens += each.completion_tokens
        run.tool_calls += each.tool_calls
        run.cost += cost
        run.sources.add(each.cost_source or "")
        run.unpriced += each.cost_source == "unpriced"
        self._spent += cost
        if each.wasted:
            run.wasted += cost
            self._wasted += cost
        minute = int(at.timestamp()) // 60
        self._minutes[minute] = self._minutes.get(minute, Money()) + cost

    def _burn(self, now: datetime) -> list[str]:
        last = int(now.timestamp()) // 60
        return [
            self._minutes.get(minute, Money()).exact()
            for minute in range(last - _MINUTES + 1, last + 1)
        ]

    def _event(self, at: datetime, each: AttemptView) -> EventView:
        self._seq += 1
        status = f" {each.status}" if each.status else ""
        why = each.waste or each.fault or "no answer"
        return EventView(
            seq=self._seq,
            at=_instant(at),
            kind="wasted" if each.wasted else "error",
            severity="warn",
            session=each.session,
            text=f"{each.provider}/{each.model}{status}: {why}",
        )


def _session_view(name: str, run: _Run) -> SessionView:
    first = run.first
    estimated = "estimated" in run.sources
    return SessionView(
        id=name,
        agent=first.agent,
        workspace=first.workspace,
        task=first.task,
        state="active" if run.running else "idle",
        requests=run.requests,
        attempts=run.attempts,
        retries=run.retries,
        client_retries=run.client_retries,
        input_tokens=run.input_tokens,
        output_tokens=run.output_tokens,
        tool_calls=run.tool_calls,
        cost=run.cost.exact(),
        cost_source="mixed" if estimated else "reported",
        held="0",
        unknown="0",
        wasted=run.wasted.exact(),
        parent=None if first.root_session == name else first.root_session,
        models=run.models,
        started_at=first.at,
        last_at=_instant(run.last_at) if run.last_at else first.at,
        outcome=first.outcome,
        cache_read_tokens=run.cached,
        cache_write_tokens=run.written,
        unpriced=run.unpriced,
        context_tokens=run.context or None,
    )


def _flight(began: datetime, each: AttemptView, now: datetime) -> FlightView:
    took = max((now - began).total_seconds(), 0.0)
    first = each.first_token_ms if each.first_token_ms is not None else each.ttfb_ms
    streams = first is not None and took * 1000 >= first
    return FlightView(
        id=each.attempt,
        session=each.session,
        agent=each.agent,
        model=each.model,
        provider=each.provider,
        state="streaming" if streams else "connecting",
        started_at=each.at,
        elapsed_s=took,
        ttfb_s=first / 1000 if first is not None and streams else None,
        output_bytes=0,
        held=each.held,
    )


def _spent_view(spent: Money) -> BudgetView:
    return BudgetView(
        scope="global",
        window="of this span",
        limit=None,
        spent=spent.exact(),
        held="0",
        unknown="0",
        resets_at=None,
    )


def _setup() -> Setup:
    return Setup(
        openai_base_url="",
        anthropic_base_url="",
        gemini_base_url="",
        keys_found=[],
        first_request_seen=True,
        cap_is_default=False,
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
