"""The screen in a browser: who comes in, who may act, and what a window is started with."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec
import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from faregate.tui.web.door import CONTROL, Door
from faregate.tui.web.screen import ScreenPlan, options
from faregate.tui.web.serving import MissingExtraError, Served, application, command
from tests.tui.drawing import THEMES_DIR
from tests.tui.harness import WIDE, make_app, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.control.fake_proxy import FakeProxy

TOKEN = "t0ken-of-the-day"


@pytest.fixture
async def client() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A browser before a page that says whether it may act."""
    server = TestServer(web.Application())
    await server.start_server()
    port = server.port or 0
    await server.close()
    door = Door(port, TOKEN)
    app = web.Application(middlewares=[door.middleware()])
    app.on_response_prepare.append(door.sign)

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="act" if request[CONTROL] else "watch")

    app.router.add_get("/{path:.*}", page)
    server = TestServer(app, port=port, host="127.0.0.1")
    # No jar: each test says itself what its browser has kept.
    async with TestClient(server, cookie_jar=DummyCookieJar()) as made:
        yield made


async def test_without_the_token_one_watches(
    client: TestClient[web.Request, web.Application],
) -> None:
    answer = await client.get("/")
    assert await answer.text() == "watch"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "fonts.googleapis" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_token_becomes_a_cookie_and_leaves_the_address(
    client: TestClient[web.Request, web.Application],
) -> None:
    answer = await client.get(f"/?token={TOKEN}", allow_redirects=False)
    assert answer.status == 303
    assert answer.headers["Location"] == "/"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    kept = {"Cookie": f"faregate-web={TOKEN}"}
    assert await (await client.get("/ws", headers=kept)).text() == "act"
    other = {"Cookie": "faregate-web=another"}
    assert await (await client.get("/ws", headers=other)).text() == "watch"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Upgrade": "websocket"},
    ],
    ids=str,
)
async def test_other_sites_do_not_come_in(
    client: TestClient[web.Request, web.Application], headers: dict[str, str]
) -> None:
    sent = {"Cookie": f"faregate-web={TOKEN}", **headers}
    answer = await client.get("/ws", headers=sent)
    assert answer.status == 403


async def test_a_wrong_token_gets_nothing(
    client: TestClient[web.Request, web.Application],
) -> None:
    answer = await client.get("/?token=guess", allow_redirects=False)
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers


def plan(socket: Path) -> ScreenPlan:
    return ScreenPlan(socket=str(socket), themes=str(THEMES_DIR), theme="paper")


def test_a_window_is_started_to_watch_or_to_act(tmp_path: Path) -> None:
    for read_only in (True, False):
        line = shlex.split(command(plan(tmp_path / "a b's"), read_only=read_only))
        read = msgspec.json.decode(line[-1], type=ScreenPlan)
        made = options(read)
        assert made.read_only is read_only
        assert made.socket_path == tmp_path / "a b's"
        assert not made.signals.titles


async def test_textual_serve_stands_behind_the_door(tmp_path: Path) -> None:
    served = Served(plan=plan(tmp_path / "s"), port=1, token=TOKEN, admin_secret="x")
    try:
        app = await application(served)
    except MissingExtraError:
        pytest.skip("textual-serve is not installed")
    assert len(app.middlewares) == 1


async def test_a_screen_that_watches_takes_no_key_that_changes(
    proxy: FakeProxy,
) -> None:
    app = make_app(proxy.socket, read_only=True)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        for key in ("b", "x", "p", "H", "o", "e"):
            await pilot.press(key)
        assert len(app.screen_stack) == 2
        await pilot.press("7")
        await told(pilot, app, "no money is held")
        await pilot.press("r", "4")
        await told(pilot, app, "providers 0 tested")
        await pilot.press("r")
        await pilot.pause()
        assert len(app.screen_stack) == 3
        assert [each for each in proxy.seen if each.method == "POST"] == []
