"""Sockets on which the system looks by itself whether the other side is still there.

A network that goes away says nothing: without probes a model that thinks and a path
that is gone look alike for minutes.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp.connector import AddrInfoType

SILENT_S = 30
"""Seconds of silence before the first probe."""
BETWEEN_S = 10
PROBES = 3
"""As many in a row without an answer end the connection."""
# What macOS calls otherwise; a system that knows none of a name goes without it.
_OPTIONS = (
    (("TCP_KEEPIDLE", "TCP_KEEPALIVE"), SILENT_S),
    (("TCP_KEEPINTVL",), BETWEEN_S),
    (("TCP_KEEPCNT",), PROBES),
)


def probing_socket(address: AddrInfoType) -> socket.socket:
    """Return a socket for an address that the resolver found."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for names, value in _OPTIONS:
        known = [getattr(socket, name) for name in names if hasattr(socket, name)]
        for option in known[:1]:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made
