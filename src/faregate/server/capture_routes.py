"""The control routes of captured requests.

What was captured is somebody's work: a process inside a run reads its own session's
alone, and none of them turns capture on or off.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeVar

import msgspec
from aiohttp import web

from faregate.captures.document import CaptureFileError
from faregate.config.problems import ConfigError
from faregate.control.asking import Ask
from faregate.control.capture import (
    HOW_TO_TURN_ON,
    NOT_CAPTURED,
    PARTS,
    CaptureOn,
    Cleared,
)
from faregate.server.capture_desk import LONGEST_S
from faregate.server.capture_views import body_of, capture_view, head_view
from faregate.server.control import ControlRefusedError, bad_request
from faregate.server.control_routes import json_answer, peer_in, require_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faregate.captures.document import CaptureHead
    from faregate.core.captured import CapturedRequest
    from faregate.server.capture_desk import CaptureDesk
    from faregate.server.control import Control

FOREIGN = (
    "this process was started by faregate run, and reads what was captured of that "
    "run alone. Run the command in a terminal of your own"
)
NOT_ITS_OWN = (
    "this process was started by faregate run: whether its requests are captured is "
    "for a person to say. Run the command in a terminal of your own"
)
MOST_LISTED = 1000
_LONGEST_NAME = 200
_T = TypeVar("_T")


class _Clear(Ask, frozen=True, kw_only=True):
    request: str | None = None


class _Routes:
    def __init__(self, control: Control, desk: CaptureDesk) -> None:
        self._control = control
        self._desk = desk

    async def status(self, _request: web.Request) -> web.Response:
        return json_answer(self._desk.status())

    async def on(self, request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=CaptureOn)
        if asked.for_s is not None and not 1 <= asked.for_s <= LONGEST_S:
            raise bad_request(f"for_s must be 1 to {LONGEST_S:g}")
        if asked.session is not None and not 0 < len(asked.session) <= _LONGEST_NAME:
            raise bad_request("session must be the id of a session")
        self._not_inside(request)
        require_person(request, self._control)
        try:
            self._desk.on(for_s=asked.for_s, session=asked.session)
        except ConfigError as error:
            raise ControlRefusedError(500, "no_folder", str(error)) from error
        return json_answer(self._desk.status())

    async def off(self, request: web.Request) -> web.Response:
        self._not_inside(request)
        self._desk.off()
        return json_answer(self._desk.status())

    async def listed(self, request: web.Request) -> web.Response:
        text = request.query.get("limit", "100")
        if not text.isascii() or not text.isdigit() or int(text[:9]) < 1:
            raise bad_request(f"limit must be 1 to {MOST_LISTED}")
        limit = min(int(text[:9]), MOST_LISTED)
        found = await _in_thread(lambda: self._desk.heads(limit))
        pid = peer_in(request).pid
        if self._control.runs.holds(pid):
            found = [each for each in found if self._owns(pid, each)]
        return json_answer([head_view(each) for each in found])

    async def shown(self, request: web.Request) -> web.Response:
        found = await self._read(request)
        return json_answer(await _in_thread(lambda: capture_view(found)))

    async def body(self, request: web.Request) -> web.Response:
        part = request.query.get("part", "request")
        attempt = request.query.get("attempt", "0")
        if part not in PARTS or not attempt.isascii() or not attempt.isdigit():
            raise bad_request(
                f"part must be one of {', '.join(PARTS)}, attempt a number"
            )
        found = await self._read(request)
        body = body_of(found, part, int(attempt[:9]))
        if body is None:
            raise ControlRefusedError(404, "no_such_part", "there is no such body")
        return web.Response(body=body.data, content_type="application/octet-stream")

    async def clear(self, request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=_Clear)
        self._not_inside(request)
        try:
            with _told():
                gone = await asyncio.wait_for(self._desk.clear(asked.request), 30)
        except TimeoutError:
            raise ControlRefusedError(503, "slow_disk", "the disk hangs") from None
        return json_answer(Cleared(deleted=gone))

    async def _read(self, request: web.Request) -> CapturedRequest:
        name = request.match_info["id"]
        pid = peer_in(request).pid
        if self._control.runs.holds(pid):
            head = await _in_thread(lambda: self._desk.head(name))
            if head is None or not self._owns(pid, head):
                raise ControlRefusedError(403, "forbidden", FOREIGN)
        found = await _in_thread(lambda: self._desk.read(name))
        if found is None:
            raise ControlRefusedError(404, NOT_CAPTURED, self._why_not(name))
        return found

    def _owns(self, pid: int, head: CaptureHead) -> bool:
        runs = self._control.runs
        return any(
            runs.works_in(pid, each) for each in {head.session, head.root_session}
        )

    def _why_not(self, name: str) -> str:
        if not self._desk.is_on:
            return f"request {name[:80]} was not captured; {HOW_TO_TURN_ON}"
        return (
            f"nothing is kept of request {name[:80]}: it came before capture was on, "
            "runs still, or was deleted as too old"
        )

    def _not_inside(self, request: web.Request) -> None:
        if self._control.runs.holds(peer_in(request).pid):
            raise ControlRefusedError(403, "forbidden", NOT_ITS_OWN)


def add_capture_routes(
    app: web.Application, control: Control, desk: CaptureDesk
) -> web.Application:
    """Add the routes to the control plane's application and return it."""
    routes = _Routes(control, desk)
    app.router.add_get("/v1/capture", routes.status)
    app.router.add_post("/v1/capture/on", routes.on)
    app.router.add_post("/v1/capture/off", routes.off)
    app.router.add_get("/v1/captures", routes.listed)
    app.router.add_post("/v1/captures/clear", routes.clear)
    app.router.add_get("/v1/captures/{id}", routes.shown)
    app.router.add_get("/v1/captures/{id}/body", routes.body)
    return app


async def _in_thread(work: Callable[[], _T]) -> _T:
    with _told():
        return await asyncio.to_thread(work)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell a person what is wrong with a capture, or with the disk."""
    try:
        yield
    except CaptureFileError as error:
        raise ControlRefusedError(500, "damaged", f"the capture: {error}") from error
    except TimeoutError:
        # An OSError as well, and nobody's but of whoever waits.
        raise
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ControlRefusedError(500, "unreadable", f"captures: {why}") from error
