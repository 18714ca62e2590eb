"""Budgets, limits, holds, approvals, pauses, crashes and clocks, in any order.

What a provider bills never passes what is booked or unknown; no budget is passed by a
hold and no limit by a request; counters equal the books whenever nothing runs.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from faregate.core.latches import Latch, LatchState
from faregate.core.limits.budget import BudgetRule
from faregate.core.money import Money
from faregate.core.windows import WindowKind
from tests.money.governed_world import ASKED_ABOUT, UNLIMITED, World

SESSIONS = ("one", "two", "three")
WORKSPACES = ("web", "shop")
HOUR_MS = 3_600_000
usd = st.sampled_from(["0.02", "0.05", "0.2", "1"]).map(Money.usd)
budgets = st.lists(
    st.builds(
        lambda kind, window, limit: BudgetRule(
            scope_kind=kind[0], name=kind[1], window=window, limit=limit
        ),
        st.sampled_from(
            [("global", None), ("workspace", "web"), ("workspace", None),
             ("model", "p/m"), ("provider", "p")]
        ),
        st.sampled_from([WindowKind.DAY, WindowKind.MONTH, WindowKind.TOTAL]),
        usd,
    ),
    max_size=4,
).map(tuple)  # fmt: skip
limits: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "requests": st.integers(1, 12),
        "concurrency": st.integers(1, 4),
        "input_tokens": st.integers(50, 2_000),
        "output_tokens": st.integers(500, 9_000),
        "tool_calls": st.integers(1, 6),
        "retries": st.integers(0, 3),
        "wall_clock": st.sampled_from([60.0, 3_600.0]),
        "request_output_tokens": st.sampled_from([500, 2_000]),
        "tokens_per_minute": st.integers(1_000, 9_000),
        "spend_per_minute": usd,
    },
)
scopes = st.sampled_from(["all", "workspace:web", "session:one", "session:two"])


FIRST = (
    BudgetRule(scope_kind="global", window=WindowKind.MONTH, limit=Money.usd("0.2")),
    BudgetRule(scope_kind="workspace", window=WindowKind.DAY, limit=Money.usd("0.1")),
)
ASKED: dict[str, Any] = {
    "session": st.sampled_from(SESSIONS),
    "workspace": st.sampled_from(WORKSPACES),
    "bound": st.sampled_from([100, 1_000, 3_000]),
    "turns": st.integers(1, 3),
    "stream": st.booleans(),
    "careful": st.integers(0, 3).map(lambda n: not n),
}
SELDOM = st.integers(0, 5).map(lambda n: not n)
"""Chances of what would otherwise end everything before it began."""


class Governed(RuleBasedStateMachine):
    """Everybody does what they like."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self._home = tempfile.TemporaryDirectory()
        self.world = World(Path(self._home.name) / "life", rules=FIRST)

    @rule(**ASKED)
    def ask_again(self, **how: Any) -> None:
        self.ask(**how)

    @rule(**ASKED)
    def ask_once_more(self, **how: Any) -> None:
        self.ask(**how)

    @rule(coming=st.integers(0, 1))
    def others_come(self, coming: int) -> None:
        """Holds wait for those of others from now on, or are written at once."""
        self.world.small.gate.admission.commits.coming = coming

    @rule(**ASKED)
    def ask(
        self,
        session: str,
        workspace: str,
        bound: int,
        turns: int,
        stream: bool,
        careful: bool,
    ) -> None:
        body: dict[str, Any] = {
            "model": f"p/{ASKED_ABOUT if careful else 'm'}",
            "messages": [{"role": "user", "content": f"{n}"} for n in range(turns)],
            "max_tokens": bound,
        }
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        self.world.start(session, body, workspace)

    @precondition(lambda self: self.world.provider.waiting)
    @rule(share=st.floats(0, 1), tools=st.integers(0, 3))
    def answer_all(self, share: float, tools: int) -> None:
        for call in list(self.world.provider.waiting):
            self.world.provider.answer(call, share, tools, cut=False)
        self.world.run()

    @precondition(lambda self: self.world.provider.waiting)
    @rule(
        which=st.integers(0, 9),
        share=st.floats(0, 1),
        tools=st.integers(0, 3),
        cut=st.booleans(),
    )
    def answer(self, which: int, share: float, tools: int, cut: bool) -> None:
        waiting = self.world.provider.waiting
        call = waiting[which % len(waiting)]
        self.world.provider.answer(call, share, tools, cut=cut)
        self.world.run()

    @precondition(lambda self: self.world.provider.waiting)
    @rule(which=st.integers(0, 9), how=st.sampled_from(["400", "unsent", "broken"]))
    def fail(self, which: int, how: str) -> None:
        waiting = self.world.provider.waiting
        self.world.provider.fail(waiting[which % len(waiting)], how)
        self.world.run()

    @precondition(lambda self: self.world.sent)
    @rule(which=st.integers(0, 9))
    def hang_up(self, which: int) -> None:
        sent = self.world.sent[which % len(self.world.sent)]
        sent.reply.gone = True
        sent.exchange.client_gone()
        self.world.run()

    @precondition(lambda self: self.world.desk.waiting)
    @rule(which=st.integers(0, 9), allow=st.booleans())
    def decide(self, which: int, allow: bool) -> None:
        desk = self.world.desk
        case = desk.waiting[which % len(desk.waiting)]
        if allow:
            self.world.approvals += 1
            desk.approve(case.id, who="me", seen=case.digest)
        else:
            desk.deny(case.id, who="me")
        self.world.run()

    @rule(seconds=st.sampled_from([0.5, 5, 20, 20, 30, 30, 200, 3_700, 90_000]))
    def pass_time(self, seconds: float) -> None:
        self.world.clock.pass_by(seconds)
        self.world.look()

    @rule(hours=st.sampled_from([-800, -2, 2, 800]))
    def set_clock(self, hours: int) -> None:
        self.world.clock.ms += hours * HOUR_MS
        self.world.look()

    @rule(rules=budgets, now=SELDOM)
    def rebudget(self, rules: tuple[BudgetRule, ...], now: bool) -> None:
        if now:
            self.world.rebudget(rules)

    @rule(chosen=limits, now=SELDOM)
    def relimit(self, chosen: dict[str, Any], now: bool) -> None:
        if now:
            self.world.relimit({**UNLIMITED, **chosen})

    @rule(scope=scopes, state=st.sampled_from(LatchState), now=SELDOM)
    def latch(self, scope: str, state: LatchState, now: bool) -> None:
        if not now:
            return
        latch = Latch(
            scope=scope, state=state, at_ms=self.world.clock.now_ms(), who="me"
        )
        self.world.ledger.governing.latch(latch)
        self.world.small.gate.governor.latch(latch)
        self.world.run()

    @rule(scope=scopes)
    def resume(self, scope: str) -> None:
        at_ms = self.world.clock.now_ms()
        self.world.ledger.governing.resume(scope, at_ms=at_ms, who="me")
        self.world.small.gate.governor.lift(scope)
        self.world.run()

    @rule(crash=st.booleans(), now=SELDOM)
    def new_life(self, crash: bool, now: bool) -> None:
        if now:
            self.world.begin_life(crash=crash)

    @invariant()
    def the_books_hold(self) -> None:
        type(self).steps += 1
        self.world.check()

    def teardown(self) -> None:
        self.world.end()
        self._home.cleanup()


def run(examples: int, steps: int) -> int:
    """Run the machine; return how many steps it took."""
    before = Governed.steps
    run_state_machine_as_test(
        Governed,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Governed.steps - before


def test_the_books_hold_for_a_while() -> None:
    assert run(12, 25) > 100


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_books_hold_for_twenty_thousand_steps() -> None:
    steps = 0
    while steps < 20_000:
        steps += run(100, 60)
