"""Through the real gate: a limit refuses, a person changes it, the agent goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.screens.limits import LimitsScreen
from tests.money.calls import call_of, client_of
from tests.running import running_gate
from tests.tui.harness import NARROW, WIDE, later, make_app, shows, told, until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from textual.pilot import Pilot

    from faregate.tui.app import FaregateApp
    from tests.money.calls import Client
    from tests.running import RunningGate

REFUSE = 'on_tight = "refuse"'


async def chat(client: Client, session: str = "web") -> str | None:
    path, body = call_of("chat", stream=False)
    return (await client.post(f"/s/{session}{path}", body)).code


async def opened(pilot: Pilot[None], app: FaregateApp, key: str) -> None:
    await told(pilot, app, "web")
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, LimitsScreen))
    await told(pilot, app, "wall clock")
    later(app)


def person(gate: RunningGate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what the screen sends pass for a person's: here is no terminal."""
    secret = gate.paths.admin_secret.read_text().strip()
    monkeypatch.setenv("FAREGATE_ADMIN_SECRET", secret)


async def test_an_agent_goes_on_after_a_person_loosens_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = "[limits]\nrequests = 2"
    async with (
        running_gate(tmp_path / "h", budget=REFUSE, more=more) as gate,
        client_of(gate) as client,
    ):
        codes = [await chat(client) for _ in range(3)]
        assert codes == [None, None, "limit_exceeded"]
        person(gate, monkeypatch)
        app = make_app(gate.paths.socket)
        async with app.run_test(size=WIDE, notifications=True) as pilot:
            await opened(pilot, app, "l")
            await told(pilot, app, "2 of 2")
            assert shows(app, "refused 1")
            await pilot.press("s", "s")
            await told(pilot, app, "2 now, 2 used")
            await pilot.press("3", "enter")
            await told(pilot, app, "how long?")
            await pilot.press("k")
            await told(pilot, app, "from 2 to 3?")
            assert await chat(client) == "limit_exceeded"
            later(app)
            await pilot.press("y")
            await told(pilot, app, "2 of 3")
            assert [await chat(client) for _ in range(2)] == [None, "limit_exceeded"]
            await told(pilot, app, "3 of 3")
            await pilot.press("escape")
            await told(pilot, app, "requests for session web set to 3, was 2")


async def test_an_agent_is_stopped_by_what_a_person_tightens(
    tmp_path: Path,
) -> None:
    async with (
        running_gate(tmp_path / "h", budget=REFUSE) as gate,
        client_of(gate) as client,
    ):
        assert [await chat(client) for _ in range(2)] == [None, None]
        app = make_app(gate.paths.socket)
        async with app.run_test(size=NARROW) as pilot:
            await opened(pilot, app, "L")
            await told(pilot, app, "- of 1.0k")
            await pilot.press("s")
            await told(pilot, app, "The new limit")
            await pilot.press("2", "enter")
            await told(pilot, app, "- of 2")
            assert await chat(client) == "limit_exceeded"
            assert await chat(client, "other") is None
