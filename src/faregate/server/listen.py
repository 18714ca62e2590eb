"""Opens the two listening sockets: agents on loopback TCP, control on a Unix path."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
from typing import TYPE_CHECKING

from aiohttp import web

from faregate.server.connection import AgentConnection, Plane

if TYPE_CHECKING:
    from pathlib import Path

BACKLOG = 1024
_LAST_ANSWERS_S = 0.5
"""Seconds for what is still written when everything ends."""
USUAL_PORT = 80
"""The port that clients leave out of the Host header."""


class ListenError(Exception):
    """A socket cannot be opened; the message says what to do."""


def hosts_of(host: str, port: int) -> frozenset[str]:
    """Return the Host header values that mean us."""
    names = {"127.0.0.1", "localhost", "[::1]"}
    if host not in {"127.0.0.1", "::1", "localhost"}:
        names.add(f"[{host}]" if ":" in host else host)
    with_port = frozenset(f"{name}:{port}" for name in names)
    return with_port | names if port == USUAL_PORT else with_port


def agent_socket(host: str, port: int) -> socket.socket:
    """Return a bound TCP socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise ListenError(
                f"port {port} on {host} is taken. Another faregate? Try: faregate "
                f"status, or set [server] port in config.toml"
            ) from error
        raise ListenError(f"{host}:{port}: {error.strerror}") from error
    sock.setblocking(False)
    return sock


class AgentListener:
    """The agents' plane on its socket, and everybody who is connected."""

    def __init__(self, plane: Plane) -> None:
        """Serve by `plane`, once somebody connects."""
        self._plane = plane
        self._connections: set[AgentConnection] = set()
        self._listening: asyncio.Server | None = None

    async def listen(self, sock: socket.socket) -> None:
        """Let clients in at a bound socket."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: AgentConnection(self._plane, self._connections),
            sock=sock,
            backlog=BACKLOG,
        )

    def stop(self) -> None:
        """Let nobody else in; who is in is served on."""
        if self._listening is not None:
            self._listening.close()

    async def cleanup(self) -> None:
        """Let requests end for a moment, then drop every connection."""
        self.stop()
        for connection in list(self._connections):
            connection.leave()
        tasks = {c.task for c in self._connections if c.task is not None}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_LAST_ANSWERS_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for connection in list(self._connections):
            connection.drop()
        # The loop tells them on its next turn.
        await asyncio.sleep(0)


async def serve_agents(sock: socket.socket, plane: Plane) -> AgentListener:
    """Serve the agents' plane on a bound socket."""
    listener = AgentListener(plane)
    await listener.listen(sock)
    return listener


async def serve_control(path: Path, app: web.Application) -> web.AppRunner:
    """Serve the control plane on an owner-only Unix socket."""
    _clear_stale(path)
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5
    )
    await runner.setup()
    # bind() creates the socket with the umask's mode: closed before anyone can
    # connect, not after.
    before = os.umask(0o177)
    try:
        await web.UnixSite(runner, path).start()
    except OSError as error:
        await runner.cleanup()
        raise ListenError(f"{path}: {error.strerror or error}") from error
    finally:
        os.umask(before)
    return runner


def _clear_stale(path: Path) -> None:
    """Remove the socket of a dead proxy; the ledger's lock says that it is dead."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ListenError(f"{path} is in the way and is no socket; remove it")
    path.unlink()
