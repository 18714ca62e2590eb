"""What is kept of pauses and limits when the proxy is started again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from faregate.control.client import ControlClient
from faregate.control.governing import RunLimits
from faregate.control.models import NewSession
from faregate.core.latches import LatchState
from tests.money.calls import call_of, client_of, provider_of
from tests.running import running_gate

REFUSE = 'on_tight = "refuse"'


async def test_a_stop_outlives_the_proxy(tmp_path: Path) -> None:
    path, body = call_of("chat", stream=False)
    async with running_gate(tmp_path / "h", budget=REFUSE) as gate:
        async with client_of(gate) as client:
            assert (await client.post(f"/s/web{path}", body)).code is None
        stopper = ControlClient(gate.paths.socket)
        await asyncio.to_thread(stopper.stop, "session:web")
    async with running_gate(tmp_path / "h", budget=REFUSE) as gate:
        latches = gate.daemon.gate.governor.latches.all()
        assert latches["session:web"].state is LatchState.STOPPED
        async with client_of(gate) as client:
            got = await client.post(f"/s/web{path}", body)
            assert got.code == "stopped"
            assert "faregate resume web" in got.json["error"]["message"]
            assert (await client.post(f"/s/other{path}", body)).code is None


async def test_who_stops_what_has_ended_is_told_so(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        client = ControlClient(gate.paths.socket)
        run = await asyncio.to_thread(client.new_session, NewSession())
        scope = f"session:{run.session}"
        paused = await asyncio.to_thread(client.pause, scope)
        assert (paused.changed, paused.over) == (True, False)
        await asyncio.to_thread(client.end_session, run.session)
        for changed in (True, False):
            stopped = await asyncio.to_thread(client.stop, scope)
            assert (stopped.changed, stopped.over) == (changed, True)
        other = await asyncio.to_thread(client.stop, "workspace:web")
        assert (other.changed, other.over) == (True, False)


async def test_what_a_run_has_used_outlives_the_proxy(tmp_path: Path) -> None:
    provider = provider_of()
    path, body = call_of("chat", stream=False)
    token = ""
    codes: list[str | None] = []
    await provider.start()
    for start in range(3):
        async with running_gate(
            tmp_path / "h", provider, budget=REFUSE, url=provider.url
        ) as gate:
            if not start:
                asked = NewSession(limits=RunLimits(requests=5))
                control = ControlClient(gate.paths.socket)
                token = (await asyncio.to_thread(control.new_session, asked)).token
            async with client_of(gate) as client:
                client.headers = {"authorization": f"Bearer {token}"}
                codes += [(await client.post(path, body)).code for _ in range(2)]
            (row,) = gate.daemon.reports.sessions()
            control = ControlClient(gate.paths.socket)
            shown = await asyncio.to_thread(control.limits, row.session)
            requests = next(e for e in shown.limits if e.name == "requests")
            assert (requests.limit, requests.source) == ("5", "faregate run")
    await provider.stop()
    assert codes == [None] * 5 + ["limit_exceeded"]


async def test_sub_agents_count_at_their_root(tmp_path: Path) -> None:
    path, body = call_of("messages", stream=False)
    async with running_gate(tmp_path / "h", budget=REFUSE) as gate:
        control = ControlClient(gate.paths.socket)
        asked = NewSession(agent="claude-code", limits=RunLimits(requests=3))
        grant = await asyncio.to_thread(control.new_session, asked)
        codes = []
        async with client_of(gate) as client:
            client.headers = {"authorization": f"Bearer {grant.token}"}
            for child in ("", "sub-a", "sub-b", "sub-c"):
                ids = {"x-claude-code-session-id": "c1"}
                if child:
                    ids["x-claude-code-agent-id"] = child
                codes.append((await client.post(path, body, ids)).code)
        assert codes == [None, None, None, "limit_exceeded"]
        shown = await asyncio.to_thread(control.limits, f"{grant.session}/sub-a")
        assert next(e for e in shown.limits if e.name == "requests").used == "3"
