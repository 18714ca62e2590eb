from __future__ import annotations

import asyncio
import os
import socket
import stat
import threading
from pathlib import Path
from unittest import mock

import pytest
from aiohttp import web

from faregate.server.listen import (
    ListenError,
    agent_socket,
    hosts_of,
    serve_agents,
    serve_control,
)
from faregate.smoke.simulated.script import Step
from tests import leaks
from tests.running import running_gate
from tests.server.dialects import DIALECTS, ask
from tests.server.wire import connected, exchange, head


def test_only_names_of_this_machine_are_hosts() -> None:
    assert hosts_of("127.0.0.1", 4747) == {
        "127.0.0.1:4747",
        "localhost:4747",
        "[::1]:4747",
    }
    assert hosts_of("::1", 1) == {"127.0.0.1:1", "localhost:1", "[::1]:1"}


def test_clients_leave_the_usual_port_out() -> None:
    assert {"localhost", "localhost:80", "[::1]"} <= hosts_of("127.0.0.1", 80)
    assert "localhost" not in hosts_of("127.0.0.1", 4747)


def test_a_taken_port_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"port {port} .* is taken") as caught:
            agent_socket("127.0.0.1", port)
    assert "faregate status" in str(caught.value)
    assert "config.toml" in str(caught.value)


def test_an_address_that_is_not_ours_says_so() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1:4747"):
        agent_socket("192.0.2.1", 4747)


def test_a_port_just_left_can_be_taken_again() -> None:
    first = agent_socket("127.0.0.1", 0)
    port = first.getsockname()[1]
    first.listen()
    with socket.create_connection(("127.0.0.1", port)):
        accepted, _ = first.accept()
        accepted.close()
    first.close()
    agent_socket("127.0.0.1", port).close()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_the_other_loopback_address() -> None:
    try:
        sock = agent_socket("::1", 0)
    except ListenError:
        pytest.skip("this machine has no ::1")
    with sock:
        assert sock.getsockname()[0] == "::1"


async def test_nobody_else_can_share_the_port() -> None:
    sock = agent_socket("127.0.0.1", 0)
    runner = await serve_agents(sock, mock.Mock())
    try:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            with socket.socket() as second:
                second.setsockopt(socket.SOL_SOCKET, option, 1)
                with pytest.raises(OSError, match="in use"):
                    second.bind(sock.getsockname())
    finally:
        await runner.cleanup()


async def hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


def app() -> web.Application:
    application = web.Application()
    application.router.add_get("/", hello)
    return application


async def greeting(path: Path) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer.rpartition(b"\r\n")[2]


async def test_the_control_socket_is_private_from_its_first_moment(
    tmp_path: Path,
) -> None:
    before = os.umask(0)
    try:
        path = tmp_path / "control.sock"
        runner = await serve_control(path, app())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await greeting(path) == b"hello"
        await runner.cleanup()
        assert os.umask(0) == 0
    finally:
        os.umask(before)


async def test_the_socket_of_a_dead_proxy_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert stat.S_ISSOCK(path.stat().st_mode)
    runner = await serve_control(path, app())
    assert await greeting(path) == b"hello"
    await runner.cleanup()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
async def test_what_is_no_socket_is_not_removed(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "control.sock"
    precious = tmp_path / "precious"
    precious.write_text("data")
    match kind:
        case "file":
            path.write_text("data")
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to(precious)
    with pytest.raises(ListenError, match="in the way"):
        await serve_control(path, app())
    assert path.exists()
    assert precious.read_text() == "data"


async def test_a_folder_that_is_missing_says_so(tmp_path: Path) -> None:
    before = leaks.sockets()
    with pytest.raises(ListenError, match="No such file"):
        await serve_control(tmp_path / "missing" / "control.sock", app())
    assert leaks.sockets() == before


async def test_a_path_beyond_what_the_system_takes_says_so(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match="too long"):
        await serve_control(tmp_path / ("x" * 200), app())


async def test_a_long_home_still_has_a_control_socket(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 30)
    async with running_gate(home) as gate:
        assert len(os.fsencode(gate.paths.socket)) < 104
        assert stat.S_IMODE(gate.paths.socket.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(gate.paths.socket.stat().st_mode) == 0o600
        socket_path = gate.paths.socket
    assert not socket_path.exists()


async def test_a_proxy_that_leaves_says_so_on_open_connections(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "home", drain="5s") as gate:
        gate.provider.script(Step(first_byte=0.4))
        running = asyncio.get_running_loop().create_task(ask(gate, DIALECTS["chat"]))
        async with connected(gate.url) as idle:
            models = head(
                gate.url, "/v1/models", f"x-api-key: {gate.token}", method="GET"
            )
            await idle.send(models)
            assert (await idle.answer()).status == 200
            for _ in range(400):
                if gate.provider.generations:
                    break
                await asyncio.sleep(0.005)
            stopping = asyncio.get_running_loop().create_task(gate.daemon.stop())
            await asyncio.sleep(0.05)
            await idle.send(models)
            answer = await idle.answer()
            assert (answer.status, answer.closes) == (503, True)
            assert answer.error["code"] == "shutting_down"
        # Nobody new gets in; who was in is served to the end.
        with pytest.raises(ConnectionRefusedError):
            await exchange(gate.url, models)
        assert (await running).status == 200
        await stopping


async def test_no_thread_is_left_of_a_proxy(tmp_path: Path) -> None:
    before = {thread.name for thread in threading.enumerate()}
    async with running_gate(tmp_path / "home") as gate:
        assert (await ask(gate, DIALECTS["chat"])).status == 200
    left = {thread.name for thread in threading.enumerate()} - before
    # The loop keeps a few of its own, which idle.
    assert not [name for name in left if not name.startswith(("asyncio_", "uvloop_"))]
