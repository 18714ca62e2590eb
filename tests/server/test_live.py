"""What a watcher is told of a running gate, and what it is not told twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.models import Delta
from faregate.server.live import LOOK_AGAIN_MS, QUIET_EVERY_MS, Cursor, Live
from faregate.server.peer import Runs
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.script import Step
from tests.running import RunningGate, running_gate
from tests.server.dialects import DIALECTS, ask
from tests.server.wire import Answer

CHAT = DIALECTS["chat"]


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    async with running_gate(tmp_path / "home", each_provider="") as gate:
        yield gate


@pytest.fixture
def live(gate: RunningGate) -> Live:
    return gate.daemon.live


async def one_more(gate: RunningGate, session: str = "run-1") -> Answer:
    return await ask(gate, CHAT, target=f"/s/{session}{CHAT.target}")


def person_of(gate: RunningGate) -> ControlClient:
    secret = gate.paths.admin_secret.read_text().strip()
    return ControlClient(gate.paths.socket, admin_secret=secret)


def told(live: Live, cursor: Cursor) -> Delta:
    delta = live.delta(cursor)
    assert delta is not None
    return delta


async def test_a_quiet_gate_has_nothing_to_tell(live: Live) -> None:
    await live.fresh()
    cursor = live.cursor()
    assert live.delta(cursor) is None
    assert live.delta(cursor) is None


async def test_a_quiet_gate_says_so_now_and_then(live: Live) -> None:
    cursor = live.cursor()
    cursor.at_ms -= QUIET_EVERY_MS
    delta = told(live, cursor)
    assert (delta.sessions, delta.flights, delta.events) == ([], [], [])
    assert live.delta(cursor) is None


async def test_a_session_is_told_when_it_changed(gate: RunningGate, live: Live) -> None:
    cursor = live.cursor()
    assert (await one_more(gate)).status == 200
    delta = told(live, cursor)
    (session,) = delta.sessions
    assert (session.id, session.requests, session.state) == ("run-1", 1, "active")
    assert session.cost == gate.month().spent.exact()
    assert session.models == ["sim/gpt-x"]
    assert (session.input_tokens, session.output_tokens) == (8, 32)


async def test_watchers_are_told_apart(gate: RunningGate, live: Live) -> None:
    early = live.cursor()
    await one_more(gate)
    late = live.cursor()
    assert told(live, early).sessions
    assert live.delta(late) is None


async def test_what_runs_is_told_until_it_is_over(
    gate: RunningGate, live: Live
) -> None:
    gate.provider.script(Step(first_byte=0.2))
    cursor = live.cursor()
    running = asyncio.get_running_loop().create_task(one_more(gate))
    for _ in range(400):
        if gate.provider.generations:
            break
        await asyncio.sleep(0.005)
    delta = told(live, cursor)
    (flight,) = delta.flights
    assert (flight.session, flight.model, flight.provider) == ("run-1", "gpt-x", "sim")
    assert (delta.in_flight, delta.waiting, live.work) == (1, 0, ["1 running"])
    month = next(b for b in delta.budgets if b.window == "month")
    assert month.held == flight.held != "0"
    assert delta.sessions[0].state == "active"
    await running
    delta = told(live, cursor)
    assert (delta.flights, delta.in_flight) == ([], 0)
    assert delta.sessions[0].held == "0"


async def test_a_refusal_is_an_event_told_once(gate: RunningGate, live: Live) -> None:
    cursor = live.cursor()
    answer = await ask(gate, CHAT, CHAT.with_bound(5_000_000))
    assert answer.status == 400
    delta = told(live, cursor)
    (event,) = delta.events
    assert (event.kind, event.severity) == ("capped", "alert")
    assert event.text == answer.error["message"]
    assert any(budget.refusing for budget in delta.budgets)
    (session,) = delta.sessions
    assert (session.state, session.refusals) == ("capped", 1)
    assert live.delta(cursor) is None
    # The next one that fits ends it.
    assert (await ask(gate, CHAT)).status == 200
    delta = told(live, cursor)
    assert not any(budget.refusing for budget in delta.budgets)
    assert delta.sessions[0].state == "active"


async def test_a_pause_is_told_to_who_watches(gate: RunningGate, live: Live) -> None:
    await one_more(gate, "s1")
    cursor = live.cursor()
    client = ControlClient(gate.paths.socket)
    await asyncio.to_thread(client.pause, "all")
    await asyncio.to_thread(client.stop, "workspace:web")
    await asyncio.to_thread(client.pause, "session:s1")
    delta = told(live, cursor)
    assert (delta.paused, delta.stopped) == (["all"], ["workspace:web"])
    status = live.status()
    assert (status.paused, status.stopped) == (["all"], ["workspace:web"])
    assert live.latched() == "workspace web stopped, everything paused"


def later(cursor: Cursor) -> None:
    """Let every session be long over, and the last look at them a while ago."""
    cursor.oldest_ms += 3_600_000
    cursor.looked_ms -= LOOK_AGAIN_MS


async def test_what_is_done_to_an_idle_session_is_told(
    gate: RunningGate, live: Live
) -> None:
    await one_more(gate, "s1")
    cursor = live.cursor()
    client = person_of(gate)
    for act, state in (
        (client.stop, "stopped"),
        (client.resume, "active"),
        (client.pause, "paused"),
    ):
        await asyncio.to_thread(act, "session:s1")
        later(cursor)
        (session,) = told(live, cursor).sessions
        assert (session.id, session.state) == ("s1", state)
    assert live.delta(cursor) is None


async def test_a_rate_is_told_after_the_last_request(
    gate: RunningGate, live: Live
) -> None:
    await live.fresh()
    await one_more(gate)
    cursor = live.cursor()
    live._figures._next_at = 0.0
    await live.fresh()
    later(cursor)
    (session,) = told(live, cursor).sessions
    assert float(session.usd_per_hour) > 0
    later(cursor)
    cursor.at_ms -= QUIET_EVERY_MS
    assert told(live, cursor).sessions == []


async def test_who_was_shown_everything_is_told_of_what_was_undone_since(
    gate: RunningGate, live: Live
) -> None:
    await one_more(gate, "s1")
    cursor = live.cursor()
    client = person_of(gate)
    later(cursor)
    cursor.look_soon()
    assert told(live, cursor).sessions[0].state == "active"
    await asyncio.to_thread(client.stop, "session:s1")
    (shown,) = live.snapshot().status.sessions
    assert shown.state == "stopped"
    await asyncio.to_thread(client.resume, "session:s1")
    later(cursor)
    assert told(live, cursor).sessions[0].state == "active"


async def test_the_status_has_the_latest_troubles_each_once(
    gate: RunningGate, live: Live
) -> None:
    for _ in range(2):
        assert (await ask(gate, CHAT, token="fg-not-ours")).status == 401
    events, now = gate.daemon.gate.events, gate.daemon.gate.clock.now_ms()
    events.publish("retry", "asked again", at_ms=now)
    for number in range(3):
        told = f"full {number}"
        events.publish("capped", told, at_ms=now, severity="alert", about="month")
    refused, capped = live.status().events
    assert (refused.kind, refused.session) == ("refused", None)
    assert "faregate env" in refused.text
    assert capped.text == "full 2"
    assert live.snapshot().status.events == []
    for number in range(9):
        events.publish("error", f"{number}", at_ms=now, severity="warn")
    assert [each.text for each in live.status().events] == ["4", "5", "6", "7", "8"]


async def test_troubles_of_another_day_are_no_news(
    gate: RunningGate, live: Live
) -> None:
    events, now = gate.daemon.gate.events, gate.daemon.gate.clock.now_ms()
    events.publish("error", "old", at_ms=now - 86_400_001, severity="warn")
    events.publish("error", "new", at_ms=now, severity="warn")
    assert [each.text for each in live.status().events] == ["new"]


async def test_the_snapshot_and_the_status_say_the_same(
    gate: RunningGate, live: Live
) -> None:
    gate.provider.script(Step(fault=TABLE["500"]))
    for session in ("run-1", "run-2"):
        await one_more(gate, session)
    await live.fresh()
    snapshot, status = live.snapshot(), live.status()
    assert snapshot.status.sessions == status.sessions
    assert {s.id for s in status.sessions} == {"run-1", "run-2"}
    (provider,) = status.providers
    assert (provider.name, provider.requests_1h) == ("sim", 2)
    assert provider.error_rate_1h == 0.5
    assert len(snapshot.burn) == 60
    assert snapshot.burn[-1] != "0" or snapshot.burn[-2] != "0"
    assert snapshot.setup.first_request_seen


async def test_new_sums_are_told_once_they_are_there(
    gate: RunningGate, live: Live
) -> None:
    await live.fresh()
    cursor = live.cursor()
    await one_more(gate)
    assert told(live, cursor).providers == []
    assert live.delta(cursor) is None
    live._figures._next_at = 0.0
    await live.fresh()
    assert [p.name for p in told(live, cursor).providers] == ["sim"]
    assert live.delta(cursor) is None


async def test_prompts_and_keys_are_nowhere(gate: RunningGate, live: Live) -> None:
    secret = "a canary in the prompt"
    body = {**CHAT.body, "messages": [{"role": "user", "content": secret}]}
    await ask(gate, CHAT, body)
    gate.provider.script(Step(fault=TABLE["500"]))
    await ask(gate, CHAT, body)
    await live.fresh()
    assert secret not in str(live.snapshot())
    assert gate.token not in str(live.snapshot())


async def test_a_rest_is_told_with_its_end_and_a_person_ends_it(
    tmp_path: Path,
) -> None:
    async with running_gate(tmp_path / "home", monthly="50") as gate:
        live = gate.daemon.live
        gate.provider.script(*[Step(fault=TABLE["500"])] * 5)
        for _ in range(5):
            assert (await one_more(gate)).status == 500
        await live.fresh()
        (provider,) = live.status().providers
        assert provider.breaker == "open"
        assert provider.last_error == "gpt-x: it answers with server errors"
        assert provider.rests_until is not None
        assert provider.rests_until > live.snapshot().at
        refused = await one_more(gate, "late")
        assert refused.error["code"] == "provider_resting"
        assert {each.id for each in live.status().sessions} == {"late", "run-1"}
        client = ControlClient(gate.paths.socket)
        assert await asyncio.to_thread(client.ask_again, "nobody") == []
        assert await asyncio.to_thread(client.ask_again, "sim") == ["sim"]
        assert live.status().providers[0].rests_until is None
        assert live.snapshot().events[-1].text.startswith("sim rests no more")
        assert (await one_more(gate, "late")).status == 200
        assert live.status().providers[0].breaker == "closed"


async def test_an_agent_ends_no_rest(
    gate: RunningGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Runs, "holds", lambda _runs, _pid: True)
    with pytest.raises(ControlError) as refused:
        await asyncio.to_thread(ControlClient(gate.paths.socket).ask_again)
    assert refused.value.code == "forbidden"
