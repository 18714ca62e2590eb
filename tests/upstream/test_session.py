from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from unittest import mock

import pytest
from aiohttp import ClientTimeout

from faregate.core.attempts import UpstreamRequest
from faregate.core.faults import FaultKind, UpstreamError
from faregate.upstream import pool
from faregate.upstream.session import HttpUpstream
from tests import leaks
from tests.upstream.raw_provider import Call, raw_provider, request

MEGABYTE = 1024 * 1024


@pytest.fixture
async def upstream() -> AsyncIterator[HttpUpstream]:
    before = leaks.sockets()
    client = HttpUpstream()
    try:
        yield client
    finally:
        await client.close()
    await leaks.until_sockets(before)


async def fine(call: Call) -> None:
    await call.answer(b'{"ok": true}', "Content-Type: application/json")


async def whole(client: HttpUpstream, sent: UpstreamRequest) -> bytes:
    answer = await client.send(sent)
    return await answer.read(MEGABYTE)


async def test_what_is_sent_is_what_was_given(upstream: HttpUpstream) -> None:
    async with raw_provider(fine) as provider:
        sent = request(provider.url, b'{"a":1}', **{"x-api-key": "sk-1"})
        assert await whole(upstream, sent) == b'{"ok": true}'
    (call,) = provider.calls
    assert call.body == b'{"a":1}'
    host = provider.url.removeprefix("http://")
    assert call.headers == {
        "host": host,
        "content-type": "application/json",
        "accept-encoding": "identity",
        "x-api-key": "sk-1",
        "content-length": "7",
    }


async def test_the_url_is_sent_as_it_is(upstream: HttpUpstream) -> None:
    async with raw_provider(fine) as provider:
        sent = UpstreamRequest(
            url=provider.url + "/v1beta/models/a%2Fb:generateContent?alt=sse&x=%20y",
            method="POST",
            headers={},
            body=b"{}",
        )
        await whole(upstream, sent)
    assert provider.calls[0].head.startswith(
        b"POST /v1beta/models/a%2Fb:generateContent?alt=sse&x=%20y HTTP/1.1\r\n"
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(
    upstream: HttpUpstream, status: int
) -> None:
    async with raw_provider(fine) as sink:

        async def elsewhere(call: Call) -> None:
            await call.answer(b"", f"Location: {sink.url}/", status=f"{status} Moved")

        async with raw_provider(elsewhere) as provider:
            sent = request(provider.url, b"{}", **{"x-api-key": "sk-canary"})
            answer = await upstream.send(sent)
            assert answer.status == status
            await answer.read(100)
    assert sink.connections == 0


async def test_cookies_are_not_kept(upstream: HttpUpstream) -> None:
    async def sweet(call: Call) -> None:
        await call.answer(b"{}", "Set-Cookie: session=1; Path=/")

    async with raw_provider(sweet) as provider:
        for _ in range(2):
            await whole(upstream, request(provider.url))
    assert len(provider.calls) == 2
    assert all("cookie" not in call.headers for call in provider.calls)


async def test_proxy_variables_and_netrc_are_not_trusted(
    upstream: HttpUpstream, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary\n")
    async with raw_provider(fine) as proxy, raw_provider(fine) as provider:
        names = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY")
        trap = dict.fromkeys(names, proxy.url)
        with mock.patch.dict(os.environ, {**trap, "NETRC": str(netrc)}):
            await whole(upstream, request(provider.url))
    assert proxy.connections == 0
    assert "authorization" not in provider.calls[0].headers


async def test_connections_are_reused_and_fresh_ones_are_not(
    upstream: HttpUpstream,
) -> None:
    async with raw_provider(fine) as provider:
        for _ in range(3):
            await whole(upstream, request(provider.url))
        assert provider.connections == 1
        for _ in range(2):
            answer = await upstream.send(request(provider.url), fresh=True)
            await answer.read(100)
        assert provider.connections == 3
        assert upstream.idle == 1


async def test_a_stale_connection_took_nothing(upstream: HttpUpstream) -> None:
    """The provider closes an idle connection and our request crosses the notice."""
    async with raw_provider(fine) as provider:
        await whole(upstream, request(provider.url))
        provider.calls[0].reset()
        with pytest.raises(UpstreamError) as caught:
            # The client has not run since, so it has not seen the reset.
            await whole(upstream, request(provider.url))
    assert caught.value.reused
    assert not caught.value.sent
    assert len(provider.calls) == 1


async def test_a_reset_after_the_request_was_read_may_be_billed(
    upstream: HttpUpstream,
) -> None:
    async def second_fails(call: Call) -> None:
        if call.number == 1:
            await fine(call)
        else:
            call.reset()

    async with raw_provider(second_fails) as provider:
        await whole(upstream, request(provider.url))
        with pytest.raises(UpstreamError) as caught:
            await whole(upstream, request(provider.url))
    assert caught.value.reused
    assert caught.value.sent
    assert len(provider.calls) == 2


async def test_a_first_connection_that_fails_is_not_stale(
    upstream: HttpUpstream,
) -> None:
    async def resets(call: Call) -> None:
        call.reset()

    async with raw_provider(resets) as provider:
        with pytest.raises(UpstreamError) as caught:
            await whole(upstream, request(provider.url))
    assert not caught.value.reused
    assert caught.value.sent


async def test_a_refused_connection(upstream: HttpUpstream) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UpstreamError, match="refused") as caught:
        await upstream.send(request(f"http://127.0.0.1:{port}"))
    assert (caught.value.kind, caught.value.sent) == (FaultKind.CONNECT, False)


async def test_a_name_that_does_not_resolve(upstream: HttpUpstream) -> None:
    with pytest.raises(UpstreamError, match="does not resolve") as caught:
        await upstream.send(request("http://nowhere.invalid"))
    assert (caught.value.kind, caught.value.sent) == (FaultKind.CONNECT, False)


async def test_a_connection_that_nobody_accepts() -> None:
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        mock.patch.object(pool, "_TIMEOUT", ClientTimeout(sock_connect=0.1)),
    ):
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        client = HttpUpstream()
        with pytest.raises(UpstreamError, match="took too long") as caught:
            await client.send(request(f"http://127.0.0.1:{full.getsockname()[1]}"))
        await client.close()
        for filler in fillers:
            filler.close()
    assert (caught.value.kind, caught.value.sent) == (FaultKind.TIMEOUT, False)


@pytest.mark.parametrize("url", ["http://", "ftp://x", "http://[::1", "nonsense"])
async def test_a_base_url_that_is_none(upstream: HttpUpstream, url: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        await upstream.send(request(url))
    assert not caught.value.sent


async def test_nothing_is_sent_once_it_is_closed() -> None:
    client = HttpUpstream()
    await client.close()
    for fresh in (False, True):
        sent = request("http://127.0.0.1:1")
        with pytest.raises(UpstreamError, match="stopping") as caught:
            await client.send(sent, fresh=fresh)
        assert not caught.value.sent
