"""Proof that a provider took no byte of a request.

A connection that breaks before its answer may or may not have delivered the request.
The system counts the bytes that the peer acknowledged. None means that nobody there can
have worked, and billed: systems put that word off, on a connection that served before,
but by half a second at most, and it broke before that.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

_ACKED_AT = 120
"""Offset of tcpi_bytes_acked in Linux' struct tcp_info, there since 4.1."""
_ACKED = struct.Struct("=Q")
_LENGTH = _ACKED_AT + _ACKED.size


class Witness:
    """Watches one connection, each request anew.

    It keeps the connection open as long as it lives: close it once that is lost.
    """

    def __init__(self, copy: socket.socket, acked: int) -> None:
        self._copy = copy
        self._acked: int | None = acked

    @classmethod
    def of(cls, transport: asyncio.BaseTransport | None) -> Witness | None:
        """Return a witness of an open connection, or None where nobody can tell."""
        sock = None if transport is None else transport.get_extra_info("socket")
        if sock is None or sys.platform != "linux":
            return None
        try:
            # A copy, for the connection's own descriptor is closed when it fails.
            copy = socket.socket(
                sock.family, sock.type, sock.proto, fileno=os.dup(sock.fileno())
            )
        except OSError:
            return None
        acked = _acked(copy)
        if not acked:
            # Even the handshake counts: a zero means that nothing is counted here.
            copy.close()
            return None
        return cls(copy, acked)

    def watch(self) -> None:
        """Begin with a request that is about to be written."""
        self._acked = _acked(self._copy)

    def untouched(self) -> bool:
        """Tell whether the peer acknowledged nothing since."""
        return bool(self._acked) and _acked(self._copy) == self._acked

    def close(self) -> None:
        """Let go of the connection."""
        self._copy.close()


def _acked(sock: socket.socket) -> int | None:
    """Return the bytes that a peer acknowledged in all; None where unknown."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LENGTH)
    except OSError:
        return None
    if len(info) < _LENGTH:
        return None
    return int(_ACKED.unpack_from(info, _ACKED_AT)[0])
