"""A ledger that cannot be written: nothing is spent that it does not know of."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from faregate.core.holds import LedgerError
from faregate.core.money import ZERO
from faregate.ledger import files
from faregate.ledger.errors import LedgerDamagedError, LedgerLockedError
from faregate.smoke.simulated.server import SimulatedProvider
from tests.money.calls import Client, client_of, provider_of, until
from tests.running import RunningGate, running_gate


@pytest.fixture
async def provider() -> AsyncIterator[SimulatedProvider]:
    simulated = provider_of(first_byte=0.1)
    await simulated.start()
    yield simulated
    await simulated.stop()


@pytest.fixture
async def gate(
    tmp_path: Path, provider: SimulatedProvider
) -> AsyncIterator[RunningGate]:
    async with running_gate(
        tmp_path / "home", provider, url=provider.url, monthly="5"
    ) as running:
        yield running


@pytest.fixture
async def client(gate: RunningGate) -> AsyncIterator[Client]:
    async with client_of(gate) as made:
        yield made


@contextlib.contextmanager
def locked(gate: RunningGate) -> Iterator[None]:
    """Another program that keeps the ledger's file to itself."""
    folder = gate.daemon._settings.ledger_dir
    other = apsw.Connection(str(folder / files.DATABASE))
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def books(gate: RunningGate) -> tuple[bool, bool, bool]:
    """Whether spent is the bill; whether anything is held, or unknown."""
    state = gate.month()
    bill = gate.provider.bill.total
    return state.spent == bill, bool(state.held), bool(state.unknown)


async def test_without_a_hold_nothing_is_sent(
    gate: RunningGate, client: Client
) -> None:
    assert (await client.chat(max_tokens=10)).status == 200
    gate.daemon.ledger.flush()
    with locked(gate):
        for stream in (False, True):
            got = await client.chat(max_tokens=10, stream=stream)
            assert got.status == 400
            assert got.code == "ledger_unavailable"
            assert "locked" in got.json["error"]["message"]
    assert len(gate.provider.requests) == 1
    assert (await client.chat(max_tokens=10)).status == 200
    assert books(gate) == (True, False, False)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_an_end_that_cannot_be_written_is_kept_and_booked_later(
    stream: bool, gate: RunningGate, client: Client
) -> None:
    call = asyncio.create_task(client.chat(max_tokens=10, stream=stream))
    await until(lambda: gate.provider.in_flight)
    with locked(gate):
        # The agent gets its answer; who comes next is refused.
        assert (await call).status == 200
        await until(lambda: gate.month().held)
        refused = await client.chat(max_tokens=10)
        assert refused.code == "ledger_unavailable"
    kinds = [event.kind for event in gate.daemon.gate.events.since(0)]
    assert "ledger" in kinds
    await _admits_again(client)
    await gate.settled()
    assert books(gate) == (True, False, False)


async def test_what_could_not_be_written_survives_a_restart(
    tmp_path: Path, provider: SimulatedProvider
) -> None:
    home = tmp_path / "home"
    async with (
        running_gate(home, provider, url=provider.url) as gate,
        client_of(gate) as client,
    ):
        call = asyncio.create_task(client.chat(max_tokens=10))
        await until(lambda: provider.in_flight)
        with locked(gate):
            assert (await call).status == 200
    async with running_gate(home, provider, url=provider.url) as gate:
        assert books(gate) == (True, False, False)


async def test_a_failing_spill_keeps_the_hold(
    gate: RunningGate, client: Client
) -> None:
    """Not even the spill file can be written: the hold counts until the restart."""
    ledger: Any = gate.daemon.ledger

    def fails(_settlement: object) -> None:
        raise LedgerError("the disk is gone")

    ledger.settle = ledger.settle_soon = ledger.mark_unknown = fails
    assert (await client.chat(max_tokens=10)).status == 200
    state = gate.month()
    assert state.held >= gate.provider.bill.total
    assert state.spent == ZERO
    text = gate.daemon.gate.events.since(0)[-1].text
    assert "the disk is gone" in text


async def test_a_fault_of_our_own_is_refused_and_nothing_is_sent(
    gate: RunningGate, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    ledger: Any = gate.daemon.ledger
    real = ledger.hold

    def breaks(_request: object) -> None:
        raise RuntimeError("a bug")

    ledger.hold = breaks
    got = await client.chat(max_tokens=10)
    assert got.status == 500
    assert got.code == "internal_error"
    assert "a bug" not in got.body.decode()
    assert "a bug" in caplog.text
    assert not gate.provider.requests
    ledger.hold = real
    assert (await client.chat(max_tokens=10)).status == 200


async def test_a_damaged_ledger_stops_the_start_and_is_left_alone(
    tmp_path: Path, provider: SimulatedProvider
) -> None:
    home = tmp_path / "home"
    async with running_gate(home, provider, url=provider.url) as gate:
        database = gate.daemon._settings.ledger_dir / files.DATABASE
    content = database.read_bytes()
    broken = b"not a database at all" + content[21:]
    database.write_bytes(broken)
    with pytest.raises(LedgerDamagedError) as refused:
        async with running_gate(home, provider, url=provider.url):
            pass
    assert "good copy" in str(refused.value)
    assert database.read_bytes() == broken


async def test_a_lost_ledger_does_not_begin_anew_unasked(
    tmp_path: Path, provider: SimulatedProvider
) -> None:
    home = tmp_path / "home"
    async with running_gate(home, provider, url=provider.url) as gate:
        folder = gate.daemon._settings.ledger_dir
    for path in folder.glob(f"{files.DATABASE}*"):
        path.unlink()
    with pytest.raises(LedgerDamagedError):
        async with running_gate(home, provider, url=provider.url):
            pass


async def test_a_second_proxy_on_one_ledger_does_not_start(
    gate: RunningGate, provider: SimulatedProvider
) -> None:
    with pytest.raises(LedgerLockedError):
        async with running_gate(gate.paths.config_dir, provider, url=provider.url):
            pass


async def _admits_again(client: Client) -> None:
    """Wait until the ledger has taken down what was kept."""
    for _ in range(100):
        if (await client.chat(max_tokens=10)).status == 200:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the ledger never admitted again")
