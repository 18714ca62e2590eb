"""Providers that cannot be reached: a clear error, and nothing counted.

No byte left, so every hold is given back.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from faregate.core.money import ZERO
from faregate.gateway.flights import FlightState
from faregate.gateway.settings import Patience
from tests.money.calls import call_of, client_of, until
from tests.running import RunningGate, running_gate

PROTOCOLS = ("chat", "messages", "responses", "gemini")


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """A port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"


@contextlib.contextmanager
def black_hole() -> Iterator[str]:
    """A port whose queue is full, so that a connection is never made."""
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(sock.getsockname())
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"


@contextlib.asynccontextmanager
async def gate_to(
    url: str, home: Path, patience: Patience | None = None
) -> AsyncIterator[RunningGate]:
    async with running_gate(home, url=url, patience=patience) as gate:
        yield gate


async def _assert_voided(gate: RunningGate, *, stream: bool) -> None:
    async with client_of(gate) as client:
        for protocol in PROTOCOLS:
            path, body = call_of(protocol, stream=stream)
            got = await client.post(path, body)
            assert got.status == 502, protocol
            assert got.code == "upstream_unreachable"
            assert "error" in got.json
    await gate.settled()
    state = gate.month()
    assert (state.spent, state.held, state.unknown) == (ZERO, ZERO, ZERO)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_refused_connection_costs_nothing(stream: bool, tmp_path: Path) -> None:
    with refusing() as url:
        async with gate_to(url, tmp_path / "home") as gate:
            await _assert_voided(gate, stream=stream)


async def test_a_name_that_does_not_resolve_costs_nothing(tmp_path: Path) -> None:
    async with gate_to("https://nowhere.invalid", tmp_path / "home") as gate:
        await _assert_voided(gate, stream=True)


async def test_a_failed_tls_handshake_costs_nothing(tmp_path: Path) -> None:
    async def speak_plainly(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak_plainly, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with gate_to(f"https://127.0.0.1:{port}", tmp_path / "home") as gate:
        await _assert_voided(gate, stream=False)
    server.close()
    await server.wait_closed()


async def test_a_connection_that_is_never_made_is_given_up_and_costs_nothing(
    tmp_path: Path,
) -> None:
    patience = Patience(look=0.02, first_byte_stream=0.1, first_byte_whole=0.1)
    with black_hole() as url:
        async with (
            gate_to(url, tmp_path / "home", patience) as gate,
            client_of(gate) as client,
        ):
            for stream in (False, True):
                got = await client.chat(stream=stream, max_tokens=10)
                assert got.status == 504
                assert got.code == "upstream_timeout"
            state = gate.month()
            assert (state.spent, state.held, state.unknown) == (ZERO, ZERO, ZERO)


async def test_a_client_that_hangs_up_while_connecting_ends_it_at_once(
    tmp_path: Path,
) -> None:
    with black_hole() as url:
        async with gate_to(url, tmp_path / "home") as gate, client_of(gate) as client:
            flights = gate.daemon.gate.flights
            call = asyncio.create_task(client.chat(stream=True, max_tokens=10))
            await until(lambda: len(flights))
            await until(lambda: flights.all()[0].state is FlightState.CONNECTING)
            assert gate.month().held
            call.cancel()
            # The drain's ten seconds do not apply: nothing can come.
            await gate.settled(within_s=5)
            state = gate.month()
            assert (state.spent, state.held, state.unknown) == (ZERO, ZERO, ZERO)
