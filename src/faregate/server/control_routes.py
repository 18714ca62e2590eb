"""The control plane's routes: status, the live feed, holds, budgets, sessions."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, TypeVar

import msgspec
from aiohttp import web

from faregate.control.feed import encode_feed
from faregate.control.models import (
    CONTROL_VERSION,
    NewSession,
    Problem,
    ResolveHold,
    SetBudget,
    VersionInfo,
)
from faregate.core.holds import LedgerError
from faregate.server import views
from faregate.server.control import Control, ControlRefusedError
from faregate.server.peer import Peer, peer_of, why_not

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faregate.server.live import Cursor

_T = TypeVar("_T")
FEED_INTERVAL = 0.25
_WRITE_TIMEOUT = 30.0


def control_app(control: Control) -> web.Application:
    """Return the application that serves the control socket."""
    routes = _Routes(control)
    app = web.Application(middlewares=[_problems], client_max_size=1024 * 1024)
    app.router.add_get("/v1/version", routes.version)
    app.router.add_get("/v1/status", routes.status)
    app.router.add_get("/v1/snapshot", routes.snapshot)
    app.router.add_get("/v1/feed", routes.feed)
    app.router.add_get("/v1/holds", routes.holds)
    app.router.add_post("/v1/holds/resolve", routes.resolve)
    app.router.add_post("/v1/budgets", routes.set_budget)
    app.router.add_post("/v1/sessions", routes.new_session)
    app.router.add_post("/v1/sessions/{id:.+}/end", routes.end_session)
    app.router.add_post("/v1/shutdown", routes.shutdown)
    return app


@web.middleware
async def _problems(
    request: web.Request,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """Answer every trouble with a Problem."""
    try:
        return await handler(request)
    except ControlRefusedError as refused:
        return _json(Problem(code=refused.code, message=str(refused)), refused.status)
    except msgspec.MsgspecError as error:
        return _json(Problem(code="bad_request", message=str(error)), 400)
    except LedgerError as error:
        return _json(Problem(code="ledger_unavailable", message=str(error)), 503)
    except web.HTTPException as error:
        return _json(Problem(code="http_error", message=error.reason), error.status)


class _Routes:
    def __init__(self, control: Control) -> None:
        self._control = control

    async def version(self, _request: web.Request) -> web.Response:
        return _json(
            VersionInfo(version=self._control.version, control=CONTROL_VERSION)
        )

    async def status(self, _request: web.Request) -> web.Response:
        return _json(self._control.live.status())

    async def snapshot(self, _request: web.Request) -> web.Response:
        return _json(self._control.live.snapshot())

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """Send a snapshot, then at most four deltas a second.

        A watcher that does not read holds up nobody: its own writes wait, and it is
        dropped after a while.
        """
        live = self._control.live
        response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
        await response.prepare(request)
        cursor = live.cursor()
        line = encode_feed(live.snapshot())
        with self._control.watching():
            try:
                while True:
                    async with asyncio.timeout(_WRITE_TIMEOUT):
                        await response.write(line)
                    line = await self._next_line(cursor)
            except (ConnectionError, TimeoutError):
                return response

    async def _next_line(self, cursor: Cursor) -> bytes:
        live = self._control.live
        while True:
            await asyncio.sleep(FEED_INTERVAL)
            delta = live.delta(cursor)
            if delta is not None:
                return encode_feed(delta)

    async def holds(self, _request: web.Request) -> web.Response:
        records = self._control.reports.holds()
        return _json([views.hold_view(record) for record in records])

    async def resolve(self, request: web.Request) -> web.Response:
        asked = await _body(request, ResolveHold)
        self._person(request)
        self._control.resolve(asked, who=_who(request))
        return _json({"ok": True})

    async def set_budget(self, request: web.Request) -> web.Response:
        asked = await _body(request, SetBudget)
        if self._control.raises(asked):
            self._person(request)
        self._control.set_budget(asked, who=_who(request))
        return _json({"ok": True})

    async def new_session(self, request: web.Request) -> web.Response:
        asked = await _body(request, NewSession)
        return _json(self._control.new_session(asked))

    async def end_session(self, request: web.Request) -> web.Response:
        self._control.end_session(request.match_info["id"])
        return _json({"ok": True})

    async def shutdown(self, request: web.Request) -> web.Response:
        inside = why_not(
            _peer(request),
            {"x-faregate-confirmed": "tty"},
            "",
            self._control.runs,
        )
        if inside is not None and "faregate run" in inside:
            raise ControlRefusedError(403, "forbidden", inside)
        self._control.shutdown()
        return _json({"ok": True})

    def _person(self, request: web.Request) -> None:
        why = why_not(
            _peer(request),
            request.headers,
            self._control.admin_secret,
            self._control.runs,
        )
        if why is not None:
            raise ControlRefusedError(403, "forbidden", why)


def _peer(request: web.Request) -> Peer:
    transport = request.transport
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None:
        return Peer(pid=0, uid=-1)
    with socket.socket(fileno=socket.dup(sock.fileno())) as copy:
        return peer_of(copy)


def _who(request: web.Request) -> str:
    peer = _peer(request)
    return f"uid {peer.uid} pid {peer.pid}"


async def _body(request: web.Request, shape: type[_T]) -> _T:
    return msgspec.json.decode(await request.read(), type=shape)


def _json(document: object, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode(document),
        content_type="application/json",
    )
