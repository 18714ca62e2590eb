"""Pauses, stops and limits over the real control socket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.governing import RunLimits, SetLimit
from faregate.control.models import NewSession
from tests.money.calls import Client, call_of, client_of
from tests.running import RunningGate, running_gate

_T = TypeVar("_T")


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    more = "[limits.agent.codex]\nrequests = 7"
    async with running_gate(
        tmp_path / "home", budget='on_tight = "refuse"', more=more
    ) as gate:
        yield gate


@pytest.fixture
def person(gate: RunningGate) -> ControlClient:
    secret = gate.paths.admin_secret.read_text().strip()
    return ControlClient(gate.paths.socket, admin_secret=secret)


async def do(call: Callable[..., _T], *args: Any, **named: Any) -> _T:
    """Make a blocking call beside the proxy's loop."""
    return await asyncio.to_thread(lambda: call(*args, **named))


async def chat(client: Client, session: str, **body: Any) -> str | None:
    """Ask once as a session; return the refusal's code or None."""
    path, asked = call_of("chat", stream=False)
    got = await client.post(f"/s/{session}{path}", {**asked, **body})
    return got.code


async def test_what_is_paused_is_refused_until_a_person_resumes(
    gate: RunningGate, person: ControlClient
) -> None:
    async with client_of(gate) as client:
        assert await chat(client, "web") is None
        answer = await do(person.pause, "session:web")
        assert answer.changed
        assert not (await do(person.pause, "session:web")).changed
        assert await chat(client, "web") == "paused"
        assert await chat(client, "other") is None
        (latch,) = await do(person.latches)
        assert (latch.scope, latch.state) == ("session:web", "paused")
        assert (await do(person.standing, "web")).state == "paused"
        states = {e.id: e.state for e in (await do(person.status)).sessions}
        assert states == {"web": "paused", "other": "active"}
        stranger = ControlClient(gate.paths.socket)
        with pytest.raises(ControlError) as refused:
            await do(stranger.resume, "session:web")
        assert refused.value.code == "forbidden"
        assert (await do(person.resume, "session:web")).changed
        assert await chat(client, "web") is None
        kinds = [event.kind for event in gate.daemon.gate.events.since(0)]
        assert {"paused", "resumed"} <= set(kinds)


async def test_everything_is_paused_by_one_word(
    gate: RunningGate, person: ControlClient
) -> None:
    async with client_of(gate) as client:
        await do(person.pause, "all")
        assert await chat(client, "a") == "paused"
        await do(person.resume, "all")
        assert await chat(client, "a") is None


async def test_a_workspace_is_stopped(gate: RunningGate, person: ControlClient) -> None:
    async with client_of(gate) as client:
        path, body = call_of("chat", stream=False)
        await do(person.stop, "workspace:web")
        assert (await client.post(f"/w/web{path}", body)).code == "stopped"
        assert (await client.post(f"/w/shop{path}", body)).code is None


@pytest.mark.parametrize("scope", ["session:nobody", "agent:x", "", "all\n"])
async def test_what_is_not_there_cannot_be_stopped(
    gate: RunningGate, person: ControlClient, scope: str
) -> None:
    with pytest.raises(ControlError):
        await do(person.stop, scope)
    assert await do(person.latches) == []


async def test_limits_are_shown_with_their_source_and_use(
    gate: RunningGate, person: ControlClient
) -> None:
    configured = await do(person.limits, agent="codex")
    by_name = {each.name: each for each in configured.limits}
    assert by_name["requests"].limit == "7"
    assert by_name["requests"].source == "[limits.agent.codex]"
    asked = NewSession(agent="codex", limits=RunLimits(requests=2, wall_clock=60.0))
    grant = await do(person.new_session, asked)
    assert grant.max_time_s == 60.0
    async with client_of(gate) as client:
        client.headers = {"authorization": f"Bearer {grant.token}"}
        path, body = call_of("chat", stream=False)
        codes = [(await client.post(path, body)).code for _ in range(3)]
    assert codes == [None, None, "limit_exceeded"]
    shown = await do(person.limits, grant.session)
    by_name = {each.name: each for each in shown.limits}
    requests = by_name["requests"]
    assert (requests.limit, requests.used, requests.hit) == ("2", "2", 1)
    assert requests.source == "faregate run"
    standing = await do(person.standing, grant.session)
    assert (standing.state, standing.limits_hit) == ("running", {"requests": 1})
    await do(person.stop, f"session:{grant.session}")
    assert len(await do(person.latches)) == 1
    await do(person.end_session, grant.session)
    assert await do(person.latches) == []
    gate.daemon.gate.governor.lift(f"session:{grant.session}")
    assert (await do(person.standing, grant.session)).state == "ended"
    with pytest.raises(ControlError) as unknown:
        await do(person.limits, "nobody")
    assert unknown.value.code == "not_found"


async def test_what_is_used_of_a_limit_is_told_of_now_not_of_the_latest_request(
    gate: RunningGate, person: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client_of(gate) as client:
        assert await chat(client, "web") is None

    async def used() -> dict[str, str | None]:
        shown = await do(person.limits, "web")
        return {each.name: each.used for each in shown.limits}

    first = await used()
    assert int(first["tokens_per_minute"] or 0) > 0
    limiter = gate.daemon.gate.governor.limiter
    assert limiter is not None
    now = limiter.now
    monkeypatch.setattr(limiter, "now", lambda: now() + 600)
    later = await used()
    assert (later["tokens_per_minute"], later["spend_per_minute"]) == ("0", "0")
    assert 600 <= int(later["wall_clock"] or 0) < 1200
    assert later["requests"] == first["requests"] == "1"
    # Quiet for so long that its next request would begin its time anew.
    monkeypatch.setattr(limiter, "now", lambda: now() + 9000)
    assert int((await used())["wall_clock"] or 0) < 600
    monkeypatch.setattr(limiter, "now", lambda: now() + 600)
    assert int((await used())["wall_clock"] or 0) >= 600
    await do(person.end_session, "web")
    assert int((await used())["wall_clock"] or 0) < 600


async def test_resuming_a_session_begins_its_limits_anew(
    gate: RunningGate, person: ControlClient
) -> None:
    grant = await do(person.new_session, NewSession(limits=RunLimits(requests=1)))
    async with client_of(gate) as client:
        client.headers = {"authorization": f"Bearer {grant.token}"}
        path, body = call_of("chat", stream=False)
        codes = [(await client.post(path, body)).code for _ in range(2)]
        assert codes == [None, "limit_exceeded"]
        await do(person.resume, f"session:{grant.session}")
        codes = [(await client.post(path, body)).code for _ in range(2)]
        assert codes == [None, "limit_exceeded"]


@pytest.mark.parametrize(
    "limits", [RunLimits(requests=-1), RunLimits(spend_per_minute="-1")]
)
async def test_nonsense_is_no_limit(
    gate: RunningGate, person: ControlClient, limits: RunLimits
) -> None:
    with pytest.raises(ControlError) as refused:
        await do(person.new_session, NewSession(limits=limits))
    assert refused.value.code == "bad_request"


async def test_inside_a_run_only_its_own_limits_are_lowered(gate: RunningGate) -> None:
    inside = ControlClient(gate.paths.socket)
    asked = NewSession(agent="codex", pid=os.getpid(), limits=RunLimits(requests=5))
    session = (await do(inside.new_session, asked)).session
    for scope in ("all", "agent:codex"):
        with pytest.raises(ControlError, match="started by faregate run"):
            await do(inside.set_limit, SetLimit(scope=scope, name="retries", value="1"))
    own = f"session:{session}"
    done = await do(inside.set_limit, SetLimit(scope=own, name="requests", value="4"))
    assert (done.before, done.after) == ("5", "4")
    for value in ("5", None):
        ask = SetLimit(scope=own, name="requests", value=value)
        with pytest.raises(ControlError, match="started by faregate run"):
            await do(inside.set_limit, ask, confirmed=True)
    standing = await do(inside.standing, session)
    assert standing.max_time_s == 14_400.0


async def test_the_limits_of_a_workspace_are_shown(
    gate: RunningGate, person: ControlClient
) -> None:
    ask = SetLimit(scope="workspace:web", name="wall_clock", value="90m")
    await do(person.set_limit, ask)
    told = await do(person.limits, workspace="web")
    assert told.workspace == "web"
    by_name = {each.name: each for each in told.limits}
    assert by_name["wall_clock"].limit == "5400"
    assert by_name["wall_clock"].source == "faregate limits --workspace web"
    assert by_name["wall_clock"].scope == "workspace:web"
    assert by_name["requests"].scope is None


async def test_what_went_in_circles_is_told_until_it_goes_on(
    gate: RunningGate, person: ControlClient
) -> None:
    said: list[dict[str, Any]] = [{"role": "user", "content": "build it"}]
    tools = [{"type": "function", "function": {"name": "bash", "parameters": {}}}]
    async with client_of(gate) as client:
        codes = []
        for number in range(6):
            codes.append(await chat(client, "web", messages=list(said), tools=tools))
            function = {"name": "bash", "arguments": '{"command": "make"}'}
            call = {"id": f"c{number}", "type": "function", "function": function}
            said.append({"role": "assistant", "tool_calls": [call]})
            result = {"role": "tool", "tool_call_id": f"c{number}", "content": "boom"}
            said.append(result)
    assert codes == [None] * 5 + ["loop_detected"]
    (loop,) = await do(person.loops)
    assert (loop.session, loop.rule, loop.refused) == ("web", "same_step", 1)
    assert loop.calls == ['bash {"command": "make"}', "  gave: boom"]
    await do(person.resume, "session:web")
    assert await do(person.loops) == []
