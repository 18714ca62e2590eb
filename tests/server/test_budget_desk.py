"""A raise for a while: by a person, over a restart, and over when it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.models import SetBudget
from faregate.core.holds import LedgerError
from faregate.core.money import Money
from faregate.ledger import files
from faregate.ledger.ledger import Ledger
from faregate.server import budget_desk
from tests.gateway.building import FakeClock
from tests.ledger.building import decisions
from tests.money.calls import call_of, client_of, provider_of
from tests.running import RunningGate, running_gate

PATH, BODY = call_of("chat", stream=False)


async def set_budget(gate: RunningGate, limit: str | None, **more: Any) -> None:
    secret = gate.paths.admin_secret.read_text().strip()
    person = ControlClient(gate.paths.socket, admin_secret=secret)
    window = more.pop("window", "month")
    asked = SetBudget(scope="global", window=window, limit=limit, **more)
    await asyncio.to_thread(person.set_budget, asked)


def limit_of(gate: RunningGate) -> Money | None:
    return gate.month().budget.limit


async def test_a_raise_ends_by_itself(tmp_path: Path) -> None:
    clock = FakeClock()
    async with (
        running_gate(tmp_path / "h", monthly="0.005", clock=clock) as gate,
        client_of(gate) as client,
    ):
        assert (await client.post(PATH, BODY)).code == "budget_exceeded"
        await set_budget(gate, "1", for_s=3600.0)
        assert (await client.post(PATH, BODY)).status == 200
        (view,) = gate.daemon.live.status().budgets[:1]
        assert view.raised_until == "2026-11-18T12:06:40Z"
        clock.pass_by(3599)
        gate.daemon.budgets.look()
        assert limit_of(gate) == Money.usd(1)
        clock.pass_by(1)
        gate.daemon.budgets.look()
        assert limit_of(gate) == Money.usd("0.005")
        assert (await client.post(PATH, BODY)).code == "budget_exceeded"
        assert gate.daemon.live.status().budgets[0].raised_until is None
        whos = [row.who for row in decisions(gate.daemon.reports)]
        assert whos[0] == "faregate"


@pytest.mark.parametrize(
    ("for_s", "words"),
    [
        (3600.0, "for 1 hour"),
        (14_400.0, "for 4 hours"),
        (5400.0, "for 90 minutes"),
        (86_400.0, "for 1 day"),
    ],
)
async def test_the_event_says_how_long_as_the_question_does(
    tmp_path: Path, for_s: float, words: str
) -> None:
    async with running_gate(tmp_path / "h", monthly="1") as gate:
        await set_budget(gate, "5", for_s=for_s)
        told = [event.text for event in gate.daemon.gate.events.since(0)]
        assert any(each.endswith(f"budget set to $5.00 {words}") for each in told)


async def test_a_clock_that_is_set_back_does_not_prolong_it(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_gate(tmp_path / "h", monthly="1", clock=clock) as gate:
        await set_budget(gate, "5", for_s=3600.0)
        clock.ms -= 86_400_000
        clock.pass_by(3600)
        gate.daemon.budgets.look()
        assert limit_of(gate) == Money.usd(1)


@pytest.mark.parametrize(("passes", "limit"), [(100, "5"), (3600, "1")])
async def test_it_outlives_the_proxy_as_long_as_it_lasts(
    tmp_path: Path, passes: int, limit: str
) -> None:
    clock, provider = FakeClock(), provider_of()
    await provider.start()
    for start in range(2):
        async with running_gate(
            tmp_path / "h", provider, monthly="1", clock=clock, url=provider.url
        ) as gate:
            if not start:
                await set_budget(gate, "5", for_s=3600.0)
                assert limit_of(gate) == Money.usd(5)
            else:
                assert limit_of(gate) == Money.usd(limit)
        clock.pass_by(passes)
    await provider.stop()


async def test_what_is_set_for_good_ends_it_and_is_measured_by_what_was_before(
    tmp_path: Path,
) -> None:
    async with running_gate(tmp_path / "h", monthly="1") as gate:
        await set_budget(gate, "5", for_s=3600.0)
        nobody = ControlClient(gate.paths.socket)
        asked = SetBudget(scope="global", window="month", limit="3")
        with pytest.raises(ControlError) as refused:
            await asyncio.to_thread(nobody.set_budget, asked)
        assert refused.value.code == "forbidden"
        await set_budget(gate, "0.5")
        assert limit_of(gate) == Money.usd("0.5")
        assert gate.daemon.budgets.raised == {}


@pytest.mark.parametrize(
    ("limit", "for_s"), [("0.5", 3600.0), ("5", 1.0), ("5", 1e9), ("1", 3600.0)]
)
async def test_only_a_raise_of_sensible_length_is_for_a_while(
    tmp_path: Path, limit: str, for_s: float
) -> None:
    async with running_gate(tmp_path / "h", monthly="1") as gate:
        with pytest.raises(ControlError) as wrong:
            await set_budget(gate, limit, for_s=for_s)
        assert wrong.value.code == "bad_request"
        assert limit_of(gate) == Money.usd(1)


async def test_nobody_but_a_person_raises_for_a_while(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h", monthly="1") as gate:
        nobody = ControlClient(gate.paths.socket)
        asked = SetBudget(scope="global", window="month", limit="5", for_s=3600.0)
        with pytest.raises(ControlError) as refused:
            await asyncio.to_thread(nobody.set_budget, asked)
        assert refused.value.code == "forbidden"
        assert limit_of(gate) == Money.usd(1)


@contextlib.contextmanager
def locked(gate: RunningGate) -> Iterator[None]:
    """Another program that keeps the ledger's file to itself."""
    other = apsw.Connection(str(gate.daemon._settings.ledger_dir / files.DATABASE))
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_raises_end_though_the_ledger_cannot_be_written(tmp_path: Path) -> None:
    clock = FakeClock()
    async with (
        running_gate(
            tmp_path / "h", monthly="0.005", budget="daily = 0.004", clock=clock
        ) as gate,
        client_of(gate) as client,
    ):
        await set_budget(gate, "1", for_s=3600.0)
        await set_budget(gate, "1", for_s=3600.0, window="day")
        assert (await client.post(PATH, BODY)).status == 200
        gate.daemon.ledger.flush()
        clock.pass_by(3600)
        with locked(gate):
            gate.daemon.budgets.look()
        assert gate.daemon.budgets.raised == {}
        assert limit_of(gate) == Money.usd("0.005")
        assert (await client.post(PATH, BODY)).code == "budget_exceeded"
        told = [event.text for event in gate.daemon.gate.events.since(0)]
        assert sum("was not written down" in text for text in told) == 2
        assert sum("budget is back at" in text for text in told) == 2


@pytest.mark.parametrize(
    "more", [{}, {"for_s": 3600.0}], ids=["for good", "for a while"]
)
async def test_what_the_ledger_cannot_take_leaves_every_limit_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    """A budget that falls out of force unnoticed would not count what comes meanwhile."""
    async with running_gate(tmp_path / "h", monthly="1") as gate:
        matcher = gate.daemon.gate.matcher
        with monkeypatch.context() as patched:
            patched.setattr(Ledger, "in_force", _fails)
            with pytest.raises(ControlError) as failed:
                await set_budget(gate, "5", **more)
        assert failed.value.code == "ledger_unavailable"
        assert gate.daemon.gate.matcher is matcher
        assert gate.daemon.budgets.raised == {}
        assert gate.daemon.budgets.limit_of("global", "month") == Money.usd(1)
        await set_budget(gate, "4", **more)
        assert limit_of(gate) == Money.usd(4)


async def test_a_limit_that_cannot_be_saved_holds_until_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_gate(tmp_path / "h", monthly="1") as gate:
        monkeypatch.setattr(budget_desk, "set_cap", _is_full)
        with pytest.raises(ControlError, match="until the next start") as failed:
            await set_budget(gate, "0.5")
        assert failed.value.code == "not_saved"
        assert limit_of(gate) == Money.usd("0.5")


def _fails(*_asked: object) -> None:
    raise LedgerError("the ledger is locked")


def _is_full(*_asked: object) -> None:
    raise OSError(28, "No space left on device")
