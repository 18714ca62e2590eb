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
from typing import TYPE_CHECKING

from faregate.core.secret import LOCAL_TOKEN_PREFIX
from faregate.core.values import dataclass
from faregate.server.processes import environment_of, has_terminal, lineage, process_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from faregate.core.identity import Grant
    from faregate.server.processes import Process

INSIDE = (
    "this process was started by faregate run: an agent cannot raise its own cap. "
    "Run the command in a terminal of your own"
)
LIMITED = (
    "this process belongs to a run with a limit of its own, and a session beside it "
    "would not count there. Start it in a terminal of your own"
)
NESTED = (
    "this process was started by faregate run, and works in the session of that run: "
    "start the command without another faregate run. Where it needs variables of its "
    "own, faregate env hands over the run's own token"
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
        self._limited: set[Process] = set()

    def begin(self, session: str, pid: int, *, limited: bool = False) -> None:
        """Note the process whose descendants belong to a session.

        `limited` says that the session may use no more than its token says.
        """
        process = process_of(pid)
        if process is not None:
            self._by_session[session] = process
            if limited:
                self._limited.add(process)

    def end(self, session: str, *, by: int) -> None:
        """Forget a run, on the word of the process that began it.

        What runs inside may end its session, and stays inside all the same.
        """
        process = self._by_session.get(session)
        if process is None or (
            process.pid != by and process_of(process.pid) == process
        ):
            return
        del self._by_session[session]
        self._limited.intersection_update(self._by_session.values())

    def holds(self, pid: int) -> bool:
        """Tell whether a process belongs to a run.

        A process may have lost its parents on purpose; the token of a run that it
        was started with gives it away all the same.
        """
        running = set(self._by_session.values())
        if not running.isdisjoint(lineage(pid)):
            return True
        return any(grant.session is not None for grant in self._grants_of(pid))

    def limits(self, pid: int) -> bool:
        """Tell whether a process belongs to a run that has a limit of its own."""
        if not self._limited.isdisjoint(lineage(pid)):
            return True
        return any(
            grant.max_cost is not None or grant.limits is not None
            for grant in self._grants_of(pid)
        )

    def works_in(self, pid: int, session: str) -> bool:
        """Tell whether a process belongs to the run of this very session."""
        if self._by_session.get(session) in lineage(pid):
            return True
        return any(grant.session == session for grant in self._grants_of(pid))

    def began(self, session: str) -> bool:
        """Tell whether a run of this session is under way."""
        return session in self._by_session

    def _grants_of(self, pid: int) -> Iterator[Grant]:
        """Yield what the tokens in a process's environment grant."""
        for value in environment_of(pid).values():
            if value.startswith(LOCAL_TOKEN_PREFIX):
                grant = self._grant_of(value)
                if grant is not None:
                    yield grant


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
