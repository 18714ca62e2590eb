from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from faregate.core.faults import FaultKind, UpstreamError
from faregate.upstream.session import HttpUpstream
from tests.upstream.certificates import server_context
from tests.upstream.raw_provider import Call, raw_provider, request


async def fine(call: Call) -> None:
    await call.answer(b"{}")


@contextlib.contextmanager
def trusting(trusted: Path | None) -> Iterator[None]:
    """Let clients trust one more certificate than the system's own."""
    context = ssl.create_default_context(cafile=trusted)
    with mock.patch("aiohttp.connector._SSL_CONTEXT_VERIFIED", context):
        yield


async def outcome(url: str, trusted: Path | None = None) -> int | UpstreamError:
    """Return what becomes of a request by a client that trusts one more file."""
    client = HttpUpstream()
    try:
        with trusting(trusted):
            answer = await client.send(request(url))
        await answer.read(100)
        return answer.status
    except UpstreamError as error:
        return error
    finally:
        await client.close()


async def test_a_trusted_certificate_is_accepted(tmp_path: Path) -> None:
    context, trusted = server_context(tmp_path)
    async with raw_provider(fine, context) as provider:
        assert await outcome(provider.url, trusted) == 200


@pytest.mark.parametrize(
    ("expired", "address", "trust"),
    [
        (True, "127.0.0.1", True),
        (False, "127.0.0.2", True),
        (False, "127.0.0.1", False),
    ],
    ids=["expired", "other_host", "self_signed"],
)
async def test_a_certificate_that_proves_nothing_is_refused(
    tmp_path: Path, expired: bool, address: str, trust: bool
) -> None:
    context, trusted = server_context(tmp_path, expired=expired, address=address)
    async with raw_provider(fine, context) as provider:
        error = await outcome(provider.url, trusted if trust else None)
    assert isinstance(error, UpstreamError)
    assert (error.kind, error.sent) == (FaultKind.CONNECT, False)
    assert "certificate is not valid" in error.message
    assert provider.calls == []


async def test_a_plain_server_behind_an_https_url() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        error = await outcome(f"https://127.0.0.1:{port}")
    assert isinstance(error, UpstreamError)
    assert (error.kind, error.sent) == (FaultKind.CONNECT, False)


async def test_a_stale_tls_connection_took_nothing(tmp_path: Path) -> None:
    context, trusted = server_context(tmp_path)
    client = HttpUpstream()
    with trusting(trusted):
        async with raw_provider(fine, context) as provider:
            await (await client.send(request(provider.url))).read(100)
            provider.calls[0].reset()
            with pytest.raises(UpstreamError) as caught:
                await client.send(request(provider.url))
            assert len(provider.calls) == 1
    await client.close()
    assert caught.value.reused
    assert not caught.value.sent
