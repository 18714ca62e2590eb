"""The control plane's routes: status, the live feed, holds, budgets, sessions."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, TypeVar

import msgspec
from aiohttp import web

from faregate.control.models import (
    CONTROL_VERSION,
    NewSession,
    Problem,
    ResolveHold,
    SetBudget,
    VersionInfo,
)
from faregate.control.rests import AskAgain, AskedAgain
from faregate.core.holds import AlreadyResolvedError, LedgerError
from faregate.server import views
from faregate.server.broadcast import Broadcast
from faregate.server.control import Control, ControlRefusedError
from faregate.server.peer import INSIDE, UNKNOWN_UID, Peer, peer_of, why_no_person
from faregate.server.responses import SERVER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_T = TypeVar("_T")
_UNKNOWN = (
    ": nothing was done. This proxy may be older than what asks; to replace it: "
    "faregate down; faregate up"
)
MOST_BODY = 1024 * 1024
WRITE_TIMEOUT = 30.0
"""Seconds for a watcher of the feed to take a line before it is dropped."""


def control_app(control: Control) -> web.Application:
    """Return the application that serves the control socket."""
    routes = _Routes(control)

    @web.middleware
    async def written(
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        # Reports that are read in a thread cannot have it written themselves.
        control.write()
        return await handler(request)

    app = web.Application(middlewares=[_problems, written], client_max_size=MOST_BODY)
    app.router.add_get("/v1/version", routes.version)
    app.router.add_get("/v1/status", routes.status)
    app.router.add_get("/v1/snapshot", routes.snapshot)
    app.router.add_get("/v1/feed", routes.feed)
    app.router.add_get("/v1/holds", routes.holds)
    app.router.add_post("/v1/holds/resolve", routes.resolve)
    app.router.add_post("/v1/budgets", routes.set_budget)
    app.router.add_post("/v1/sessions", routes.new_session)
    app.router.add_post("/v1/sessions/{id:.+}/end", routes.end_session)
    app.router.add_post("/v1/providers/again", routes.ask_again)
    app.router.add_post("/v1/shutdown", routes.shutdown)
    app.on_shutdown.append(routes.close)
    app.on_response_prepare.append(_sign)
    return app


@web.middleware
async def _problems(
    request: web.Request,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """Let in who may come, and answer every trouble with a Problem."""
    try:
        _check_visitor(request)
        return await handler(request)
    except ControlRefusedError as refused:
        return _problem(refused.status, refused.code, str(refused))
    except (msgspec.MsgspecError, RecursionError) as error:
        told = str(error)
        return _problem(400, "bad_request", told + _UNKNOWN * ("unknown field" in told))
    except AlreadyResolvedError as error:
        return _problem(409, "already_resolved", str(error))
    except LedgerError as error:
        return _problem(503, "ledger_unavailable", str(error))
    except web.HTTPException as error:
        return _problem(error.status, "http_error", error.reason)


class _Routes:
    def __init__(self, control: Control) -> None:
        self._control = control
        self._broadcast = Broadcast(control.live)

    async def close(self, _app: web.Application) -> None:
        self._broadcast.close()

    async def version(self, _request: web.Request) -> web.Response:
        return json_answer(
            VersionInfo(
                version=self._control.version,
                control=CONTROL_VERSION,
                build=self._control.live.build,
            )
        )

    async def status(self, _request: web.Request) -> web.Response:
        await self._control.live.fresh()
        return json_answer(self._control.live.status())

    async def snapshot(self, _request: web.Request) -> web.Response:
        await self._control.live.fresh()
        return json_answer(self._control.live.snapshot())

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """Send a snapshot, then what changes, at most four times a second."""
        response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
        with self._broadcast.watcher() as watcher:
            line = await watcher.next_line()
            try:
                await response.prepare(request)
                while line is not None:
                    async with asyncio.timeout(WRITE_TIMEOUT):
                        await response.write(line)
                    line = await watcher.next_line()
            except (ConnectionError, TimeoutError, LedgerError):
                # What waits for this reader must not wait on: it may never come.
                if request.transport is not None:
                    request.transport.abort()
        return response

    async def holds(self, _request: web.Request) -> web.Response:
        records = self._control.reports.holds()
        return json_answer([views.hold_view(record) for record in records])

    async def resolve(self, request: web.Request) -> web.Response:
        asked = await _body(request, ResolveHold)
        require_person(request, self._control)
        self._control.resolve(asked, who=who_in(request))
        return json_answer({"ok": True})

    async def set_budget(self, request: web.Request) -> web.Response:
        asked = await _body(request, SetBudget)
        if self._control.raises(asked):
            require_person(request, self._control)
        self._control.set_budget(asked, who=who_in(request))
        return json_answer({"ok": True})

    async def new_session(self, request: web.Request) -> web.Response:
        asked = await _body(request, NewSession)
        return json_answer(self._control.new_session(asked, peer=peer_in(request).pid))

    async def end_session(self, request: web.Request) -> web.Response:
        session = request.match_info["id"]
        self._control.end_session(session, peer=peer_in(request).pid)
        return json_answer({"ok": True})

    async def ask_again(self, request: web.Request) -> web.Response:
        asked = await _body(request, AskAgain)
        peer = peer_in(request).pid
        ended = self._control.ask_again(asked.providers, peer=peer)
        return json_answer(AskedAgain(providers=ended))

    async def shutdown(self, request: web.Request) -> web.Response:
        if self._control.runs.holds(peer_in(request).pid):
            raise ControlRefusedError(403, "forbidden", INSIDE)
        self._control.shutdown()
        return json_answer({"ok": True})


def require_person(request: web.Request, control: Control) -> None:
    """Refuse whoever may not act as a person; raises ControlRefusedError."""
    why = why_no_person(
        peer_in(request), request.headers, control.admin_secret, control.runs
    )
    if why is not None:
        raise ControlRefusedError(403, "forbidden", why)


async def _sign(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = SERVER


def _check_visitor(request: web.Request) -> None:
    if "Origin" in request.headers or "Sec-Fetch-Site" in request.headers:
        raise ControlRefusedError(403, "forbidden", "web pages may not call Faregate")
    if peer_in(request).is_stranger:
        raise ControlRefusedError(
            403, "forbidden", "this proxy belongs to another user of this machine"
        )


def peer_in(request: web.Request) -> Peer:
    """Return the process that asks."""
    transport = request.transport
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None:
        return Peer(pid=0, uid=UNKNOWN_UID)
    with socket.socket(fileno=socket.dup(sock.fileno())) as copy:
        return peer_of(copy)


def who_in(request: web.Request) -> str:
    """Return who asks, for the audit."""
    peer = peer_in(request)
    return f"uid {peer.uid} pid {peer.pid}"


async def _body(request: web.Request, shape: type[_T]) -> _T:
    return msgspec.json.decode(await request.read(), type=shape)


def _problem(status: int, code: str, message: str) -> web.Response:
    return json_answer(Problem(code=code, message=message), status)


def json_answer(document: object, status: int = 200) -> web.Response:
    """Return a document as the answer of a route."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(document),
        content_type="application/json",
    )
