"""Opens the two listening sockets: agents on loopback TCP, control on a Unix path."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
from typing import TYPE_CHECKING

from aiohttp import web

from faregate.server.connection import AgentServer, Plane

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
    """The agents' plane on its socket."""

    def __init__(self, server: AgentServer, listening: asyncio.Server) -> None:
        """Take over a server that listens."""
        self._server = server
        self._listening = listening

    def stop(self) -> None:
        """Let nobody else in; who is in is served on."""
        self._listening.close()

    async def cleanup(self) -> None:
        """End every connection."""
        self.stop()
        await self._server.close(_LAST_ANSWERS_S)


async def serve_agents(sock: socket.socket, plane: Plane) -> AgentListener:
    """Serve the agents' plane on a bound socket."""
    server = AgentServer(plane)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(server, sock=sock, backlog=BACKLOG)
    return AgentListener(server, listening)


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
