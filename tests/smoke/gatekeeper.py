"""A few lines that stand in for the gate: forward, strip prefixes, refuse at a cap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from faregate.core.money import Money
    from faregate.smoke.simulated.server import SimulatedProvider

MESSAGE = "The monthly cap is reached. Raise it with: faregate budget set monthly 5"
_PREFIXES = re.compile(r"(/[wsa]/[^/]+)+(?=/v1)")
_REFUSAL = {
    "type": "error",
    "error": {"type": "invalid_request_error", "code": "budget_exceeded"},
}


class Gatekeeper:
    """Forwards to the simulated provider until its bill has reached the cap."""

    def __init__(self, provider: SimulatedProvider, cap: Money) -> None:
        self._provider = provider
        self._cap = cap
        self.tokens: set[str] = set()
        self.refused = 0
        self.url = ""

    async def start(self) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._client = aiohttp.ClientSession(
            auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None)
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self._client.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response()
        self.tokens.add(
            request.headers.get("x-api-key")
            or request.headers["Authorization"].removeprefix("Bearer ")
        )
        if self._provider.bill.total >= self._cap:
            self.refused += 1
            error = {**_REFUSAL["error"], "message": MESSAGE}  # type: ignore[dict-item]
            return web.json_response({**_REFUSAL, "error": error}, status=400)
        url = self._provider.url + _PREFIXES.sub("", request.path_qs)
        headers = {k: v for k, v in request.headers.items() if k.lower() != "host"}
        body = await request.read()
        async with self._client.post(url, data=body, headers=headers) as upstream:
            answer = web.StreamResponse(status=upstream.status)
            answer.content_type = upstream.content_type
            await answer.prepare(request)
            try:
                async for part in upstream.content.iter_any():
                    await answer.write(part)
                await answer.write_eof()
            except ConnectionResetError:
                await upstream.read()
        return answer
