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
from typing import TYPE_CHECKING

from faregate.core.secret import LOCAL_TOKEN_PREFIX
from faregate.server.processes import environment_of, has_terminal, lineage, process_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faregate.core.identity import Grant
    from faregate.server.processes import Process

INSIDE = (
    "this process was started by faregate run: an agent cannot raise its own cap. "
    "Run the command in a terminal of your own"
)
UNKNOWN_UID = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The process that connected; pid 0 and UNKNOWN_UID where nobody tells."""

    pid: int
    uid: int

    @property
    def is_stranger(self) -> bool:
        """Tell whether this is another user's process; root is no stranger."""
        return self.uid not in {UNKNOWN_UID, 0, os.getuid()}


def peer_of(connection: socket.socket) -> Peer:
    """Return the peer's credentials of a connected Unix socket."""
    if hasattr(socket, "SO_PEERCRED"):
        size = struct.calcsize("3i")
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid, uid, _gid = struct.unpack("3i", raw)
        return Peer(pid=pid, uid=uid)
    if sys.platform == "darwin":
        local, credentials, peer_pid = 0, 1, 2
        (pid,) = struct.unpack("i", connection.getsockopt(local, peer_pid, 4))
        _, uid = struct.unpack_from("II", connection.getsockopt(local, credentials, 76))
        return Peer(pid=pid, uid=uid)
    return Peer(pid=0, uid=UNKNOWN_UID)


class Runs:
    """The running `faregate run`s, by session: nothing inside may raise a cap."""

    def __init__(self, grant_of: Callable[[str], Grant | None]) -> None:
        """Know no run yet; `grant_of` tells what a local token grants."""
        self._grant_of = grant_of
        self._by_session: dict[str, Process] = {}

    def begin(self, session: str, pid: int) -> None:
        """Note the process whose descendants belong to a session."""
        process = process_of(pid)
        if process is not None:
            self._by_session[session] = process

    def end(self, session: str) -> None:
        """Forget a run that is over."""
        self._by_session.pop(session, None)

    def holds(self, pid: int) -> bool:
        """Tell whether a process belongs to a run.

        A process may have lost its parents on purpose; the token of a run that it
        was started with gives it away all the same.
        """
        running = set(self._by_session.values())
        if not running.isdisjoint(lineage(pid)):
            return True
        return any(
            value.startswith(LOCAL_TOKEN_PREFIX) and self._is_of_a_run(value)
            for value in environment_of(pid).values()
        )

    def _is_of_a_run(self, token: str) -> bool:
        grant = self._grant_of(token)
        return grant is not None and grant.session is not None


def why_no_person(
    peer: Peer, headers: Mapping[str, str], secret: str, runs: Runs
) -> str | None:
    """Return why this peer may not act as a person, or None when it may."""
    if runs.holds(peer.pid):
        return INSIDE
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
