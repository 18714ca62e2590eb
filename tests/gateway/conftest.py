"""A clock and a bench for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faregate.gateway.settings import GateSettings
from tests.gateway.building import Bench, CountingLedger, FakeClock, open_ledger


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Iterator[CountingLedger]:
    with open_ledger(tmp_path / "ledger", clock) as opened:
        yield opened


@pytest.fixture
def bench_with(
    ledger: CountingLedger, clock: FakeClock
) -> Callable[[GateSettings], Bench]:
    return lambda settings: Bench(ledger, clock, settings)


@pytest.fixture
def bench(bench_with: Callable[[GateSettings], Bench]) -> Bench:
    return bench_with(GateSettings())
