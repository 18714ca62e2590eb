"""The browser's view passes on no stranger's words as commands, markup or page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.test_utils import TestClient, TestServer, unused_port

from faregate.tui.web.screen import ScreenPlan
from faregate.tui.web.serving import MissingExtraError, Served, application
from tests.tui.drawing import THEMES_DIR
from tests.tui.hostile import MARK, foreign
from tests.tui.test_hostile import careless  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from tests.tui.script import Knowing


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """The processes of windows, so that a test can wait for their end."""
    made: list[Process] = []
    start = asyncio.create_subprocess_shell

    async def remembered(*command: Any, **options: Any) -> Process:
        made.append(await start(*command, **options))
        return made[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_shell", remembered)
    return made


def _is_over(process: Process) -> bool:
    """Whether a process has ended and its pipes are closed."""
    transport: asyncio.SubprocessTransport = process._transport  # type: ignore[attr-defined]
    return transport.is_closing()


async def test_the_page_and_its_stream_hold_text_alone(
    careless: Knowing,  # noqa: F811
    started: list[Process],
) -> None:
    port = unused_port()
    plan = ScreenPlan(socket=str(careless.socket), themes=str(THEMES_DIR))
    served = Served(plan=plan, port=port, token="t", admin_secret="x")
    try:
        app = await application(served)
    except MissingExtraError:
        pytest.skip("textual-serve is not installed")
    origin = f"http://127.0.0.1:{port}"
    server = TestServer(app, port=port, host="127.0.0.1")
    async with TestClient(server) as client:
        page = await (await client.get("/")).text()
        assert MARK not in page
        address = "/ws?width=120&height=36"
        async with client.ws_connect(address, headers={"Origin": origin}) as socket:
            painted, said = b"", []
            async with asyncio.timeout(30):
                while b"sessions 5" not in painted or MARK.encode() not in painted:
                    message = await socket.receive()
                    if isinstance(message.data, bytes):
                        painted += message.data
                    else:
                        said.append(str(message.data))
        async with asyncio.timeout(30):
            # Their pipes would outlive the loop of this test.
            while not all(_is_over(each) for each in started):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
    assert foreign(painted.decode(errors="replace")) == []
    # Beside the painting it can be told to open links and to take files.
    assert not any(MARK in each or "open_url" in each for each in said)
