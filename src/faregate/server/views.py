"""From records and flights to the models of the control API.

Everything that came from outside is sanitised here, once, on its way to a screen.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from faregate.control.models import (
    BudgetView,
    CostSource,
    EventView,
    FlightView,
    HoldView,
    ProviderView,
    SessionState,
    SessionView,
)
from faregate.control.sanitise import sanitise, sanitise_optional
from faregate.control.work import doing_of, state_with
from faregate.core.holds import BudgetState, HoldState
from faregate.core.money import ZERO, Money
from faregate.gateway.messages import instant, lacking_price

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from faregate.core.latches import LatchState
    from faregate.core.records import HoldRow, SessionRow, SpendRow
    from faregate.gateway.events import Event
    from faregate.gateway.flights import Flight

IDLE_AFTER_S = 60
"""Without a request for this long a session is idle."""
ENDED_AFTER_S = 3600
"""Without a request for this long a session is taken for ended."""
RATE_WINDOW_S = 600
_SOURCES: dict[str, CostSource] = {
    "reported": "reported",
    "estimated": "estimated",
    "unpriced": "unpriced",
    "mixed": "mixed",
}


def rfc3339(ms: int) -> str:
    """Return Unix milliseconds as RFC 3339 in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def budget_view(
    state: BudgetState, *, refusing: bool, raised_until: str | None = None
) -> BudgetView:
    """Return one budget window."""
    limit = state.budget.limit
    return BudgetView(
        scope=state.budget.scope,
        window=state.budget.window,
        limit=None if limit is None else limit.exact(),
        spent=state.spent.exact(),
        held=state.held.exact(),
        unknown=state.unknown.exact(),
        resets_at=instant(state.budget.ends_at),
        refusing=refusing or state.closed,
        closed=state.closed,
        raised_until=raised_until,
    )


def session_view(
    record: SessionRow,
    *,
    flights: Iterable[Flight],
    now_ms: int,
    spent_lately: Mapping[str, Money],
    capped: bool,
    window_of: Callable[[str], int | None],
    latched: LatchState | None = None,
) -> SessionView:
    """Return one session with its state as of now."""
    models = [sanitise(name) for name in record.models]
    lately = spent_lately.get(record.session, ZERO)
    return SessionView(
        id=sanitise(record.session),
        agent=sanitise_optional(record.labels.agent),
        workspace=sanitise_optional(record.labels.workspace),
        task=sanitise_optional(record.labels.task),
        state=_state(record, list(flights), now_ms, latched, capped=capped),
        requests=record.requests,
        attempts=record.attempts,
        retries=record.retries,
        client_retries=record.client_retries,
        input_tokens=record.input_tokens,
        output_tokens=record.output_tokens,
        tool_calls=record.tool_calls,
        cost=record.cost.exact(),
        cost_source=_SOURCES[record.cost_source],
        held=record.held.exact(),
        unknown=record.unknown.exact(),
        wasted=record.wasted.exact(),
        parent=sanitise_optional(record.parent),
        models=models,
        started_at=rfc3339(record.started_at_ms),
        last_at=rfc3339(record.last_at_ms),
        outcome=record.outcome,
        cache_read_tokens=record.cache_read_tokens,
        cache_write_tokens=record.cache_write_tokens,
        refusals=record.refusals,
        unpriced=record.unpriced,
        usd_per_hour=Money(lately.pico * 3600 // RATE_WINDOW_S).exact(),
        context_tokens=record.context_tokens,
        context_window=window_of(record.models[-1]) if record.models else None,
        last_error=sanitise_optional(record.last_error),
        user=sanitise_optional(record.labels.user),
        customer=sanitise_optional(record.labels.customer),
        feature=sanitise_optional(record.labels.feature),
    )


def past_session(record: SessionRow, *, now_ms: int) -> SessionView:
    """Return a session where no gate runs, so that none can be at work."""
    view = session_view(
        record,
        flights=(),
        now_ms=now_ms,
        spent_lately={},
        capped=False,
        window_of=lambda _target: None,
    )
    if view.state != "active":
        return view
    return msgspec.structs.replace(view, state="idle")


def flight_view(flight: Flight, now: float) -> FlightView:
    """Return one running or waiting request."""
    first = flight.first_byte
    seen = 0 if flight.meter is None else flight.meter.answer().output_bytes
    return FlightView(
        id=flight.id,
        session=sanitise(flight.session),
        agent=sanitise_optional(flight.agent),
        model=sanitise(flight.model),
        provider=flight.provider,
        state=flight.state.value,
        started_at=rfc3339(flight.started_ms),
        elapsed_s=round(now - flight.started, 1),
        ttfb_s=None if first is None else round(first - flight.started, 3),
        output_bytes=seen,
        held=flight.held.exact(),
        why=sanitise_optional(flight.why),
    )


def event_view(event: Event) -> EventView:
    """Return one line of the event log."""
    lacks = lacking_price(event.text) if event.kind == "refused" else None
    return EventView(
        seq=event.seq,
        at=rfc3339(event.at_ms),
        kind=event.kind,
        severity=event.severity,
        session=sanitise_optional(event.session),
        text=sanitise(event.text),
        lacks_price=sanitise_optional(lacks),
    )


def hold_view(record: HoldRow) -> HoldView:
    """Return one open or unknown hold."""
    return HoldView(
        id=record.attempt,
        request=record.request,
        session=sanitise(record.session or "lost in a power cut"),
        provider=record.provider,
        model=sanitise(record.model),
        state="held" if record.state is HoldState.HELD else "unknown",
        amount=record.amount.exact(),
        held_at=rfc3339(record.at_ms),
        why=sanitise_optional(record.why),
    )


def provider_view(record: SpendRow, last_error: str | None = None) -> ProviderView:
    """Return one provider's last hour."""
    return ProviderView(
        name=record.key,
        breaker=None,
        error_rate_1h=round(record.failed / max(1, record.attempts), 4),
        requests_1h=record.attempts,
        ttfb_ms=record.ttfb_ms,
        last_error=sanitise_optional(last_error),
    )


def _state(
    record: SessionRow,
    flights: list[Flight],
    now_ms: int,
    latched: LatchState | None,
    *,
    capped: bool,
) -> SessionState:
    if record.ended_at_ms is not None:
        return "ended"
    if latched is not None:
        return latched.value
    if flights:
        return state_with("active", doing_of(flight.state for flight in flights))
    if capped:
        return "capped"
    quiet = (now_ms - record.last_at_ms) / 1000
    if quiet > ENDED_AFTER_S:
        return "ended"
    turned_away = record.refusals > 0 and not record.attempts
    return "idle" if turned_away or quiet > IDLE_AFTER_S else "active"
