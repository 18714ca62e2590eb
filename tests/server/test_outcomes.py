"""What people said of sessions reaches the routes that look at it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from faregate.core.holds import LedgerError
from faregate.core.records import SpendRow
from faregate.core.routing import RoutePolicy, RouteRule, Target
from faregate.server import outcomes
from faregate.server.outcomes import follow_outcomes, needs_outcomes, read_outcomes
from tests.money.calls import until
from tests.running import running_gate
from tests.server.dialects import DIALECTS, ask

CHAT = DIALECTS["chat"]
MORE = """
[routes.r]
models = ["r"]
targets = ["sim/gpt-x"]
policy = "cheapest-accepted"
"""


class FakeReports:
    def __init__(self) -> None:
        self.closed = False
        self.failing = False
        self.asked = 0

    def spend(self, by: str, *, since_ms: int) -> tuple[SpendRow, ...]:
        self.asked += 1
        if self.failing:
            raise LedgerError("disk")
        return (
            SpendRow(key="a/m", judged=4, accepted=1),
            SpendRow(key="b/m"),
        )

    def close(self) -> None:
        self.closed = True


def rule(policy: RoutePolicy) -> RouteRule:
    target = Target(provider="a", model="m", route="r")
    return RouteRule(name="r", models=("r",), targets=(target,), policy=policy)


def test_only_one_policy_looks_at_them() -> None:
    assert needs_outcomes([rule(RoutePolicy.CHEAPEST_ACCEPTED)])
    assert not needs_outcomes([rule(RoutePolicy.CHEAPEST), rule(RoutePolicy.ORDERED)])


def test_only_targets_with_outcomes_are_told() -> None:
    assert read_outcomes(FakeReports(), 0) == {"a/m": (4, 1)}


async def test_a_ledger_that_fails_changes_nothing_and_is_asked_again(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(outcomes, "EVERY_S", 0.0)
    async with running_gate(tmp_path / "home") as running:
        gate = running.daemon.gate
        reports = FakeReports()
        reports.failing = True
        following = asyncio.ensure_future(follow_outcomes(reports, gate))
        await until(lambda: reports.asked > 1)
        assert gate.routes.outcomes == {}
        reports.failing = False
        await until(lambda: gate.routes.outcomes)
        following.cancel()
        await asyncio.wait({following})
        assert reports.closed


async def test_a_persons_verdict_is_there_after_a_restart(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with running_gate(home, more=MORE) as running:
        path = f"/s/run-1{CHAT.target}"
        assert (await ask(running, CHAT, target=path)).status == 200
        await running.settled()
        running.daemon.ledger.judge("run-1", "rejected", note="", who="me")
    async with running_gate(home, more=MORE) as running:
        routes = running.daemon.gate.routes
        await until(lambda: routes.outcomes)
        assert routes.outcomes == {"sim/gpt-x": (1, 0)}
