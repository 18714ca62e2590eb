"""Limits that are changed while the gate runs: at once, by a person, over a restart."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

from faregate.config.load import load
from faregate.config.set_limits import read_set_limits
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.governing import LimitChanged, LimitView, SetLimit
from tests.gateway.building import FakeClock
from tests.ledger.building import decisions
from tests.money.calls import Client, call_of, client_of, provider_of
from tests.running import RunningGate, running_gate

REFUSE = 'on_tight = "refuse"'
PATH, BODY = call_of("chat", stream=False)


def person_at(gate: RunningGate) -> ControlClient:
    secret = gate.paths.admin_secret.read_text().strip()
    return ControlClient(gate.paths.socket, admin_secret=secret)


async def change(
    client: ControlClient, scope: str, name: str, value: str | None, **more: Any
) -> LimitChanged:
    asked = SetLimit(scope=scope, name=name, value=value, **more)
    return await asyncio.to_thread(client.set_limit, asked)


async def shown(gate: RunningGate, name: str, session: str | None = None) -> LimitView:
    told = await asyncio.to_thread(ControlClient(gate.paths.socket).limits, session)
    return next(each for each in told.limits if each.name == name)


async def chat(client: Client, session: str = "web") -> str | None:
    return (await client.post(f"/s/{session}{PATH}", BODY)).code


async def test_a_person_loosens_and_the_next_request_passes(tmp_path: Path) -> None:
    more = "[limits]\nrequests = 2"
    async with (
        running_gate(tmp_path / "h", budget=REFUSE, more=more) as gate,
        client_of(gate) as client,
    ):
        codes = [await chat(client) for _ in range(3)]
        assert codes == [None, None, "limit_exceeded"]
        person = person_at(gate)
        done = await change(person, "session:web", "requests", "3")
        assert (done.before, done.after, done.loosens) == ("2", "3", True)
        assert [await chat(client) for _ in range(2)] == [None, "limit_exceeded"]
        # Another session has what it had.
        codes = [await chat(client, "other") for _ in range(3)]
        assert codes == [None, None, "limit_exceeded"]
        view = await shown(gate, "requests", "web")
        assert (view.limit, view.used, view.source, view.without) == (
            "3",
            "3",
            "faregate limits --session",
            "2",
        )
        (event,) = [e for e in gate.daemon.gate.events.since(0) if e.kind == "limits"]
        assert event.text == "requests for session web set to 3, was 2"
        assert (event.session, event.severity) == ("web", "warn")
        row = decisions(gate.daemon.reports)[0]
        assert (row.what, row.subject, row.before, row.after) == (
            "session limit",
            "session:web requests",
            "2",
            "3",
        )


async def test_anybody_tightens_and_the_next_request_is_refused(tmp_path: Path) -> None:
    async with (
        running_gate(tmp_path / "h", budget=REFUSE) as gate,
        client_of(gate) as client,
    ):
        anybody = ControlClient(gate.paths.socket)
        assert await chat(client) is None
        done = await change(anybody, "all", "requests", "1")
        assert not done.loosens
        assert await chat(client) == "limit_exceeded"
        for value in ("2", "none", None):
            with pytest.raises(ControlError, match="needs a person"):
                await change(anybody, "all", "requests", value)
        with pytest.raises(ControlError, match="needs a person"):
            await change(anybody, "all", "requests", "1", for_s=3600.0)
        preview = await change(anybody, "all", "requests", "2", preview=True)
        assert (preview.before, preview.after, preview.loosens) == ("1", "2", True)
        assert await chat(client) == "limit_exceeded"
        await change(person_at(gate), "all", "requests", None)
        assert await chat(client) is None
        assert (await shown(gate, "requests")).source == "default"


@pytest.mark.parametrize(
    ("scope", "name", "value", "more", "said"),
    [
        ("moon", "requests", "1", {}, "session:ID, agent:NAME or workspace:NAME"),
        ("agent:", "requests", "1", {}, "has no limits"),
        ("agent:a b", "requests", "1", {}, "is no name of agents"),
        ("session:nobody", "requests", "1", {}, "there is no session"),
        ("all", "request", "1", {}, "Did you mean requests?"),
        ("all", "request", None, {}, "Did you mean requests?"),
        ("all", "requests", "lots", {}, "a whole number of requests, such as 100"),
        ("all", "wall_clock", "90", {}, "90 has no unit"),
        ("all", "requests", "5", {"for_s": 1.0}, "from one minute to 31 days"),
        ("all", "requests", None, {}, "requests was not set for every session"),
        ("all", "requests", None, {"for_s": 90.0}, "taken back has no time"),
    ],
)
async def test_what_is_wrong_is_said(
    tmp_path: Path,
    scope: str,
    name: str,
    value: str | None,
    more: dict[str, Any],
    said: str,
) -> None:
    async with running_gate(tmp_path / "h") as gate:
        with pytest.raises(ControlError, match=said) as raised:
            await change(person_at(gate), scope, name, value, **more)
        assert raised.value.code in {"bad_request", "not_found"}
        assert not gate.paths.overrides.exists()


async def test_what_is_set_outlives_the_proxy(tmp_path: Path) -> None:
    provider, clock = provider_of(), FakeClock()
    await provider.start()
    more = "[limits]\nrequests = 7"
    for start in range(2):
        async with running_gate(
            tmp_path / "h", provider, url=provider.url, more=more, clock=clock
        ) as gate:
            if not start:
                async with client_of(gate) as client:
                    assert await chat(client) is None
                person = person_at(gate)
                await change(person, "all", "requests", "9")
                await change(person, "agent:codex", "wall_clock", "90m")
                await change(person, "workspace:web", "retries", "none")
                await change(person, "session:web", "requests", "11")
                await change(person, "all", "tool_calls", "9000", for_s=3600.0)
            view = await shown(gate, "requests")
            assert (view.limit, view.source, view.without) == (
                "9",
                "faregate limits",
                "7",
            )
            assert (await shown(gate, "requests", "web")).limit == "11"
            view = await shown(gate, "tool_calls")
            assert (view.limit, view.until) == ("9000", "2026-11-18T12:06:40Z")
            (line,) = [str(each) for each in load(gate.paths).hidden]
            assert line.startswith("limits.requests = 9 (overrides.toml) hides 7")
            written = tomllib.loads(gate.paths.overrides.read_text())
            assert written["limits"] == {
                "requests": 9,
                "agent": {"codex": {"wall_clock": "90m"}},
                "workspace": {"web": {"retries": "none"}},
            }
    await provider.stop()


async def test_a_while_ends_by_itself(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_gate(tmp_path / "h", clock=clock) as gate:
        await change(person_at(gate), "all", "requests", "5000", for_s=3600.0)
        clock.ms -= 86_400_000
        clock.pass_by(3599)
        gate.daemon.limits.look()
        assert (await shown(gate, "requests")).limit == "5000"
        clock.pass_by(1)
        gate.daemon.limits.look()
        view = await shown(gate, "requests")
        assert (view.limit, view.until, view.source) == ("1000", None, "default")
        assert read_set_limits(gate.paths).timed == {}
        told = [e.text for e in gate.daemon.gate.events.since(0) if e.kind == "limits"]
        assert told == [
            "requests for every session set to 5000 for 1h, was 1000",
            "requests for every session is as it was before: its time is over",
        ]


async def test_for_good_ends_a_while(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        person = person_at(gate)
        await change(person, "all", "requests", "5000", for_s=3600.0)
        await change(person, "all", "requests", "4000")
        view = await shown(gate, "requests")
        assert (view.limit, view.until) == ("4000", None)
        await change(person, "all", "requests", None)
        assert (await shown(gate, "requests")).limit == "1000"


async def test_a_limit_that_cannot_be_written_down_holds_and_says_so(
    tmp_path: Path,
) -> None:
    async with running_gate(tmp_path / "h") as gate:
        gate.paths.overrides.write_text("[nonsense]\n")
        with pytest.raises(ControlError, match="until the next start only"):
            await change(person_at(gate), "all", "requests", "5")
        assert (await shown(gate, "requests")).limit == "5"


async def test_the_end_of_a_while_that_cannot_be_written_down_is_told(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    async with running_gate(tmp_path / "h", clock=clock) as gate:
        await change(person_at(gate), "all", "requests", "5000", for_s=60.0)
        gate.paths.overrides.write_text("[nonsense]\n")
        clock.pass_by(60)
        gate.daemon.limits.look()
        assert (await shown(gate, "requests")).limit == "1000"
        alerts = [e for e in gate.daemon.gate.events.since(0) if e.severity == "alert"]
        assert "was not written down" in alerts[0].text


async def test_a_limit_of_a_sub_agent_is_that_of_its_root(tmp_path: Path) -> None:
    path, body = call_of("messages", stream=False)
    async with (
        running_gate(tmp_path / "h", budget=REFUSE) as gate,
        client_of(gate) as client,
    ):
        ids = {"x-claude-code-session-id": "c1", "x-claude-code-agent-id": "sub"}
        assert (await client.post(path, body, ids)).code is None
        done = await change(person_at(gate), "session:c1/sub", "requests", "1")
        assert done.scope == "session:c1"
        assert (await client.post(path, body, ids)).code == "limit_exceeded"
