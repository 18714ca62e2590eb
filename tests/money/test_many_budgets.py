"""A thousand requests at once: five sessions, three workspaces, four kinds of budgets.

No budget is passed, no hold is left, and each refusal names a scope that is full.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from faregate.control.client import ControlClient
from faregate.control.models import NewSession
from faregate.core.holds import BudgetState, Held
from faregate.core.money import ZERO, Money
from faregate.smoke.simulated.rates import Counts
from tests.money.calls import Client, Got, chat, client_of, provider_of
from tests.running import RunningGate, running_gate

BUDGETS = """
[[budgets]]
scope = "workspace:web"
window = "month"
limit = 0.15
[[budgets]]
scope = "agent:codex"
window = "day"
limit = 0.15
[[budgets]]
scope = "session"
window = "session"
limit = 0.10
"""
RUNS = (("web", "codex"), ("web", "claude"), ("shop", "codex"), ("docs", "claude"),
        ("docs", "aider"))  # fmt: skip
EACH = 200
USED = Counts(input=50, output=500)
PATH = "/v1/chat/completions"


def watch(gate: RunningGate) -> list[BudgetState]:
    """Collect every budget that a hold took past its limit."""
    passed: list[BudgetState] = []
    ledger: Any = gate.daemon.ledger
    hold = ledger.hold

    def held(asked: Any) -> Any:
        done = hold(asked)
        if isinstance(done, Held):
            passed.extend(
                s for s in done.states if s.room is not None and s.room < ZERO
            )
        return done

    ledger.hold = held
    return passed


async def begin(gate: RunningGate) -> dict[str, tuple[str, str, str]]:
    """Start the runs; return token, workspace and agent of each by its session."""
    control = ControlClient(gate.paths.socket)
    found = {}
    for workspace, agent in RUNS:
        asked = NewSession(workspace=workspace, agent=agent)
        grant = await asyncio.to_thread(control.new_session, asked)
        found[grant.session] = (grant.token, workspace, agent)
    return found


async def ask(client: Client, token: str, number: int) -> Got:
    body = chat(text=f"request {number}", max_tokens=1_000)
    return await client.post(PATH, body, {"authorization": f"Bearer {token}"})


def assert_names_what_is_full(got: Got, session: str, where: tuple[str, str]) -> None:
    workspace, agent = where
    error = got.json["error"]
    assert error["code"] == "budget_exceeded"
    mine = {"global", f"workspace:{workspace}", f"agent:{agent}", f"session:{session}"}
    assert error["scope"] in mine
    amounts = {
        name: Money.usd(error[name])
        for name in ("spent", "held", "unknown", "needed", "limit")
    }
    used = amounts["spent"] + amounts["held"] + amounts["unknown"] + amounts["needed"]
    assert used > amounts["limit"]


@pytest.mark.parametrize(
    ("monthly", "full"),
    [
        ("0.50", {"workspace", "agent", "session"}),
        pytest.param("0.20", {"global"}, marks=pytest.mark.slow),
    ],
)
async def test_a_thousand_requests_at_once(
    tmp_path: Path, monthly: str, full: set[str]
) -> None:
    provider = provider_of(usage=USED)
    async with (
        running_gate(tmp_path / "h", provider, monthly=monthly, more=BUDGETS) as gate,
        client_of(gate) as client,
    ):
        passed = watch(gate)
        runs = await begin(gate)
        asked = [
            (session, asyncio.create_task(ask(client, runs[session][0], number)))
            for number in range(EACH)
            for session in runs
        ]
        assert len(asked) == 1000
        await asyncio.gather(*(task for _, task in asked))
        await gate.settled(60)
        assert passed == []
        answers = [(session, task.result()) for session, task in asked]
        scopes: Counter[str] = Counter()
        for session, got in answers:
            if got.status == 200:
                continue
            assert_names_what_is_full(got, session, runs[session][1:])
            scopes[got.json["error"]["scope"].partition(":")[0]] += 1
        states = gate.daemon.reports.budgets(gate.daemon._clock.now_ms() // 1000)
        assert {s.budget.scope for s in states} >= {"workspace:web", "agent:codex"}
        for state in states:
            assert state.held == ZERO
            assert state.unknown == ZERO
            assert state.budget.limit is None or state.spent <= state.budget.limit
        month = gate.month()
        served = sum(got.status == 200 for _, got in answers)
        assert month.spent == provider.bill.total
        assert served == len(provider.generations) > 15
        assert set(scopes) >= full
        assert gate.daemon.reports.discrepancies() == ()
        for session in runs:
            limits = gate.daemon.gate.governor.limiter
            assert limits is not None
            state_of = limits.states.known(session)
            assert state_of is not None
            assert state_of.counters.running == 0
            assert state_of.counters.cost_held == 0
