"""Limits on the screen: looked at, set for whom, loosened with a yes, taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from faregate.control.models import Problem
from faregate.tui.screens.limits import LimitsScreen
from tests.control import scenes
from tests.tui.harness import NARROW, WIDE, later, make_app, rows, shows, told, until

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from faregate.tui.app import FaregateApp
    from tests.control.fake_proxy import FakeProxy

SESSION = "7d1f0c2a-88aa"
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])


def limit(
    name: str, value: str | None, used: str | None, **more: Any
) -> dict[str, Any]:
    return {"name": name, "limit": value, "used": used, "source": "default", **more}


LIMITS = [
    limit("requests", "40", "41", source="[limits]", hit=3),
    limit("wall_clock", "14400.0", "3600.5"),
    limit("retries", None, None),
    limit(
        "spend_per_minute",
        "0.50",
        "0.12",
        source="faregate limits --session",
        scope=f"session:{SESSION}",
        without="none",
        until="2026-11-24T12:00:00Z",
    ),
    limit("tool_calls", "9", "1", source="faregate limits", scope="all"),
    limit(
        "concurrency",
        "2",
        "1",
        source="faregate limits --agent claude-code",
        scope="agent:claude-code",
    ),
]


def tell(proxy: FakeProxy, *, loosens: bool, before: str = "40") -> None:
    proxy.answers["GET /v1/limits"] = {
        "session": SESSION, "agent": "claude-code", "limits": LIMITS
    }  # fmt: skip
    proxy.answers["POST /v1/limits"] = {
        "scope": "all",
        "name": "requests",
        "before": before,
        "after": "1500",
        "loosens": loosens,
    }


def posted(proxy: FakeProxy) -> list[dict[str, Any]]:
    return [json.loads(e.body) for e in proxy.seen if e.path == "/v1/limits" and e.body]


async def opened(pilot: Pilot[None], app: FaregateApp, key: str = "l") -> None:
    """Open the limits, and let their rows be old enough to act on."""
    await told(pilot, app, "proxy/main")
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, LimitsScreen))
    await told(pilot, app, "wall clock")
    later(app)


@SIZES
@pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])
async def test_limits_in_every_ink(
    proxy: FakeProxy, size: tuple[int, int], ascii_only: bool
) -> None:
    tell(proxy, loosens=False)
    app = make_app(proxy.socket, ascii_only=ascii_only, no_color=ascii_only)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        assert shows(app, "limits of proxy/main")
        assert shows(app, "41 of 40")
        assert shows(app, "1h00m of 4h00m")
        assert shows(app, "$0.12 of $0.50")
        assert shows(app, "- of none")
        assert shows(app, "refused 3")
        assert shows(app, "a whole number of requests, such as 100 or 200k, or none")
        lines = rows(app)
        assert all(len(line) == size[0] for line in lines)
        if ascii_only:
            assert [line for line in lines if not line.isascii()] == []
        assert "session=7d1f0c2a-88aa" in proxy.seen[-1].path
        await pilot.press("j", "j", "j")
        await told(pilot, app, "r takes back what was set")
        assert shows(app, "from faregate limits --session, hides none, ends 24 Nov")
        await pilot.press("escape")
        await told(pilot, app, "sessions 5")


async def test_to_loosen_asks_for_whom_how_much_how_long_and_whether(
    proxy: FakeProxy,
) -> None:
    tell(proxy, loosens=True)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, app)
        await pilot.press("s")
        await told(pilot, app, "Set requests for whom?")
        assert shows(app, "this session")
        assert shows(app, "claude-code")
        await pilot.press("s")
        await told(pilot, app, "requests for proxy/main: 40 now, 41 used.")
        await pilot.press(*"lots", "enter")
        await told(pilot, app, '"lots" is not a whole number')
        await pilot.press(*["backspace"] * 4, *"1.5k", "enter")
        await told(pilot, app, "Loosened for how long?")
        await pilot.press("h")
        await told(pilot, app, "Loosen requests for proxy/main from 40 to 1,500 for 1")
        assert shows(app, "proxy/main has spent $8.42.")
        assert [each["preview"] for each in posted(proxy)] == [True]
        # A key that was meant for the question before answers nothing.
        await pilot.press("y")
        assert shows(app, "Loosen requests")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "requests for proxy/main: 1,500 for 1 hour")
        preview, asked = posted(proxy)
        assert preview["value"] == "1.5k"
        assert asked == {
            "scope": f"session:{SESSION}",
            "name": "requests",
            "value": "1.5k",
            "for_s": 3600.0,
        }
        sent = [e for e in proxy.seen if e.path == "/v1/limits" and e.body][-1]
        assert sent.headers["x-faregate-confirmed"] == "tty"


@pytest.mark.parametrize(
    ("key", "scope"),
    [("a", "agent:claude-code"), ("w", "workspace:proxy"), ("e", "all")],
)
async def test_to_tighten_asks_nothing_more(
    proxy: FakeProxy, key: str, scope: str
) -> None:
    tell(proxy, loosens=False)
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await opened(pilot, app)
        await pilot.press("enter")
        await told(pilot, app, "for whom?")
        await pilot.press(key)
        await told(pilot, app, "The new limit")
        await pilot.press(*"5", "enter")
        await until(pilot, lambda: len(posted(proxy)) == 2)
        assert [(e["scope"], e.get("preview")) for e in posted(proxy)] == [
            (scope, True),
            (scope, None),
        ]


async def test_escape_and_no_change_nothing(proxy: FakeProxy) -> None:
    tell(proxy, loosens=True)
    app = make_app(proxy.socket)
    steps = (("s", "for whom?"), ("s", "The new limit"))
    more = (("5", "5"), ("enter", "how long?"), ("k", "Loosen requests"))
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        every = (*steps, *more)
        for number in range(1, len(every) + 1):
            for key, says in every[:number]:
                await pilot.press(key)
                await told(pilot, app, says)
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, LimitsScreen))
        assert all(each["preview"] for each in posted(proxy))


async def test_every_session_has_a_screen_of_its_own(proxy: FakeProxy) -> None:
    tell(proxy, loosens=False)
    app = make_app(proxy.socket)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await opened(pilot, app, "L")
        assert shows(app, "limits of every session")
        await pilot.press("s")
        await told(pilot, app, "requests for every session: 40 now")
        await pilot.press("5", "enter")
        await until(pilot, lambda: len(posted(proxy)) == 2)
        assert posted(proxy)[-1]["scope"] == "all"


@pytest.mark.parametrize(
    ("down", "scope"),
    [(3, f"session:{SESSION}"), (4, "all"), (5, "agent:claude-code")],
)
async def test_what_was_set_is_taken_back(
    proxy: FakeProxy, down: int, scope: str
) -> None:
    tell(proxy, loosens=True)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, app)
        await pilot.press(*["j"] * down, "r")
        await told(pilot, app, "Take back")
        later(app)
        await pilot.press("y")
        await told(pilot, app, "again")
        preview, asked = posted(proxy)
        assert (preview["preview"], "preview" in asked) == (True, False)
        assert (asked["scope"], asked["value"]) == (scope, None)


async def test_what_was_not_set_here_is_not_taken_back(proxy: FakeProxy) -> None:
    tell(proxy, loosens=True)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, app)
        await pilot.press("r")
        await told(pilot, app, "requests was not set here: it is from [limits]")
        assert posted(proxy) == []


async def test_a_key_that_comes_with_the_rows_does_nothing(proxy: FakeProxy) -> None:
    tell(proxy, loosens=True)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("l")
        await told(pilot, app, "wall clock")
        await pilot.press("s")
        await told(pilot, app, "the row has just changed")
        assert isinstance(app.screen, LimitsScreen)
        assert posted(proxy) == []


async def test_what_the_proxy_refuses_is_told(proxy: FakeProxy) -> None:
    tell(proxy, loosens=True)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, app)
        await pilot.press("s", "e")
        await told(pilot, app, "The new limit")
        proxy.problem = (403, Problem(code="forbidden", message="this needs a person"))
        await pilot.press("5", "enter")
        await told(pilot, app, "this needs a person")


async def test_who_only_watches_sets_nothing(proxy: FakeProxy) -> None:
    tell(proxy, loosens=True)
    app = make_app(proxy.socket, read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("s", "enter", "r")
        await pilot.pause()
        assert isinstance(app.screen, LimitsScreen)
        assert posted(proxy) == []


async def test_the_keys_stand_on_the_screen_in_the_help_and_in_the_palette(
    proxy: FakeProxy,
) -> None:
    tell(proxy, loosens=True)
    app = make_app(proxy.socket)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        assert shows(app, "s set  r take back")
        await pilot.press("question_mark")
        await told(pilot, app, "asks first to loosen it")
        await pilot.press("escape", "ctrl+p")
        await pilot.press(*"take back")
        await told(pilot, app, "the configuration counts again")


def test_the_scene_has_the_session() -> None:
    found = {each.id: each for each in scenes.busy().status.sessions}[SESSION]
    assert (found.agent, found.workspace) == ("claude-code", "proxy")
