"""One request with a whole body, over one connection of the pool.

Does what the HTTP client's own request does for a body of bytes, and none of what it
does for forms, cookies, compression and proxies: half of a small request's time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, cast

import aiohttp
from aiohttp.helpers import TimerNoop
from aiohttp.http_writer import StreamWriter
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from aiohttp.connector import Connection

_NO_HEADERS: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())
NO_TIMER = TimerNoop()


class PlainRequest(aiohttp.ClientRequest):
    """A request that is written at once; the body is in memory already.

    The base class's constructor is left out on purpose: what it would set up is
    given here, as constants of the class where it never changes.
    """

    auth = None
    chunked = None
    compress = None
    proxy = None
    proxy_auth = None
    proxy_headers = None
    response = None
    server_hostname = None
    version = aiohttp.HttpVersion11

    def __init__(  # pylint: disable=super-init-not-called
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Take what is to be sent; `headers` name neither host nor length."""
        self.method = method
        self.url = self.original_url = url
        self.loop = loop
        self._ssl = True
        self._fields = headers
        self._content = body

    @property
    def request_info(self) -> aiohttp.RequestInfo:
        """Return what errors may tell of the request: no header, no secret."""
        return aiohttp.RequestInfo(self.url, self.method, _NO_HEADERS, self.url)

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write head and body; raises ClientOSError on a connection that is gone."""
        protocol = conn.protocol
        if protocol is None:
            raise aiohttp.ClientConnectionError("the connection was released")
        host, target, login = _addressed(self.url)
        headers = {"Host": host, **self._fields}
        if login is not None and "authorization" not in headers:
            headers["Authorization"] = login
        bodiless = self.method == "GET"
        if not bodiless:
            headers["Content-Length"] = str(len(self._content))
        if conn._connector.force_close:
            headers["Connection"] = "close"
        writer = StreamWriter(protocol, self.loop)
        await writer.write_headers(
            f"{self.method} {target} HTTP/1.1",
            cast("CIMultiDict[str]", headers),
        )
        try:
            # Without a wait for the last byte: an answer may come before that.
            await writer.write(b"" if bodiless else self._content, drain=False)
            writer.set_eof()
        except OSError as error:
            raise aiohttp.ClientOSError(*error.args) from error
        return aiohttp.ClientResponse(
            self.method,
            self.url,
            writer=None,
            continue100=None,
            timer=NO_TIMER,
            request_info=self.request_info,
            traces=[],
            loop=self.loop,
            session=cast("aiohttp.ClientSession", None),
            stream_writer=writer,
        )


@lru_cache(maxsize=512)
def url_of(text: str) -> URL:
    """Return a URL as it was written; raises ValueError for what cannot be asked."""
    url = URL(text, encoded=True)
    if url.scheme not in {"http", "https"} or not url.raw_host:
        raise ValueError(f"{url.scheme!r} with host {url.raw_host!r} cannot be asked")
    return url


@lru_cache(maxsize=512)
def _addressed(url: URL) -> tuple[str, str, str | None]:
    """Return the Host header, the request target and the login that a URL names."""
    login = None
    if url.raw_user or url.raw_password:
        login = aiohttp.encode_basic_auth(url.user or "", url.password or "")
    return url.host_port_subcomponent or "", url.raw_path_qs, login
