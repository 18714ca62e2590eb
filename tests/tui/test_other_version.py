"""A screen and a proxy of two versions: said once, and kept in the first line."""

from __future__ import annotations

from unittest import mock

from msgspec.structs import replace

from faregate.config.build import build
from faregate.control.models import Snapshot
from faregate.tui import other_version
from tests.control import scenes
from tests.control.fake_proxy import FakeProxy
from tests.tui.harness import WIDE, make_app, rows, shows, told, until


def of_build(name: str) -> Snapshot:
    made = scenes.busy()
    return replace(made, status=replace(made.status, build=name))


async def test_an_older_proxy_is_named_with_what_to_do(proxy: FakeProxy) -> None:
    proxy.snapshot = of_build("")
    app = make_app(proxy.socket, build=build())
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "the proxy that runs is older than")
        assert "proxy 127.0.0.1:4747, another version" in rows(app)[0]
        assert "faregate down; faregate up" in app.view.apart


async def test_once_it_is_replaced_nothing_is_said(proxy: FakeProxy) -> None:
    proxy.snapshot = of_build("0123456789ab")
    app = make_app(proxy.socket, build=build())
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "the proxy that runs is of another build")
        proxy.stop()
        proxy.snapshot = of_build(build())
        proxy.start()
        await until(pilot, lambda: app.view.apart == "")
        await told(pilot, app, "proxy 127.0.0.1:4747 up")


async def test_an_older_screen_is_told_to_start_again(proxy: FakeProxy) -> None:
    proxy.snapshot = of_build("b2")
    app = make_app(proxy.socket, build="b1")
    with mock.patch.object(other_version, "build_now", return_value="b2"):
        async with app.run_test(size=WIDE, notifications=True) as pilot:
            await told(pilot, app, "the proxy is newer than this screen")
            assert "faregate down" not in app.view.apart


async def test_the_same_build_and_a_play_say_nothing(proxy: FakeProxy) -> None:
    for own, runs in ((build(), build()), ("", "0123456789ab")):
        proxy.snapshot = of_build(runs)
        app = make_app(proxy.socket, build=own)
        async with app.run_test(size=WIDE, notifications=True) as pilot:
            await told(pilot, app, "proxy/main")
            assert not shows(app, "another")
            assert app.view.apart == ""


async def test_what_an_older_proxy_lacks_is_said_and_nothing_breaks(
    proxy: FakeProxy,
) -> None:
    proxy.snapshot = of_build("")
    app = make_app(proxy.socket, build=build())
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("P")
        await told(pilot, app, "knows nothing of this")
        for key in ("r", "h", "4", "5", "6", "w", "l", "S"):
            await pilot.press(key)
            await pilot.press("escape")
        await told(pilot, app, "proxy/main")
