"""Who is on the other end of the control socket, and may it raise a cap.

An agent must not raise its own cap: what is descended from a `faregate run` is
refused, and so is whoever has neither a terminal nor the admin secret. Code of the
same user can do worse than ask; this keeps honest agents honest.
"""

from __future__ import annotations

import hmac
import os
import socket
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_ANCESTORS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The process that connected; pid 0 where the system does not tell."""

    pid: int
    uid: int


def peer_of(connection: socket.socket) -> Peer:
    """Return the peer's credentials of a connected Unix socket."""
    if hasattr(socket, "SO_PEERCRED"):
        size = struct.calcsize("3i")
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid, uid, _gid = struct.unpack("3i", raw)
        return Peer(pid=pid, uid=uid)
    if sys.platform == "darwin":
        local, peer_pid = 0, 2
        (pid,) = struct.unpack("i", connection.getsockopt(local, peer_pid, 4))
        return Peer(pid=pid, uid=os.getuid())
    return Peer(pid=0, uid=os.getuid())


def ancestors(pid: int) -> list[int]:
    """Return `pid` and the processes above it, nearest first, where /proc tells."""
    found: list[int] = []
    while pid > 1 and len(found) < _MOST_ANCESTORS:
        found.append(pid)
        parent = _stat(pid, 1)
        if parent is None:
            break
        pid = parent
    return found


def has_terminal(pid: int) -> bool:
    """Tell whether a process has a controlling terminal; True where unknown."""
    number = _stat(pid, 4)
    return number is None or number != 0


def why_not(
    peer: Peer, headers: Mapping[str, str], secret: str, runs: set[int]
) -> str | None:
    """Return why this peer may not act as a person, or None when it may."""
    inside = runs.intersection(ancestors(peer.pid))
    if inside:
        return (
            "this process was started by faregate run: an agent cannot raise its own "
            "cap. Run the command in a terminal of your own"
        )
    given = headers.get("x-faregate-admin")
    if given is not None:
        if secret and hmac.compare_digest(given.encode(), secret.encode()):
            return None
        return "the admin secret is wrong"
    if headers.get("x-faregate-confirmed") == "tty" and has_terminal(peer.pid):
        return None
    return (
        "this needs a person: run it in a terminal and confirm, or set "
        "FAREGATE_ADMIN_SECRET"
    )


def _stat(pid: int, index: int) -> int | None:
    """Return one number of /proc/PID/stat, counted after the command's name."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[index])
