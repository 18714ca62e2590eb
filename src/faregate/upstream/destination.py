"""Where a request goes: what its URL says to the pool, to the line and to the dialer.

A URL is read once and remembered. Owns the head of a request as it is sent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from faregate.core.header_lines import lines_of
from faregate.core.values import dataclass

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

Origin = tuple[str, str, int | None]
"""Scheme, host and port: requests to one origin may share a connection."""

_NO_HEADERS: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())


class Dial(aiohttp.ClientRequest):
    """All that the HTTP client's connector asks of a request to connect for it.

    The base class's constructor is left out on purpose: nothing is ever sent by it.
    """

    proxy = None
    proxy_auth = None
    proxy_headers = None
    server_hostname = None

    def __init__(  # pylint: disable=super-init-not-called
        self, url: URL, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Ask for a connection to where `url` points."""
        self.method = "POST"
        self.url = self.original_url = url
        self.loop = loop
        self._ssl = True

    @property
    def request_info(self) -> aiohttp.RequestInfo:
        """Return what errors may tell of the request: no header, no secret."""
        return aiohttp.RequestInfo(self.url, self.method, _NO_HEADERS, self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A URL that can be asked."""

    url: URL
    origin: Origin
    host: str
    """The Host header."""
    target: str
    login: str | None
    """The Authorization header that the URL itself names."""

    def head(
        self, method: str, headers: Mapping[str, str], length: int | None, *, last: bool
    ) -> bytes:
        """Return a request head; raises ValueError for one that cannot be sent.

        `headers` name neither host nor length. With `last` the connection carries
        no other request.
        """
        first = f"{method} {self.target}"
        if not first.isprintable():
            raise ValueError("a first line would break")
        said = lines_of(headers)
        if self.login is not None and "authorization" not in headers:
            said += f"Authorization: {self.login}\r\n"
        if length is not None:
            said += f"Content-Length: {length}\r\n"
        if last:
            said += "Connection: close\r\n"
        return f"{first} HTTP/1.1\r\nHost: {self.host}\r\n{said}\r\n".encode()


@lru_cache(maxsize=512)
def destination_of(text: str) -> Destination:
    """Return where a URL points, as it is written; raises ValueError for no URL."""
    url = URL(text, encoded=True)
    if url.scheme not in {"http", "https"} or not url.raw_host:
        raise ValueError(f"{url.scheme!r} with host {url.raw_host!r} cannot be asked")
    login = None
    if url.raw_user or url.raw_password:
        login = aiohttp.encode_basic_auth(url.user or "", url.password or "")
    return Destination(
        url=url,
        origin=(url.scheme, url.raw_host, url.port),
        host=url.host_port_subcomponent or "",
        target=url.raw_path_qs,
        login=login,
    )
