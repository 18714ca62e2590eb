from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from faregate.control.models import Delta, Snapshot
from faregate.tui.app import FaregateApp
from faregate.tui.options import Options
from faregate.tui.replay import Replay, ReplayClock
from tests.control.scenes import NOW
from tests.tui.cost_scene import attempt
from tests.tui.drawing import THEMES_DIR
from tests.tui.harness import WIDE, told

SPAN = [
    attempt("a1", "r1", 600, prompt_tokens=1000, completion_tokens=50, cost="0.10"),
    attempt("a2", "r2", 500, cost="0.30", duration_ms=60_000, cost_source="estimated"),
    attempt(
        "a3",
        "r2",
        430,
        first_attempt=False,
        cost="0.02",
        wasted=True,
        waste="no answer",
        status=529,
    ),
    attempt("a4", "r3", 300, session="other", workspace="web", task="x", cost="1.00"),
]
START = NOW - timedelta(seconds=600)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_what_is_told_adds_up_to_what_was_spent() -> None:
    replay = Replay(SPAN, START)
    assert replay.end == ago(300 - 9.2)
    first = replay.snapshot(ago(590))
    assert isinstance(first, Snapshot)
    (session,) = first.status.sessions
    assert (session.cost, session.requests, session.input_tokens) == ("0.1", 1, 1000)
    assert first.status.in_flight == 0
    running = replay.delta(ago(480))
    assert isinstance(running, Delta)
    (flight,) = running.flights
    assert (flight.id, flight.state, flight.elapsed_s) == ("a2", "streaming", 20.0)
    assert running.sessions[0].state == "active"
    after = replay.delta(ago(400))
    (session,) = after.sessions
    assert (session.cost, session.attempts, session.retries) == ("0.42", 3, 1)
    assert (session.wasted, session.cost_source) == ("0.02", "mixed")
    assert [event.text for event in after.events] == [
        "anthropic/claude-opus-4-6 529: no answer"
    ]
    assert after.wasted_month == "0.02"
    end = replay.delta(ago(0))
    assert [view.id for view in end.sessions] == ["other"]
    assert end.budgets[0].spent == "1.42"
    assert len(end.burn) == 60
    assert sum(float(minute) for minute in end.burn) > 1.4
    assert replay.delta(ago(0)).sessions == []


def test_the_clock_goes_faster_and_stays_at_the_end() -> None:
    clock = ReplayClock(START, NOW, 1e9)
    while clock.now() < NOW:
        pass
    assert clock.now() == NOW
    slow = ReplayClock(START, NOW, 0.000001)
    assert slow.now() - START < timedelta(seconds=1)


async def test_a_replay_says_so_and_changes_nothing() -> None:
    replay = Replay(SPAN, START)
    clock = ReplayClock(START, replay.end, 1e6)
    options = Options(
        socket_path=Path("/nowhere"),
        themes_dir=THEMES_DIR,
        read_only=True,
        replay="1000000x",
        agents=(),
    )
    app = FaregateApp(options, clock=clock, connect=lambda: replay.feed(clock))
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "REPLAY 1000000x")
        await told(pilot, app, "a replay: no cap holds here")
        await told(pilot, app, "web/x")
        await told(pilot, app, "$1.42")
        await pilot.press("b", "x", "2")
        await told(pilot, app, "a replay has the overview and its sessions")
        assert len(app.screen_stack) == 2
