"""A disk that fails at any write of the ledger's log, under requests that share commits.

Whatever fails, nothing is sent that the file does not know of, what failed is refused,
and every answer is booked as it was billed once the disk is well again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from faregate.core.money import ZERO, Money
from faregate.ledger import connection
from faregate.ledger.connection import select
from faregate.ledger.reports import Reports
from tests.money.calls import FIVE_CENTS, Client, chat, client_of, provider_of, until
from tests.running import RunningGate, running_gate

CAP = Money.usd(10)
AT_ONCE = 6
BODY = chat(text="x" * 9_930, max_tokens=4_000)
IN_FILE = (
    "SELECT coalesce(sum(iif(state IN ('held', 'unknown'), amount, cost)), 0) "
    "FROM attempt"
)


class SickDisk(apsw.VFS):
    """The usual disk until the n-th write from now on; `still` says it stays ill."""

    def __init__(self) -> None:
        super().__init__("sick", base="unix")
        self.left = 0
        self.still = False
        self.error: Exception = apsw.IOError("")
        self.failed = 0

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802 - SQLite's name
        return _File(self, name, flags)

    def write(self) -> None:
        """Count a write; raise where it is to fail."""
        if self.left:
            self.left = max(self.left - 1, int(self.still))
            if self.left == int(self.still):
                self.failed += 1
                raise self.error

    def be_well(self) -> None:
        """Fail no more."""
        self.left = 0


class _File(apsw.VFSFile):
    def __init__(self, disk: SickDisk, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._log = str(path).endswith("-wal")

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - SQLite's name
        if self._log:
            self._disk.write()
        super().xWrite(data, offset)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SickDisk:
    """What the connections to the ledger that write are on from now on."""
    made = SickDisk()

    class OnSickDisk(connection.Connection):
        def __init__(self, path: str, **how: Any) -> None:
            writes = how["flags"] & apsw.SQLITE_OPEN_READWRITE
            super().__init__(path, vfs="sick" if writes else None, **how)

    monkeypatch.setattr(connection, "Connection", OnSickDisk)
    return made


@pytest.fixture
async def gate(disk: SickDisk, tmp_path: Path) -> AsyncIterator[RunningGate]:
    provider = provider_of(first_byte=0.005, usage=FIVE_CENTS)
    async with running_gate(tmp_path / "home", provider, monthly="10") as running:
        ledger: Any = running.daemon.ledger
        ledger._spilling._retry_s = 0
        yield running


async def _storm(gate: RunningGate, client: Client) -> set[str | int]:
    """Send requests at once, and look at the file whenever the loop turns."""
    reports = Reports.open(gate.daemon._settings.ledger_dir)
    calls = [
        asyncio.ensure_future(client.post("/v1/chat/completions", BODY))
        for _ in range(AT_ONCE)
    ]
    while not all(call.done() for call in calls):
        ((known,),) = select(reports._connection, IN_FILE)
        assert gate.provider.bill.total <= Money(known) <= CAP
        await asyncio.sleep(0)
    reports.close()
    answers = [await call for call in calls]
    return {got.code or got.status for got in answers}


@pytest.mark.parametrize("still", [False, True], ids=["once", "for a while"])
@pytest.mark.parametrize("error", [apsw.IOError, apsw.FullError, apsw.ReadOnlyError])
async def test_what_fails_is_refused_and_every_answer_is_booked(
    error: type[apsw.Error], still: bool, gate: RunningGate, disk: SickDisk
) -> None:
    ledger = gate.daemon.ledger
    async with client_of(gate) as client:
        assert await _storm(gate, client) == {200}
        for nth in range(1, 12):
            disk.error, disk.still, disk.left = error("no"), still, nth + still
            assert await _storm(gate, client) <= {200, "ledger_unavailable"}
            disk.be_well()
        await gate.settled()
        assert disk.failed >= 5
        assert await _storm(gate, client) == {200}
        await until(lambda: ledger.paused is None)
    ledger.flush()
    state = gate.month()
    assert (state.held, state.unknown) == (ZERO, ZERO)
    assert state.spent == gate.provider.bill.total
    assert gate.daemon.reports.discrepancies() == ()
