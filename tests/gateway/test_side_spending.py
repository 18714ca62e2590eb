"""Holds of a helper process: under the budgets, ended once, never for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.core.holds import BudgetState, HoldState
from faregate.core.money import ZERO, Money
from faregate.core.side_spend import SpendAsk, SpendEnd, SpendHeld, SpendRefused
from faregate.core.usage import Usage
from faregate.gateway import side_spending
from faregate.gateway.side_spending import LONGEST_S, NotHeldError, SideSpending
from tests.running import running_gate


def ask(amount: str = "0.10") -> SpendAsk:
    return SpendAsk(
        provider="sim",
        model="gpt-x",
        protocol="openai_chat",
        amount=Money.usd(amount),
        input_bound=10,
        output_bound=10,
    )


def settled(attempt: str, cost: str = "0.04") -> SpendEnd:
    return SpendEnd(
        attempt=attempt,
        state=HoldState.SETTLED,
        cost=Money.usd(cost),
        cost_source="table",
        usage=Usage(uncached_input=5, output=3),
        status=200,
    )


async def held(spending: SideSpending, amount: str = "0.10") -> str:
    made = spending.hold(ask(amount))
    assert isinstance(made, SpendHeld)
    return made.attempt


async def test_a_hold_counts_and_a_settlement_replaces_it(tmp_path: Path) -> None:
    async with running_gate(tmp_path) as gate:
        spending = side_spending.beside(gate.daemon.gate)
        attempt = await held(spending)
        assert gate.month().held == Money.usd("0.10")
        spending.end(settled(attempt))
        month = gate.month()
        assert (month.held, month.spent) == (ZERO, Money.usd("0.04"))
        rows = gate.daemon.reports.sessions()
        assert [row.session for row in rows] == ["smoke"]


async def test_void_and_unknown(tmp_path: Path) -> None:
    async with running_gate(tmp_path) as gate:
        spending = side_spending.beside(gate.daemon.gate)
        first, second = await held(spending), await held(spending)
        spending.end(SpendEnd(attempt=first, state=HoldState.VOIDED, status=401))
        spending.end(SpendEnd(attempt=second, state=HoldState.UNKNOWN))
        month = gate.month()
        assert (month.held, month.spent) == (ZERO, ZERO)
        assert month.unknown == Money.usd("0.10")


async def test_the_cap_holds(tmp_path: Path) -> None:
    async with running_gate(tmp_path, monthly="0.15") as gate:
        spending = side_spending.beside(gate.daemon.gate)
        await held(spending)
        made = spending.hold(ask())
        assert isinstance(made, SpendRefused)
        assert "0.15" in made.why
        assert gate.month().held == Money.usd("0.10")


async def test_a_hold_ends_once_and_only_here(tmp_path: Path) -> None:
    async with running_gate(tmp_path) as gate:
        spending = side_spending.beside(gate.daemon.gate)
        attempt = await held(spending)
        spending.end(settled(attempt))
        for wrong in (attempt, "somebody-elses"):
            with pytest.raises(NotHeldError):
                spending.end(settled(wrong))
        assert gate.month().spent == Money.usd("0.04")


async def test_a_hold_that_nobody_ends_becomes_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_gate(tmp_path) as gate:
        spending = side_spending.beside(gate.daemon.gate)
        attempt = await held(spending)
        free = await held(spending, "0")
        spending.expire()
        assert gate.month().held == Money.usd("0.10")
        monkeypatch.setattr(side_spending, "LONGEST_S", -1.0)
        spending.expire()
        assert gate.month().unknown == Money.usd("0.10")
        for each in (attempt, free):
            with pytest.raises(NotHeldError):
                spending.end(settled(each))
    assert LONGEST_S >= 120


async def test_closing_leaves_nothing_open(tmp_path: Path) -> None:
    async with running_gate(tmp_path) as gate:
        spending = side_spending.beside(gate.daemon.gate)
        await held(spending)
        spending.close()
        spending.close()
        month = gate.month()
        assert (month.held, month.unknown) == (ZERO, Money.usd("0.10"))


async def test_whoever_waits_for_room_hears_of_it(tmp_path: Path) -> None:
    async with running_gate(tmp_path) as gate:
        heard: list[tuple[str, tuple[BudgetState, ...]]] = []
        daemon = gate.daemon.gate
        spending = SideSpending(
            daemon.ledger,
            daemon.clock,
            lambda _provider, _model: daemon.shared_windows(0),
            ended=lambda attempt, states: heard.append((attempt, tuple(states))),
        )
        attempt = await held(spending)
        spending.end(settled(attempt))
    assert [each for each, _ in heard] == [attempt]


@pytest.mark.parametrize("amount", [Money(-1)])
async def test_an_amount_below_zero_is_refused(tmp_path: Path, amount: Money) -> None:
    async with running_gate(tmp_path) as gate:
        spending = side_spending.beside(gate.daemon.gate)
        below = SpendAsk(
            provider="sim",
            model="gpt-x",
            protocol="openai_chat",
            amount=amount,
            input_bound=0,
            output_bound=0,
        )
        assert isinstance(spending.hold(below), SpendRefused)
