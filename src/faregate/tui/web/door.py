"""Who may see the screen in a browser, and who may act on it.

A page of another site must not reach it (Host, Origin and Sec-Fetch-Site are checked),
and without the token it only shows. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

CONTROL: web.RequestKey[bool] = web.RequestKey("control", bool)
"""Whether this request showed the token."""
COOKIE = "faregate-web"
_OWN_SITES = {"same-origin", "none"}


class Door:
    """Lets in what this machine's own browser asks by its own address."""

    def __init__(self, port: int, token: str) -> None:
        """Listen for `port`; who has `token` may act."""
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._token = token
        self._policy = (
            "default-src 'none'; script-src 'self' 'unsafe-inline'; "
            "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
            f"connect-src 'self' ws://127.0.0.1:{port} ws://localhost:{port}; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        )

    def middleware(self) -> Middleware:
        """Return the check of every request, for an application."""

        @web.middleware
        async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
            if (problem := self._problem(request)) is not None:
                return web.Response(status=403, text=f"{problem}\n")
            given = request.query.get("token")
            if given is not None:
                return self._admit(given)
            request[CONTROL] = self._is_token(request.cookies.get(COOKIE, ""))
            return await handler(request)

        return checked

    async def sign(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Put the headers on an answer that keep the page to itself."""
        response.headers["Content-Security-Policy"] = self._policy
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"

    def _problem(self, request: web.Request) -> str | None:
        if request.host not in self._hosts:
            return "this address is not mine"
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"http://{request.host}":
            return "pages of other sites may not come here"
        came_from = request.headers.get("Sec-Fetch-Site")
        if origin is None and came_from is not None and came_from not in _OWN_SITES:
            return "pages of other sites may not come here"
        if request.headers.get("Upgrade") and origin is None:
            return "a browser says where it comes from"
        return None

    def _admit(self, given: str) -> web.Response:
        """Keep the token in a cookie, and out of the address bar."""
        if not self._is_token(given):
            return web.Response(status=403, text="the token is wrong\n")
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(
            COOKIE, given, httponly=True, samesite="Strict", path="/", max_age=None
        )
        return answer

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())
