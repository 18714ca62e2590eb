"""The control routes of pauses, stops and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.control.governing import LatchAsk, SetLimit
from faregate.core.latches import LatchState
from faregate.server.control import ControlRefusedError
from faregate.server.control_routes import json_answer, peer_in, require_person, who_in
from faregate.server.governing import changed_view
from faregate.server.peer import INSIDE

if TYPE_CHECKING:
    from aiohttp import web

    from faregate.server.control import Control
    from faregate.server.governing import Governing


def add_governing_routes(
    app: web.Application, control: Control, governing: Governing
) -> web.Application:
    """Add the routes to the control plane's application and return it.

    To pause and stop needs no proof, but no agent may do it to another; to resume
    permits something and needs a person, as does to loosen a limit.
    """

    async def latches(_request: web.Request) -> web.Response:
        return json_answer(governing.latches())

    async def latched(request: web.Request, state: LatchState) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=LatchAsk)
        if control.runs.holds(peer_in(request).pid):
            raise ControlRefusedError(403, "forbidden", INSIDE)
        return json_answer(governing.latch(asked.scope, state, who=who_in(request)))

    async def pause(request: web.Request) -> web.Response:
        return await latched(request, LatchState.PAUSED)

    async def stop(request: web.Request) -> web.Response:
        return await latched(request, LatchState.STOPPED)

    async def resume(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=LatchAsk)
        require_person(request, control)
        return json_answer(governing.resume(asked.scope, who=who_in(request)))

    async def standing(request: web.Request) -> web.Response:
        return json_answer(governing.standing(request.match_info["id"]))

    app.router.add_get("/v1/latches", latches)
    app.router.add_post("/v1/pause", pause)
    app.router.add_post("/v1/stop", stop)
    app.router.add_post("/v1/resume", resume)
    _add_limits(app, control, governing)
    app.router.add_get("/v1/sessions/{id:.+}/standing", standing)
    return app


def _add_limits(app: web.Application, control: Control, governing: Governing) -> None:
    async def limits(request: web.Request) -> web.Response:
        query = request.query
        return json_answer(
            governing.limits(
                query.get("session"), query.get("agent"), query.get("workspace")
            )
        )

    async def loops(_request: web.Request) -> web.Response:
        return json_answer(governing.loops())

    async def set_limit(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=SetLimit)
        change = governing.check_limit(asked)
        if not asked.preview:
            _check_who(request, control, change.scope)
            if change.loosens:
                require_person(request, control)
            governing.set_limit(change, who=who_in(request))
        return json_answer(changed_view(change))

    app.router.add_get("/v1/limits", limits)
    app.router.add_post("/v1/limits", set_limit)
    app.router.add_get("/v1/loops", loops)


def _check_who(request: web.Request, control: Control, scope: str) -> None:
    """Refuse an agent that would limit any other session than its own."""
    pid = peer_in(request).pid
    if not control.runs.holds(pid):
        return
    kind, _, name = scope.partition(":")
    if kind != "session" or not control.runs.works_in(pid, name):
        raise ControlRefusedError(403, "forbidden", INSIDE)
