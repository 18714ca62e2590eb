from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from faregate.control.models import SessionView
from faregate.core.holds import BudgetState, BudgetWindow, HoldState
from faregate.core.labels import Labels
from faregate.core.money import Money
from faregate.core.records import SessionRow
from faregate.gateway.events import Event
from faregate.gateway.flights import Flight, FlightState
from faregate.server import views
from tests.server.rows import NOW_MS, hold_row, session_row, spend_row

EVIL = "\x1b]52;c;aGk=\x07\u202egnp"


def flight(**changes: Any) -> Flight:
    given: dict[str, Any] = {
        "id": "req_1",
        "session": "run-1",
        "agent": "codex",
        "model": "gpt-x",
        "provider": "sim",
        "started_ms": NOW_MS,
        "started": 100.0,
        "stream": True,
        "give_up": lambda _why: None,
        "hang_up": lambda: None,
        "drop": lambda: None,
    }
    return Flight(**{**given, **changes})


def shown(
    row: SessionRow,
    flights: tuple[Flight, ...] = (),
    lately: Mapping[str, Money] | None = None,
    *,
    capped: bool = False,
    now_ms: int = NOW_MS,
) -> SessionView:
    return views.session_view(
        row,
        flights=flights,
        now_ms=now_ms,
        spent_lately=lately or {},
        capped=capped,
        window_of={"sim/gpt-x": 128_000}.get,
    )


def test_instants_are_utc() -> None:
    assert views.rfc3339(0) == "1970-01-01T00:00:00Z"
    assert views.rfc3339(NOW_MS) == "2026-11-18T11:06:40Z"


def test_a_budget_is_exact() -> None:
    window = BudgetWindow(
        scope="global", window="month", ends_at=1_796_083_200, limit=Money.usd(20)
    )
    state = BudgetState(
        budget=window, spent=Money(1), held=Money.usd("0.5"), unknown=Money(0)
    )
    view = views.budget_view(state, refusing=True)
    assert (view.limit, view.spent) == ("20", "0.000000000001")
    assert (view.held, view.unknown) == ("0.5", "0")
    assert view.resets_at == "2026-12-01T00:00:00Z"
    assert view.refusing
    endless = BudgetState(budget=BudgetWindow(scope="session:x", window="session"))
    view = views.budget_view(endless, refusing=False)
    assert (view.limit, view.resets_at) == (None, None)


@pytest.mark.parametrize(
    ("quiet_ms", "state"),
    [(0, "active"), (60_000, "active"), (61_000, "idle"), (3_601_000, "ended")],
)
def test_a_session_without_requests_goes_quiet(quiet_ms: int, state: str) -> None:
    row = session_row(last_at_ms=NOW_MS - quiet_ms)
    assert shown(row).state == state


def test_a_session_of_which_nothing_was_ever_sent_is_not_at_work() -> None:
    refused = session_row(last_at_ms=NOW_MS, requests=0, attempts=0, refusals=3)
    assert shown(refused).state == "idle"
    # One that has only begun is.
    begun = session_row(last_at_ms=NOW_MS, requests=0, attempts=0, refusals=0)
    assert shown(begun).state == "active"


def test_what_runs_makes_a_session_active() -> None:
    old = session_row(last_at_ms=0)
    waiting = flight(state=FlightState.WAITING)
    streaming = flight(state=FlightState.STREAMING)
    assert shown(old, (streaming,)).state == "active"
    assert shown(old, (waiting,)).state == "waiting"
    assert shown(old, (waiting, streaming)).state == "active"
    assert shown(session_row(), (streaming,), capped=True).state == "active"


def test_a_cap_and_an_end_are_told() -> None:
    assert shown(session_row(), capped=True).state == "capped"
    assert shown(session_row(ended_at_ms=NOW_MS), capped=True).state == "ended"


def test_a_sessions_figures() -> None:
    row = session_row(held=Money(2), unknown=Money(3), wasted=Money(4))
    view = shown(row, lately={"run-1": Money.usd("0.1"), "other": Money.usd(9)})
    assert (view.cost, view.cost_source) == ("0.1", "reported")
    assert (view.held, view.unknown) == ("0.000000000002", "0.000000000003")
    assert view.wasted == "0.000000000004"
    # Ten minutes at this rate, six times.
    assert view.usd_per_hour == "0.6"
    assert view.context_window == 128_000
    assert view.models == ["sim/gpt-x"]
    assert view.started_at == "2026-11-18T11:06:39Z"


def test_a_session_of_no_model_has_no_window() -> None:
    assert shown(session_row(models=())).context_window is None
    assert shown(session_row(models=("sim/other",))).context_window is None


def is_harmless(text: str | None) -> bool:
    return text is not None and not set(text) & {"\x1b", "\x07", "\u202e"}


def test_nothing_from_outside_reaches_a_terminal_as_it_came() -> None:
    labels = Labels(agent=EVIL, workspace=EVIL, task=EVIL)
    row = session_row(
        session=EVIL, parent=EVIL, labels=labels, models=(EVIL,), last_error=EVIL
    )
    view = shown(row)
    texts = [view.id, view.agent, view.workspace, view.task, view.parent]
    texts += [view.last_error, *view.models]
    flying = views.flight_view(
        flight(session=EVIL, agent=EVIL, model=EVIL, why=EVIL), 100.0
    )
    texts += [flying.session, flying.agent, flying.model, flying.why]
    told = views.event_view(
        Event(seq=1, at_ms=0, kind="error", severity="warn", session=EVIL, text=EVIL)
    )
    texts += [told.session, told.text]
    hold = views.hold_view(hold_row(session=EVIL, model=EVIL, why=EVIL))
    texts += [hold.session, hold.model, hold.why]
    assert all(is_harmless(text) for text in texts)


def test_a_flight_is_timed() -> None:
    view = views.flight_view(flight(), 101.26)
    assert (view.elapsed_s, view.ttfb_s, view.output_bytes) == (1.3, None, 0)
    view = views.flight_view(flight(first_byte=100.5, held=Money.usd(1)), 102.0)
    assert (view.ttfb_s, view.held, view.state) == (0.5, "1", "connecting")


def test_holds_are_open_or_unknown() -> None:
    assert views.hold_view(hold_row()).state == "unknown"
    view = views.hold_view(hold_row(state=HoldState.HELD, why=None))
    assert (view.state, view.amount, view.why) == ("held", "0.5", None)


def test_a_hold_that_power_loss_took_has_no_session() -> None:
    assert "power cut" in views.hold_view(hold_row(session="")).session


def test_a_providers_hour() -> None:
    view = views.provider_view(spend_row(attempts=8, failed=3, ttfb_ms=12.5))
    assert (view.error_rate_1h, view.requests_1h, view.ttfb_ms) == (0.375, 8, 12.5)
    assert views.provider_view(spend_row()).error_rate_1h == 0.0
