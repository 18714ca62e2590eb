"""The control routes by which a person decides about what waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from faregate.control.approvals import Approve, Deny
from faregate.control.sanitise import sanitise
from faregate.gateway.approval_case import Decision
from faregate.gateway.approvals import ChangedError, NotWaitingError
from faregate.gateway.tasks import spawn
from faregate.server.approval_views import approval_list
from faregate.server.control import ControlRefusedError
from faregate.server.control_routes import json_answer, peer_in, require_person, who_in
from faregate.server.peer import INSIDE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp import web

    from faregate.gateway.approval_case import Case
    from faregate.gateway.approvals import ApprovalDesk
    from faregate.gateway.gate import Gate
    from faregate.server.control import Control

LONGEST_REASON = 300
"""Characters of what a person says with a decision; the agent reads it."""
_OVER = {
    Decision.APPROVED: (409, "already_decided", "was approved already"),
    Decision.DENIED: (409, "already_decided", "was denied already"),
    Decision.UNATTENDED: (409, "already_decided", "was decided while nobody watched"),
    Decision.TIMED_OUT: (410, "expired", "was denied: nobody answered in time"),
    Decision.GONE: (410, "gone", "is gone: its agent hung up"),
}


def add_approval_routes(
    app: web.Application, control: Control, gate: Gate
) -> web.Application:
    """Add the routes to the control plane's application and return it.

    From then on whoever reads the feed counts as somebody who could decide.
    """
    desk, clock = gate.approvals, gate.clock
    if desk is None:
        return app
    desk.watched = lambda: control.live.watchers > 0

    async def looked_after(_app: web.Application) -> AsyncIterator[None]:
        task = spawn(_look(desk, gate), "approvals")
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def listed(_request: web.Request) -> web.Response:
        return json_answer(approval_list(desk, clock.monotonic()))

    async def approve(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read() or b"{}", type=Approve)
        require_person(request, control)
        case = _decided(
            request,
            lambda case_id: desk.approve(
                case_id,
                who=who_in(request),
                session=asked.session,
                seen=asked.hash,
                note=_line(asked.note),
            ),
        )
        return json_answer({"ok": True, "id": case.id, "session": asked.session})

    async def deny(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read() or b"{}", type=Deny)
        # To deny raises nothing, but no agent may decide about another one.
        if control.runs.holds(peer_in(request).pid):
            raise ControlRefusedError(403, "forbidden", INSIDE)
        case = _decided(
            request,
            lambda case_id: desk.deny(
                case_id,
                who=who_in(request),
                reason=_line(asked.reason),
                seen=asked.hash,
            ),
        )
        return json_answer({"ok": True, "id": case.id})

    app.cleanup_ctx.append(looked_after)
    app.router.add_get("/v1/approvals", listed)
    app.router.add_post("/v1/approvals/{id}/approve", approve)
    app.router.add_post("/v1/approvals/{id}/deny", deny)
    return app


async def _look(desk: ApprovalDesk, gate: Gate) -> None:
    """See to what is due, again and again."""
    while True:
        await asyncio.sleep(gate.settings.patience.look)
        desk.look(gate.clock.monotonic())


def _decided(request: web.Request, decide: Callable[[str], Case]) -> Case:
    """Carry out a decision about the question that the path names."""
    case_id = request.match_info["id"]
    try:
        return decide(case_id)
    except ChangedError as error:
        raise ControlRefusedError(
            409, "changed", f"{case_id} is not what was shown; look at it again"
        ) from error
    except NotWaitingError as error:
        raise _not_waiting(case_id, error.case) from error


def _not_waiting(case_id: str, case: Case | None) -> ControlRefusedError:
    if case is None or case.outcome is None:
        return ControlRefusedError(
            404, "not_found", f"nothing waits as {sanitise(case_id, limit=80)!r}"
        )
    status, code, what = _OVER[case.outcome.decision]
    return ControlRefusedError(status, code, f"{case.id} {what}")


def _line(text: str | None) -> str:
    """Return a person's words as one harmless line."""
    return sanitise(text or "", limit=LONGEST_REASON).strip()
