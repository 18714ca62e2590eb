from __future__ import annotations

import sys

import pytest

from faregate.tui.starting import StartError, start_proxy
from tests.control.fake_proxy import FakeProxy
from tests.tui.harness import NARROW, make_app, shows, told


def seeming(printed: str) -> tuple[str, ...]:
    """Return a command that prints this, whatever it is asked."""
    return (sys.executable, "-c", f"print({printed!r})")


async def test_the_address_is_what_up_says() -> None:
    assert await start_proxy(seeming('{"url": "http://x"}')) == "http://x"


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ('{"error": {"code": "c", "message": "port 4747 is taken"}}', "4747 is taken"),
        ("nonsense", "without an answer"),
        ("[]", "without an answer"),
    ],
)
async def test_why_it_did_not_start_is_told(printed: str, words: str) -> None:
    with pytest.raises(StartError, match=words):
        await start_proxy(seeming(printed))


async def test_a_command_that_is_not_there() -> None:
    with pytest.raises(StartError, match="cannot be started"):
        await start_proxy(("/nowhere/faregate",))


async def test_u_starts_it_where_none_runs(proxy: FakeProxy) -> None:
    proxy.stop()
    app = make_app(proxy.socket, start=seeming('{"url": "http://127.0.0.1:4747"}'))
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "No proxy is running here")
        assert shows(app, "u starts it")
        await pilot.press("u")
        await told(pilot, app, "the proxy is up")


async def test_u_does_nothing_where_one_runs(proxy: FakeProxy) -> None:
    app = make_app(proxy.socket, start=("/nowhere",))
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await told(pilot, app, "proxy/main")
        await pilot.press("u")
        await told(pilot, app, "the proxy runs already")
