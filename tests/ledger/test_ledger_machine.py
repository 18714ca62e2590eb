"""Any sequence of holds, ends, kills, limits and clocks keeps the books right."""

from __future__ import annotations

import tempfile
from datetime import UTC
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from faregate.core.holds import (
    AlreadyResolvedError,
    Booked,
    BudgetWindow,
    Held,
    HoldState,
    NoRoom,
)
from faregate.core.labels import Labels
from faregate.core.limits.budget import (
    BudgetMatcher,
    BudgetRule,
    ScopeKind,
    matching,
)
from faregate.core.money import ZERO, Money
from faregate.core.windows import HighWater, WindowKind
from faregate.ledger.counting_back import IDS_PER_MS
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    BOOT,
    NOW_MS,
    FakeClock,
    asking,
    ending,
    faults,
    killed,
    open_ledger,
    truth,
    usd,
)
from tests.ledger.model import Model, ModelAttempt, ModelWindow, key_of

MARKS = (50, 80)
HOUR_MS = 3_600_000
AMOUNTS = st.sampled_from([ZERO, Money(1), usd("0.07"), usd("0.25"), usd("0.9")])
PER_MILLE = st.sampled_from([0, 1, 333, 1000, 1001, 1700])
LIMITS = st.sampled_from([None, "0", "0.5", "1", "2.000000000001", "5", "50"])
SESSIONS = st.sampled_from(["s1", "s2", "s3"])
LABELS = Labels(agent="codex", workspace="shop")
SCOPES = frozenset(
    {"global", "agent:codex", "workspace:shop", "provider:p", "model:m", "model:p/m"}
)
ADDED = [
    ("global", WindowKind.WEEK),
    ("global", WindowKind.TOTAL),
    ("agent:codex", WindowKind.MONTH),
    ("workspace", WindowKind.TOTAL),
    ("provider:p", WindowKind.DAY),
    ("model:p/m", WindowKind.WEEK),
    ("session", WindowKind.DAY),
]
IDS_PER_S = 1000 * IDS_PER_MS


def rule_of(scope: str, window: WindowKind, limit: Money) -> BudgetRule:
    kind, _, name = scope.partition(":")
    return BudgetRule(
        scope_kind=cast("ScopeKind", kind),
        name=name or None,
        window=window,
        limit=limit,
    )


class LedgerMachine(RuleBasedStateMachine):
    """Drives a real ledger and the model side by side."""

    @initialize(limit=LIMITS, session_limit=LIMITS)
    def begin(self, limit: str | None, session_limit: str | None) -> None:
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name) / "ledger"
        self.copies = 0
        self.made = 0
        self.boot = BOOT
        self.clock = FakeClock()
        self.ledger = self.open()
        self.model = Model()
        self.limits: dict[tuple[str, WindowKind], str | None] = {
            ("global", WindowKind.MONTH): limit,
            ("session", WindowKind.SESSION): session_limit,
        }
        self.make_rules()

    def open(self) -> Ledger:
        ledger = open_ledger(self.folder, clock_ms=self.clock, boot_id=self.boot)
        ledger.set_alert_marks(MARKS)
        self.high_water = HighWater(ledger.high_water_s())
        if hasattr(self, "matcher"):
            self.put_in_force(ledger)
        return ledger

    def put_in_force(self, ledger: Ledger) -> None:
        ledger.in_force(self.matcher.covers)
        self.model.lapse(self.matcher.covers, self.clock.ms // 1000)

    def make_rules(self) -> None:
        self.budget_rules = tuple(
            rule_of(scope, window, usd(limit))
            for (scope, window), limit in self.limits.items()
            if limit is not None
        )
        self.matcher = BudgetMatcher(self.budget_rules, UTC)
        self.put_in_force(self.ledger)

    def windows(self, session: str) -> tuple[BudgetWindow, ...]:
        return matching(
            self.budget_rules,
            labels=LABELS,
            root_session=session,
            provider="p",
            model="m",
            now=self.high_water.advance(self.clock.ms // 1000),
            tz=UTC,
        )

    @rule(session=SESSIONS, amount=AMOUNTS, retry=st.booleans())
    def hold(self, session: str, amount: Money, retry: bool) -> None:
        self.made += 1
        name, budgets = f"a{self.made}", self.windows(session)
        self.model.count(budgets)
        outcome = self.ledger.hold(
            asking(
                name,
                amount,
                session=session,
                provider="p",
                model="m",
                budgets=budgets,
                at_ms=self.clock.ms,
                labels=LABELS,
                first_attempt=not retry,
            )
        )
        if not self.model.fits(budgets, amount):
            assert isinstance(outcome, NoRoom)
            assert outcome.blocking
            return
        assert isinstance(outcome, Held), outcome
        self.model.hold(
            name,
            budgets,
            amount,
            at_s=self.ledger._holds.open[name].id / IDS_PER_S,
            scopes=SCOPES | {f"session:{session}"},
        )
        for state in outcome.states:
            assert state.room is None or state.room >= ZERO
            assert (state.spent, state.held, state.unknown) == self.model.sums(
                key_of(state.budget)
            )

    def pick(self, data: st.DataObject, *states: HoldState) -> str:
        return data.draw(
            st.sampled_from([n for s in states for n in self.model.in_state(s)])
        )

    def has(self, *states: HoldState) -> bool:
        return any(self.model.in_state(state) for state in states)

    @precondition(lambda self: self.has(HoldState.HELD, HoldState.UNKNOWN))
    @rule(data=st.data(), per_mille=PER_MILLE)
    def settle(self, data: st.DataObject, per_mille: int) -> None:
        name = self.pick(data, HoldState.HELD, HoldState.UNKNOWN)
        counted = self.counted(name)
        amount = self.model.attempts[name].amount
        cost = Money(amount.pico * per_mille // 1000)
        booked = self.ledger.settle(truth(name, cost, at_ms=self.clock.ms))
        assert booked.overrun == self.model.settle(name, cost)
        self.compare_told(name, booked, counted)

    @precondition(lambda self: self.has(HoldState.HELD, HoldState.UNKNOWN))
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        name = self.pick(data, HoldState.HELD, HoldState.UNKNOWN)
        booked = self.ledger.void(ending(name, at_ms=self.clock.ms))
        assert booked.state is HoldState.VOIDED
        self.model.release(name, HoldState.VOIDED)

    @precondition(lambda self: self.has(HoldState.HELD))
    @rule(data=st.data())
    def mark_unknown(self, data: st.DataObject) -> None:
        name = self.pick(data, HoldState.HELD)
        booked = self.ledger.mark_unknown(ending(name, at_ms=self.clock.ms))
        self.model.release(name, HoldState.UNKNOWN)
        self.compare_told(name, booked, ZERO)

    @precondition(lambda self: self.has(HoldState.UNKNOWN))
    @rule(data=st.data(), spent=st.none() | AMOUNTS)
    def resolve(self, data: st.DataObject, spent: Money | None) -> None:
        name = self.pick(data, HoldState.UNKNOWN)
        counted = self.counted(name)
        booked = self.ledger.resolve(name, spent, note="looked it up", who="me")
        if spent is None:
            self.model.release(name, HoldState.VOIDED)
        else:
            self.model.settle(name, spent, closes=False)
            self.compare_told(name, booked, counted)

    @precondition(lambda self: self.has(HoldState.SETTLED, HoldState.VOIDED))
    @rule(data=st.data())
    def resolve_twice(self, data: st.DataObject) -> None:
        name = self.pick(data, HoldState.SETTLED, HoldState.VOIDED)
        with pytest.raises(AlreadyResolvedError):
            self.ledger.settle(truth(name))
        with pytest.raises(AlreadyResolvedError):
            self.ledger.void(ending(name))
        with pytest.raises(AlreadyResolvedError):
            self.ledger.resolve(name, ZERO, note="", who="me")

    @precondition(lambda self: self.has(HoldState.SETTLED, HoldState.VOIDED))
    @rule(data=st.data(), cost=AMOUNTS)
    def correct(self, data: st.DataObject, cost: Money) -> None:
        name = self.pick(data, HoldState.SETTLED, HoldState.VOIDED)
        before = self.model.attempts[name].cost
        done = self.ledger.correct(name, cost, note="the invoice", who="me")
        assert (done.before, done.after) == (before, cost)
        assert {key_of(b) for b in done.reopened} == self.model.correct(name, cost)

    def counted(self, name: str) -> Money:
        """What an attempt counts for in alerts: open holds count for nothing."""
        attempt = self.model.attempts[name]
        unknown = attempt.state is HoldState.UNKNOWN
        return attempt.cost + (attempt.amount if unknown else ZERO)

    def compare_told(self, name: str, booked: Booked, before: Money) -> None:
        told = {(key_of(c.state.budget), c.percent) for c in booked.crossings}
        if self.counted(name) > before:
            assert told == self.model.newly_told(name, MARKS)
        else:
            assert not told

    @rule(limit=LIMITS, which=st.sampled_from(["global", "session"]))
    def change_limit(self, limit: str | None, which: str) -> None:
        window = WindowKind.MONTH if which == "global" else WindowKind.SESSION
        self.limits[which, window] = limit
        self.make_rules()

    @rule(limit=LIMITS, which=st.sampled_from(ADDED))
    def add_or_drop_a_budget(
        self, limit: str | None, which: tuple[str, WindowKind]
    ) -> None:
        self.limits[which] = limit
        self.make_rules()

    @rule(hours=st.sampled_from([-800, -30, -1, 1, 30, 800]))
    def move_clock(self, hours: int) -> None:
        self.clock.ms = max(NOW_MS // 2, self.clock.ms + hours * HOUR_MS)

    @rule()
    def restart(self) -> None:
        self.ledger.close()
        self.model.die()
        self.ledger = self.open()
        assert self.ledger.lost is None

    @rule()
    def kill(self) -> None:
        open_before = set(self.model.in_state(HoldState.HELD))
        self.move_to_copy()
        self.model.die()
        self.ledger = self.open()
        assert set(self.ledger.swept) == open_before
        assert self.ledger.lost is None

    @rule()
    def cut_power(self) -> None:
        self.move_to_copy()
        self.model.die()
        self.boot += "+"
        self.ledger = self.open()
        self.count_lost()

    def move_to_copy(self) -> None:
        self.copies += 1
        assert faults(self.folder) == ()
        copy = killed(self.folder, f"copy-{self.copies}")
        self.ledger.close()
        self.folder = copy

    def count_lost(self) -> None:
        """Take over what stands for holds that a power cut may have dropped."""
        name = self.ledger.lost
        assert name is not None
        reports = Reports.open(self.folder)
        rows = {row.attempt: row for row in reports.holds()}
        reports.close()
        assert rows[name].state is HoldState.UNKNOWN
        assert usd("0.5") <= rows[name].amount <= usd("10")
        windows = [w for w in self.matching_lost() if w.scope == "global"]
        for budget in windows:
            self.model.windows.setdefault(
                key_of(budget), ModelWindow(None, ends_at=budget.ends_at)
            )
        self.model.attempts[name] = ModelAttempt(
            amount=rows[name].amount,
            windows=frozenset(map(key_of, windows)),
            state=HoldState.UNKNOWN,
            at_s=int(name.removeprefix("lost-")) / IDS_PER_S,
            scopes=frozenset({"global"}),
        )

    def matching_lost(self) -> tuple[BudgetWindow, ...]:
        return matching(
            (),
            labels=LABELS,
            root_session="",
            provider="",
            model="",
            now=self.clock.ms // 1000,
            tz=UTC,
        )

    @invariant()
    def sums_are_right(self) -> None:
        if not hasattr(self, "ledger"):
            return
        for session in ("s1", "s2", "s3"):
            windows = self.windows(session)
            self.model.count(windows, looks=True)
            for state in self.ledger.states(windows):
                assert (state.spent, state.held, state.unknown) == self.model.sums(
                    key_of(state.budget)
                )

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            assert faults(self.folder) == ()
            self.ledger.close()
            self.temporary.cleanup()


LedgerMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLedgerMachine = LedgerMachine.TestCase
