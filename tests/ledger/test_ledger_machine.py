"""Any sequence of holds, ends, kills, limits and clocks keeps the books right."""

from __future__ import annotations

import tempfile
from pathlib import Path

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
    BudgetWindow,
    Held,
    HoldState,
    LedgerError,
    NoRoom,
)
from faregate.core.money import ZERO, Money
from faregate.core.windows import WindowKind
from faregate.ledger.connection import select
from faregate.ledger.reports import Reports
from tests.ledger.building import (
    BOOT,
    NOW_MS,
    FakeClock,
    asking,
    ending,
    faults,
    truth,
    usd,
)
from tests.ledger.machine_world import IDS_PER_S, LABELS, World
from tests.ledger.model import Model, key_of
from tests.ledger.test_ledger_fail_nth import FailNth

HOUR_MS = 3_600_000
AMOUNTS = st.sampled_from([ZERO, Money(1), usd("0.07"), usd("0.25"), usd("0.9")])
PER_MILLE = st.sampled_from([0, 1, 333, 1000, 1001, 1700])
LIMITS = st.sampled_from([None, "0", "0.5", "1", "2.000000000001", "5", "50"])
SESSIONS = st.sampled_from(["s1", "s2", "s3"])
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
IN_FILE = (
    "SELECT coalesce(sum(iif(state IN ('held', 'unknown'), amount, cost)), 0) "
    "+ (SELECT coalesce(sum(after - before), 0) FROM correction) FROM attempt"
)


class LedgerMachine(World, RuleBasedStateMachine):
    """Drives a real ledger and the model side by side."""

    @initialize(limit=LIMITS, session_limit=LIMITS)
    def begin(self, limit: str | None, session_limit: str | None) -> None:
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name) / "ledger"
        self.copies = 0
        self.made = 0
        self.boot = BOOT
        self.sets: dict[tuple[BudgetWindow, ...], tuple[BudgetWindow, ...]] = {}
        self.clock = FakeClock()
        self.ledger = self.open()
        self.model = Model()
        self.limits: dict[tuple[str, WindowKind], str | None] = {
            ("global", WindowKind.MONTH): limit,
            ("session", WindowKind.SESSION): session_limit,
        }
        self.make_rules()

    @rule(session=SESSIONS, amount=AMOUNTS, retry=st.booleans(), placed=st.booleans())
    def hold(self, session: str, amount: Money, retry: bool, placed: bool) -> None:
        self.made += 1
        name, budgets = f"a{self.made}", self.windows(session)
        self.model.count(budgets)
        ask = self.ledger.place if placed else self.ledger.hold
        outcome = ask(
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

    @precondition(lambda self: self.has(HoldState.HELD))
    @rule(data=st.data(), per_mille=PER_MILLE)
    def settle_soon(self, data: st.DataObject, per_mille: int) -> None:
        name = self.pick(data, HoldState.HELD)
        cost = Money(self.model.attempts[name].amount.pico * per_mille // 1000)
        booked = self.ledger.settle_soon(truth(name, cost, at_ms=self.clock.ms))
        assert booked.overrun == self.model.settle(name, cost)
        self.compare_told(name, booked, ZERO)

    @rule()
    def flush(self) -> None:
        self.ledger.flush()
        assert self.unwritten() == ([], [])

    @precondition(lambda self: any(self.unwritten()))
    @rule(nth=st.integers(1, 9), dies=st.booleans())
    def flush_fails(self, nth: int, dies: bool) -> None:
        """What was placed never came about; what was settled is spilled and booked."""
        placed, _ = self.unwritten()
        failing = FailNth(self.ledger, nth)
        try:
            self.ledger.flush()
            placed = []
        except LedgerError:
            assert failing.failed
        failing.end()
        for name in placed:
            with pytest.raises(LedgerError):
                self.ledger.confirm(name)
            del self.model.attempts[name]
        if dies:
            self.kill()
        elif self.ledger.paused is not None:
            self.ledger._try_again()
        assert self.ledger.paused is None

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
        self.forget_unwritten()
        open_before = set(self.model.in_state(HoldState.HELD))
        self.move_to_copy()
        self.model.die()
        self.ledger = self.open()
        assert set(self.ledger.swept) == open_before
        assert self.ledger.lost is None

    @rule()
    def cut_power(self) -> None:
        placed = self.forget_unwritten()
        self.move_to_copy()
        self.model.die()
        self.boot += "+"
        self.ledger = self.open()
        self.count_lost(placed)

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

    @invariant()
    def the_file_never_says_too_little(self) -> None:
        """What is not written counts there in full, or was not begun at all."""
        if not hasattr(self, "ledger"):
            return
        reports = Reports.open(self.folder)
        ((in_file,),) = select(reports._connection, IN_FILE)
        reports.close()
        known = self.model.attempts
        placed, _ = self.unwritten()
        unwritten = sum((known[name].amount for name in placed), ZERO)
        counted = sum(
            (
                a.amount if a.state in {HoldState.HELD, HoldState.UNKNOWN} else a.cost
                for a in known.values()
            ),
            ZERO,
        )
        behind = self.ledger._holds.ended.freed
        assert in_file == (counted - unwritten).pico + behind

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
