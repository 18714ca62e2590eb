"""The yardstick: the least that an aiohttp proxy must do, and nothing else.

Run as a process: `python forwarder.py UPSTREAM_URL`; prints its port on stdout.
"""

from __future__ import annotations

import sys

import aiohttp
from aiohttp import web

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "host", "keep-alive"}
SESSION = web.AppKey("session", aiohttp.ClientSession)


async def forward(request: web.Request) -> web.StreamResponse:
    """Pass one request on and its answer back."""
    headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP}
    body = await request.read()
    async with request.app[SESSION].request(
        request.method,
        sys.argv[1] + request.path_qs,
        data=body,
        headers=headers,
        allow_redirects=False,
    ) as answer:
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP}
        if answer.content_length is not None:
            return web.Response(
                status=answer.status, headers=kept, body=await answer.read()
            )
        response = web.StreamResponse(status=answer.status, headers=kept)
        await response.prepare(request)
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
        return response


async def make() -> web.Application:
    app = web.Application(client_max_size=64 * 1024 * 1024)
    connector = aiohttp.TCPConnector(limit=0)
    app[SESSION] = aiohttp.ClientSession(connector=connector, auto_decompress=False)
    app.router.add_route("*", "/{path:.*}", forward)
    return app


async def main() -> None:
    runner = web.AppRunner(await make(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201
    import asyncio

    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
