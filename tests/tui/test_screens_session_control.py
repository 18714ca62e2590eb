"""Stopping, pausing and looking at the limits of a session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.control import scenes
from tests.tui.harness import NARROW, WIDE, later, make_app, sessions, told

if TYPE_CHECKING:
    from tests.control.fake_proxy import FakeProxy

SESSION = "7d1f0c2a-88aa"
DONE = {"scope": "s", "changed": True, "ended": 2}


def posted(proxy: FakeProxy) -> list[tuple[str, dict[str, object]]]:
    return [
        (each.path, json.loads(each.body))
        for each in proxy.seen
        if each.method == "POST"
    ]


@pytest.mark.parametrize("inside", [False, True], ids=["overview", "session"])
async def test_stopping_names_the_session_and_its_spend(
    proxy: FakeProxy, inside: bool
) -> None:
    proxy.answers["POST /v1/stop"] = DONE
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        if inside:
            await pilot.press("enter")
            await told(pilot, app, "sessions > proxy/main")
        await pilot.press("x")
        await told(pilot, app, "Stop proxy/main? It has spent $8.42.")
        await pilot.press("y")
        assert posted(proxy) == []
        later(app)
        await pilot.press("y")
        await told(pilot, app, "stopped proxy/main, 2 running requests ended")
        assert posted(proxy) == [("/v1/stop", {"scope": f"session:{SESSION}"})]


async def test_what_has_ended_is_not_stopped(proxy: FakeProxy) -> None:
    ended = scenes.session(SESSION, state="ended", task="main", workspace="proxy")
    proxy.snapshot = scenes.snapshot(sessions=[ended])
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("x")
        await told(pilot, app, "proxy/main has ended already")
        assert posted(proxy) == []


async def test_a_session_is_paused_at_once_and_goes_on_after_a_yes(
    proxy: FakeProxy,
) -> None:
    proxy.answers["POST /v1/pause"] = DONE
    proxy.answers["POST /v1/resume"] = DONE
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("p")
        await told(pilot, app, "paused proxy/main")
        paused = scenes.session(SESSION, state="paused", task="main", workspace="proxy")
        proxy.publish(scenes.delta(2, proxy.snapshot, sessions=[paused], flights=[]))
        await told(pilot, app, "‖ paused")
        await pilot.press("p")
        await told(pilot, app, "Let proxy/main go on?")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "proxy/main goes on")
        assert [path for path, _ in posted(proxy)] == ["/v1/pause", "/v1/resume"]
        resumed = next(each for each in proxy.seen if each.path == "/v1/resume")
        assert resumed.headers["x-faregate-confirmed"] == "tty"


async def test_everything_is_paused_and_goes_on(proxy: FakeProxy) -> None:
    proxy.answers["GET /v1/latches"] = []
    proxy.answers["POST /v1/pause"] = DONE
    proxy.answers["POST /v1/resume"] = DONE
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("H")
        await told(pilot, app, "Pause everything?")
        await told(pilot, app, "3 running may")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "everything is paused")
        latch = {"scope": "all", "state": "paused", "at": scenes.at(5), "who": "uid 1"}
        proxy.answers["GET /v1/latches"] = [latch]
        await pilot.press("H")
        await told(pilot, app, "Let it go on?")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "everything goes on")
        assert posted(proxy) == [
            ("/v1/pause", {"scope": "all"}),
            ("/v1/resume", {"scope": "all"}),
        ]


async def test_without_a_session_nothing_is_asked(proxy: FakeProxy) -> None:
    proxy.snapshot = scenes.snapshot()
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "no sessions")
        assert sessions(app).chosen is None
        await pilot.press("x")
        await told(pilot, app, "no session is chosen")
        assert posted(proxy) == []
