"""A cap at its very edge, in each dialect."""

from __future__ import annotations

from pathlib import Path

from faregate.control.models import SetBudget
from faregate.core.money import Money
from tests.running import RunningGate, running_gate
from tests.server.dialects import Dialect, ask, each_dialect


def limit(gate: RunningGate, amount: Money) -> None:
    asked = SetBudget(scope="global", window="month", limit=amount.exact())
    gate.daemon.budgets.set(asked)


@each_dialect
async def test_the_last_pico_dollar_decides(tmp_path: Path, dialect: Dialect) -> None:
    body = dialect.with_bound(1000)
    async with running_gate(tmp_path / "home", monthly="0.000001") as gate:
        refused = await ask(gate, dialect, body)
        dialect.assert_refusal(refused, 400)
        error = refused.error
        if dialect.name == "gemini":
            error = error["details"][0]["metadata"]
        needed = Money.usd(error["needed"])
        assert needed > Money.usd("0.01")

        limit(gate, needed - Money(1))
        dialect.assert_refusal(await ask(gate, dialect, body), 400)
        assert gate.provider.requests == []

        limit(gate, needed)
        assert (await ask(gate, dialect, body)).status == 200
        spent = gate.month().spent
        assert Money(0) < spent < needed

        # What is left is less than the next one may cost, though not nothing.
        dialect.assert_refusal(await ask(gate, dialect, body), 400)
        limit(gate, spent + needed)
        assert (await ask(gate, dialect, body)).status == 200
        assert gate.month().held == Money(0)
        assert len(gate.provider.generations) == 2


@each_dialect
async def test_a_cap_of_nothing_lets_nothing_through(
    tmp_path: Path, dialect: Dialect
) -> None:
    async with running_gate(tmp_path / "home", monthly="0") as gate:
        dialect.assert_refusal(await ask(gate, dialect), 400)
        assert gate.provider.requests == []
