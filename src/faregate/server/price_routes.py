"""The control routes of models' prices: what one is, and another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.control.prices import SetPrice
from faregate.server.control_routes import json_answer, require_person, who_in

if TYPE_CHECKING:
    from aiohttp import web

    from faregate.server.control import Control
    from faregate.server.price_desk import PriceDesk


def add_price_routes(
    app: web.Application, control: Control, desk: PriceDesk
) -> web.Application:
    """Add the routes to the control plane's application and return it.

    Any price needs a person: a lower one lets more be spent under the same cap.
    """

    async def set_price(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=SetPrice)
        require_person(request, control)
        done = await desk.set(asked, who=who_in(request))
        return json_answer(done)

    async def price(request: web.Request) -> web.Response:
        return json_answer(desk.now(request.query.get("target", "")))

    app.router.add_get("/v1/prices", price)
    app.router.add_post("/v1/prices", set_price)
    return app
