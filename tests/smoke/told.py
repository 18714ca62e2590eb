"""A server that tells a balance, as each provider does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.test_utils import TestServer

from faregate.core.secret import Secret
from faregate.providers.registry import by_name
from faregate.smoke.balance.reader import read_balance
from faregate.upstream.session import HttpUpstream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faregate.providers.spec import ProviderSpec
    from faregate.smoke.balance.values import Balance, NoBalance

KEY = "sk-very-secret-0123456789"


def spec_at(name: str, root: str) -> ProviderSpec:
    """Return a provider of the catalogue whose balance is told at `root`."""
    spec = by_name(name)
    assert spec is not None
    assert spec.balance is not None
    path = spec.balance.url.split("/", 3)[3]
    return replace(
        spec,
        base_urls=dict.fromkeys(spec.base_urls, root),
        balance=replace(spec.balance, url=f"{root}/{path}"),
    )


async def told(
    name: str,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    *,
    deadline_s: float = 10.0,
) -> Balance | NoBalance:
    """Return what is read from a server that answers with `handler`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    http = HttpUpstream()
    async with TestServer(app) as server:
        root = str(server.make_url("")).rstrip("/")
        try:
            return await read_balance(
                spec_at(name, root), Secret(KEY), http, deadline_s=deadline_s
            )
        finally:
            await http.close()


async def told_json(name: str, document: object, status: int = 200) -> object:
    """Return what is read from this document."""

    async def answer(request: web.Request) -> web.Response:
        assert KEY in request.headers["authorization"]
        text = document if isinstance(document, str) else json.dumps(document)
        return web.Response(text=text, status=status)

    return await told(name, answer)
