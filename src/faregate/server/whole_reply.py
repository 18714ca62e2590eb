"""An answer in one piece, over aiohttp.

Does what aiohttp's own response does for bytes that are there already, and none of
what it does for text, files, cookies and compression.
"""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from aiohttp import HttpVersion10, HttpVersion11, web

from faregate.server.responses import own_headers

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from multidict import CIMultiDict

    from faregate.gateway.inbound import Whole


def whole_response(whole: Whole, request_id: str) -> WholeReply:
    """Return a provider's whole answer as a response."""
    headers = {**whole.headers, **own_headers(request_id)}
    return WholeReply(whole.status, headers, whole.body)


class WholeReply(web.StreamResponse):
    """A status, headers and a body that are written at once.

    The base class's constructor is left out on purpose: what it would set up is not
    used here. `prepare` and `write_eof` are all that the server calls.
    """

    def __init__(  # pylint: disable=super-init-not-called
        self, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        """Take what is to be sent; `headers` have lower-case names."""
        self._whole_status = status
        self._fields = headers
        self._whole_body = body
        self._keep_alive: bool | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write the head; nothing leaves before the body is there."""
        headers = self._fields
        headers["content-length"] = str(len(self._whole_body))
        headers["date"] = _date(time.time_ns() // 1_000_000_000)
        self._keep_alive = request.keep_alive
        version = request.version
        if self._keep_alive:
            if version == HttpVersion10:
                headers["connection"] = "keep-alive"
        elif version == HttpVersion11:
            headers["connection"] = "close"
        self._writer = writer = request.writer
        line = f"HTTP/{version.major}.{version.minor} {_status(self._whole_status)}"
        await writer.write_headers(line, cast("CIMultiDict[str]", headers))
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Write the body, waiting while the client's buffer is full."""
        await self._writer.write_eof(self._whole_body + data)


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


@lru_cache(maxsize=64)
def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"{code} "
