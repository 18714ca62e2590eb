"""The control routes by which a smoke test spends under the gate's budgets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from faregate.control.side_spending import (
    SideEnd,
    SideHold,
    answer_to_wire,
    end_from_wire,
    hold_from_wire,
)
from faregate.gateway.side_spending import NotHeldError
from faregate.gateway.tasks import spawn
from faregate.server.control import ControlRefusedError, bad_request
from faregate.server.control_routes import json_answer, peer_in
from faregate.server.peer import LIMITED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from faregate.gateway.side_spending import SideSpending
    from faregate.server.peer import Runs


LOOK_S = 30.0


def add_smoke_routes(
    app: web.Application, spending: SideSpending, runs: Runs
) -> web.Application:
    """Add the routes to the control plane's application and return it.

    A run with a limit of its own may not spend beside it.
    """

    async def hold(request: web.Request) -> web.Response:
        if runs.limits(peer_in(request).pid):
            raise ControlRefusedError(403, "forbidden", LIMITED)
        asked = msgspec.json.decode(await request.read(), type=SideHold)
        try:
            ask = hold_from_wire(asked)
        except ValueError as error:
            raise bad_request(str(error)) from error
        return json_answer(answer_to_wire(spending.hold(ask)))

    async def settle(request: web.Request) -> web.Response:
        told = msgspec.json.decode(await request.read(), type=SideEnd)
        try:
            spending.end(end_from_wire(told))
        except NotHeldError as error:
            raise ControlRefusedError(
                404, "not_found", f"no hold {error} of a smoke test is open"
            ) from error
        except ValueError as error:
            raise bad_request(str(error)) from error
        return json_answer({"ok": True})

    async def watched(_app: web.Application) -> AsyncIterator[None]:
        task = spawn(_expire(spending), "smoke holds")
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        spending.close()

    app.cleanup_ctx.append(watched)
    app.router.add_post("/v1/smoke/hold", hold)
    app.router.add_post("/v1/smoke/settle", settle)
    return app


async def _expire(spending: SideSpending) -> None:
    """Give up holds whose smoke test is gone."""
    while True:
        await asyncio.sleep(LOOK_S)
        spending.expire()
