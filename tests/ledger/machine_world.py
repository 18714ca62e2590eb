"""The real ledger and the model side by side, and what a machine asks of both."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import cast

from hypothesis import strategies as st

from faregate.core.holds import Booked, BudgetWindow, HoldState
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
    FakeClock,
    faults,
    killed,
    open_ledger,
    usd,
)
from tests.ledger.model import Model, ModelAttempt, ModelWindow, key_of

MARKS = (50, 80)
LABELS = Labels(agent="codex", workspace="shop")
IDS_PER_S = 1000 * IDS_PER_MS


def rule_of(scope: str, window: WindowKind, limit: Money) -> BudgetRule:
    kind, _, name = scope.partition(":")
    return BudgetRule(
        scope_kind=cast("ScopeKind", kind),
        name=name or None,
        window=window,
        limit=limit,
    )


class World:
    """A ledger that is driven, and the model that it is checked against."""

    folder: Path
    ledger: Ledger
    model: Model
    clock: FakeClock
    boot: str
    copies: int
    high_water: HighWater
    matcher: BudgetMatcher
    budget_rules: tuple[BudgetRule, ...]
    limits: dict[tuple[str, WindowKind], str | None]
    sets: dict[tuple[BudgetWindow, ...], tuple[BudgetWindow, ...]]

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
        found = matching(
            self.budget_rules,
            labels=LABELS,
            root_session=session,
            provider="p",
            model="m",
            now=self.high_water.advance(self.clock.ms // 1000),
            tz=UTC,
        )
        # The same again and again, as the gate passes them.
        return self.sets.setdefault(found, found)

    def pick(self, data: st.DataObject, *states: HoldState) -> str:
        return data.draw(
            st.sampled_from([n for s in states for n in self.model.in_state(s)])
        )

    def has(self, *states: HoldState) -> bool:
        return any(self.model.in_state(state) for state in states)

    def unwritten(self) -> tuple[list[str], list[str]]:
        """The attempts that are placed, and those that are settled, in memory alone."""
        holds = self.ledger._holds
        return (
            [request.attempt for request, _, _ in holds.placed],
            [settlement.attempt for settlement, _ in holds.ended.ended],
        )

    def forget_unwritten(self) -> Money:
        """Take back from the model what a kill loses; return what was placed."""
        placed, settled = self.unwritten()
        for name in settled:
            attempt = self.model.attempts[name]
            attempt.state, attempt.cost = HoldState.HELD, ZERO
        return sum((self.model.attempts.pop(name).amount for name in placed), ZERO)

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

    def move_to_copy(self) -> None:
        self.copies += 1
        assert faults(self.folder) == ()
        copy = killed(self.folder, f"copy-{self.copies}")
        self.ledger.close()
        self.folder = copy

    def count_lost(self, placed: Money) -> None:
        """Take over what stands for holds that a power cut may have dropped.

        `placed` was covered, and not written.
        """
        name = self.ledger.lost
        assert name is not None
        reports = Reports.open(self.folder)
        rows = {row.attempt: row for row in reports.holds()}
        reports.close()
        assert rows[name].state is HoldState.UNKNOWN
        assert usd("0.5") <= rows[name].amount <= usd("10") + placed * 8
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
