"""Runs textual-serve behind the door, as long as the proxy is there."""

from __future__ import annotations

import asyncio
import shlex
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from faregate.control.client import ADMIN_SECRET_VARIABLE
from faregate.control.errors import ControlError
from faregate.control.feed import fetch_version
from faregate.tui.web.door import CONTROL, Door

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faregate.tui.web.screen import ScreenPlan

MOST_WINDOWS = 8
"""Browser windows at once: each is a process of its own."""
LOOK_EVERY_S = 2.0
GONE_AFTER = 5
"""Looks without a proxy after which there is nothing to serve."""
_LOOPBACK = "127.0.0.1"


class MissingExtraError(Exception):
    """textual-serve is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What is served: the screen for those who watch, and what lets others act."""

    plan: ScreenPlan
    port: int
    token: str
    admin_secret: str
    """Handed to the process of a window that showed the token, and to no other."""


async def serve(served: Served, socket: Path, ready: Callable[[int], None]) -> None:
    """Serve until the proxy behind `socket` is gone; `ready` is told the port.

    Raises MissingExtraError, and OSError when the port is taken.
    """
    runner = web.AppRunner(await application(served), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, _LOOPBACK, served.port).start()
        ready(served.port)
        await _until_gone(socket)
    finally:
        await runner.cleanup()


async def application(served: Served) -> web.Application:
    """Return the application; raises MissingExtraError."""
    server = _server(served)
    app: web.Application = await server._make_app()
    door = Door(served.port, served.token)
    app.middlewares.insert(0, door.middleware())
    app.on_response_prepare.append(door.sign)
    return app


def command(plan: ScreenPlan, *, read_only: bool) -> str:
    """Return the shell line that starts a window's screen."""
    told = msgspec.json.encode(msgspec.structs.replace(plan, read_only=read_only))
    line = [sys.executable, "-P", "-m", "faregate.tui.web.screen", told.decode()]
    return shlex.join(line)


async def _until_gone(socket: Path) -> None:
    missed = 0
    while missed < GONE_AFTER:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            await fetch_version(socket)
        except ControlError:
            missed += 1
        else:
            missed = 0


def _server(served: Served) -> Any:
    """Return textual-serve's server with our door, environment and bounds."""
    try:
        services = import_module("textual_serve.app_service")
        servers = import_module("textual_serve.server")
    except ImportError as error:
        raise MissingExtraError from error

    class Service(services.AppService):  # type: ignore[misc, name-defined]
        """One window's process; it gets the admin secret only when it may act."""

        control = False

        def _build_environment(
            self, width: int = 80, height: int = 24
        ) -> dict[str, str]:
            environment: dict[str, str] = super()._build_environment(width, height)
            environment.pop(ADMIN_SECRET_VARIABLE, None)
            if self.control:
                environment[ADMIN_SECRET_VARIABLE] = served.admin_secret
            environment["TEXTUAL_FPS"] = "15"
            return environment

    class Windows(servers.Server):  # type: ignore[misc, name-defined]
        """Serves windows, at most MOST_WINDOWS of them."""

        windows = 0

        async def on_startup(self, app: web.Application) -> None:
            """Print nothing."""

        async def handle_websocket(self, request: web.Request) -> web.StreamResponse:
            """Give a window its process, and end that with the window."""
            if self.windows >= MOST_WINDOWS:
                return web.Response(status=503, text="too many windows\n")
            self.windows += 1
            try:
                return await self._window(request)
            finally:
                self.windows -= 1

        async def _window(self, request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse(heartbeat=15)
            await socket.prepare(request)
            control = request[CONTROL]
            service = Service(
                command(served.plan, read_only=not control),
                write_bytes=socket.send_bytes,
                write_str=socket.send_str,
                close=socket.close,
                download_manager=self.download_manager,
            )
            service.control = control
            width = servers.to_int(request.query.get("width", "80"), 80)
            height = servers.to_int(request.query.get("height", "24"), 24)
            await service.start(width, height)
            try:
                await self._process_messages(socket, service)
            finally:
                await service.stop()
            return socket

    return Windows(
        "faregate", host=_LOOPBACK, port=served.port, title="Faregate", public_url=None
    )
