"""A loop that was stopped: its calls are shown, and a person says what follows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.tui.harness import NARROW, WIDE, later, make_app, shows, told

if TYPE_CHECKING:
    from tests.control.fake_proxy import FakeProxy

SESSION = "7d1f0c2a-88aa"
LOOP = {
    "session": SESSION,
    "root": SESSION,
    "rule": "same_step",
    "times": 12,
    "what": "bash was called 12 times in a row with the same result",
    "calls": ['bash {"command": "make"}', "  gave: boom"],
    "at": "2026-11-23T10:48:12Z",
    "latest": "2026-11-23T10:49:02Z",
    "refused": 3,
}


def posted(proxy: FakeProxy) -> list[tuple[str, object]]:
    return [(e.path, json.loads(e.body)) for e in proxy.seen if e.method == "POST"]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
async def test_what_repeated_is_shown(proxy: FakeProxy, size: tuple[int, int]) -> None:
    proxy.answers["GET /v1/loops"] = [{**LOOP, "session": "x", "root": "x"}, LOOP]
    app = make_app(proxy.socket)
    async with app.run_test(size=size) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("v")
        await told(pilot, app, "proxy/main goes in circles and was stopped")
        assert shows(app, "3 requests not sent")
        assert shows(app, 'bash {"command": "make"}')
        assert shows(app, "gave: boom")
        await pilot.press("escape")
        await told(pilot, app, "sessions 5")
        assert posted(proxy) == []


async def test_it_goes_on_after_a_yes(proxy: FakeProxy) -> None:
    proxy.answers["GET /v1/loops"] = [{**LOOP, "session": f"{SESSION}/sub"}]
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("v")
        await told(pilot, app, "let it go on")
        await pilot.press("g")
        await told(pilot, app, "It has spent $8.42, and its limits begin anew.")
        await pilot.press("y")
        assert shows(app, "its limits begin anew")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "proxy/main goes on")
        assert posted(proxy) == [("/v1/resume", {"scope": f"session:{SESSION}"})]


async def test_it_is_kept_stopped(proxy: FakeProxy) -> None:
    proxy.answers["GET /v1/loops"] = [LOOP]
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("v")
        await told(pilot, app, "keep it stopped")
        await pilot.press("x")
        await told(pilot, app, "Stop proxy/main?")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "stopped proxy/main")
        assert posted(proxy)[0] == ("/v1/stop", {"scope": f"session:{SESSION}"})


async def test_a_session_without_a_loop_says_so(proxy: FakeProxy) -> None:
    proxy.answers["GET /v1/loops"] = []
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("v")
        await told(pilot, app, "no loop is stopped there")


async def test_who_only_watches_sees_it_and_decides_nothing(proxy: FakeProxy) -> None:
    proxy.answers["GET /v1/loops"] = [LOOP]
    app = make_app(proxy.socket, read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("v")
        await told(pilot, app, "goes in circles")
        await pilot.press("g", "x", "escape")
        await told(pilot, app, "sessions 5")
        assert posted(proxy) == []
