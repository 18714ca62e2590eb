from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
import uvloop

from faregate.core.attempts import Departure, UpstreamRequest
from faregate.upstream.line import Line
from faregate.upstream.probing import BETWEEN_S, PROBES, SILENT_S, probing_socket
from faregate.upstream.session import HttpUpstream
from tests.upstream.raw_provider import Call, raw_provider

IDLE: int = getattr(socket, "TCP_KEEPIDLE", 0) or vars(socket)["TCP_KEEPALIVE"]


def options(sock: socket.socket) -> tuple[bool, int, int, int]:
    """Return what the system was told of probes."""
    of = sock.getsockopt
    return (
        of(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0,
        of(socket.IPPROTO_TCP, IDLE),
        of(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
        of(socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
    )


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_path_that_is_gone_is_noticed_within_a_minute(
    family: socket.AddressFamily,
) -> None:
    address = (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("x", 1))
    with contextlib.closing(probing_socket(address)) as made:
        assert made.family == family
        assert options(made) == (True, SILENT_S, BETWEEN_S, PROBES)
    assert SILENT_S + BETWEEN_S * PROBES <= 60


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_every_connection_to_a_provider_is_probed(
    run: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    made = Line.connection_made

    def noting(line: Line, transport: asyncio.BaseTransport) -> None:
        made(line, transport)
        seen.append(options(transport.get_extra_info("socket")))

    monkeypatch.setattr(Line, "connection_made", noting)

    async def scene() -> None:
        async def fine(call: Call) -> None:
            await call.answer(b"{}")

        async with raw_provider(fine) as provider:
            client = HttpUpstream()
            request = UpstreamRequest(
                url=provider.url,
                method="POST",
                headers={},
                body=b"{}",
                departure=Departure(),
            )
            await (await client.send(request)).read(100)
            await client.close()

    assert callable(run)
    run(scene())
    assert seen == [(True, SILENT_S, BETWEEN_S, PROBES)]
