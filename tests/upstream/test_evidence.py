from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from unittest import mock

import pytest

from faregate.upstream import evidence
from faregate.upstream.evidence import Witness

linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems do not count acknowledged bytes"
)


async def connected() -> tuple[asyncio.StreamWriter, socket.socket]:
    """Return a connection and the socket at its other end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        _, writer = await asyncio.open_connection(*listening.getsockname())
        accepted, _ = listening.accept()
    return writer, accepted


@linux_only
async def test_a_peer_that_was_gone_took_nothing() -> None:
    writer, peer = await connected()
    witness = Witness.of(writer.transport)
    assert witness is not None
    peer.close()
    with contextlib.suppress(ConnectionError):
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.001)
    assert writer.is_closing()
    assert witness.untouched()
    witness.close()


@linux_only
async def test_what_a_peer_acknowledged_may_have_been_read() -> None:
    writer, peer = await connected()
    witness = Witness.of(writer.transport)
    assert witness is not None
    writer.write(b"x")
    peer.settimeout(5)
    assert peer.recv(1) == b"x"
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()
    writer.transport.abort()
    await asyncio.sleep(0)
    assert not witness.untouched()
    witness.close()


@linux_only
async def test_a_closed_witness_lets_the_connection_go() -> None:
    writer, peer = await connected()
    witness = Witness.of(writer.transport)
    assert witness is not None
    witness.close()
    writer.close()
    await writer.wait_closed()
    peer.settimeout(5)
    assert peer.recv(1) == b""
    peer.close()


async def test_no_witness_where_nothing_is_counted() -> None:
    writer, peer = await connected()
    for seen in (0, None):
        with mock.patch.object(evidence, "_acked", return_value=seen):
            assert Witness.of(writer.transport) is None
    with mock.patch("os.dup", side_effect=OSError(24, "too many")):
        assert Witness.of(writer.transport) is None
    assert Witness.of(None) is None
    writer.close()
    await writer.wait_closed()
    peer.close()
