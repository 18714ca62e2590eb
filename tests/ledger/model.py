"""A ledger that keeps every attempt and sums them anew each time: slow and obvious.

It is what the real one is checked against.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from faregate.core.holds import BudgetWindow, HoldState
from faregate.core.money import ZERO, Money

Key = tuple[str, str, int]


def key_of(budget: BudgetWindow) -> Key:
    return (budget.scope, budget.window, budget.starts_at)


@dataclass
class ModelAttempt:
    """One attempt and what became of it."""

    amount: Money
    windows: frozenset[Key]
    state: HoldState = HoldState.HELD
    cost: Money = ZERO
    overrun: Money = ZERO
    """By how much its bill passed its hold."""
    at_s: float = 0
    """When its hold was made, as its row says."""
    scopes: frozenset[str] = frozenset()
    """What it is counted under."""


@dataclass
class ModelWindow:
    """What is known of a window beside its attempts."""

    limit: Money | None = None
    closed: bool = False
    told: set[int] = field(default_factory=set)
    ends_at: int | None = None
    lapsed: bool = False
    """No budget asked for it, for a while."""


@dataclass
class Model:
    """The brute-force ledger."""

    attempts: dict[str, ModelAttempt] = field(default_factory=dict)
    windows: dict[Key, ModelWindow] = field(default_factory=dict)

    def sums(self, key: Key) -> tuple[Money, Money, Money]:
        """Spent, held and unknown of a window, summed over its attempts."""
        spent = held = unknown = ZERO
        for attempt in self.attempts.values():
            if key in attempt.windows:
                spent += attempt.cost
                held += attempt.amount if attempt.state is HoldState.HELD else ZERO
                if attempt.state is HoldState.UNKNOWN:
                    unknown += attempt.amount
        return spent, held, unknown

    def used(self, key: Key) -> Money:
        """Everything that counts against the limit of a window."""
        return sum(self.sums(key), ZERO)

    def in_state(self, state: HoldState) -> list[str]:
        """The attempts in a state."""
        return [name for name, a in self.attempts.items() if a.state is state]

    def fits(self, budgets: tuple[BudgetWindow, ...], amount: Money) -> bool:
        """Whether the ledger should take this hold."""
        for budget in budgets:
            window = self.windows.get(key_of(budget))
            used = self.used(key_of(budget)) + amount
            if budget.limit is not None and used > budget.limit:
                return False
            if window and window.closed and not self._reopens(budget, window):
                return False
        return True

    def count(self, budgets: tuple[BudgetWindow, ...], *, looks: bool = False) -> None:
        """Let windows that are new, or were not asked for, count all that is theirs."""
        for budget in budgets:
            key, window = key_of(budget), self.windows.get(key_of(budget))
            if budget.window == "session" or (window and not window.lapsed):
                continue
            if window is None:
                if looks and key[:2] in {("global", "month"), ("global", "day")}:
                    continue
                window = ModelWindow(budget.limit, ends_at=budget.ends_at)
                self.windows[key] = window
            window.lapsed = False
            for attempt in self.attempts.values():
                end = float("inf") if budget.ends_at is None else budget.ends_at
                if (
                    budget.scope in attempt.scopes
                    and budget.starts_at <= attempt.at_s < end
                ):
                    attempt.windows |= {key}
            spent, _, unknown = self.sums(key)
            window.told = {
                mark
                for mark in window.told
                if window.limit is not None
                and (spent + unknown) * 100 >= window.limit * mark
            }

    def lapse(self, covers: Callable[[str, str], bool], now: float) -> None:
        """Note the windows that no budget asks for."""
        for (scope, kind, _), window in self.windows.items():
            over = window.ends_at is not None and window.ends_at <= now
            if kind != "session" and not over and not covers(scope, kind):
                window.lapsed = True

    def hold(
        self,
        name: str,
        budgets: tuple[BudgetWindow, ...],
        amount: Money,
        *,
        at_s: float = 0,
        scopes: frozenset[str] = frozenset(),
    ) -> None:
        """Take a hold that fits."""
        for budget in budgets:
            window = self.windows.setdefault(
                key_of(budget), ModelWindow(budget.limit, ends_at=budget.ends_at)
            )
            if window.closed and self._reopens(budget, window):
                window.closed = False
            if window.limit != budget.limit:
                window.limit = budget.limit
                window.told = {
                    mark for mark in window.told if self._reached(budget, mark)
                }
        self.attempts[name] = ModelAttempt(
            amount=amount,
            windows=frozenset(key_of(b) for b in budgets),
            at_s=at_s,
            scopes=scopes,
        )

    def settle(self, name: str, cost: Money, *, closes: bool = True) -> Money:
        """Book a cost; return the overrun."""
        attempt = self.attempts[name]
        attempt.state, attempt.cost = HoldState.SETTLED, cost
        attempt.overrun = overrun = max(ZERO, cost - attempt.amount)
        if overrun and closes:
            for key in attempt.windows:
                if self.windows[key].limit is not None:
                    self.windows[key].closed = True
        return overrun

    def release(self, name: str, state: HoldState) -> None:
        """Void an attempt or make it unknown."""
        self.attempts[name].state = state

    def correct(self, name: str, cost: Money) -> set[Key]:
        """Set what an attempt cost; return the windows that this opened."""
        attempt, opened = self.attempts[name], set()
        attempt.cost = cost
        for key in attempt.windows:
            window = self.windows[key]
            spent, _, unknown = self.sums(key)
            limit = window.limit
            window.told = {
                mark
                for mark in window.told
                if limit is not None
                and limit > ZERO
                and (spent + unknown) * 100 >= limit * mark
            }
            room = limit is None or self.used(key) < limit
            if attempt.overrun and window.closed and room:
                window.closed = False
                opened.add(key)
        return opened

    def newly_told(self, name: str, marks: tuple[int, ...]) -> set[tuple[Key, int]]:
        """The marks that an attempt's windows have reached and that were not told."""
        found = set()
        for key in self.attempts[name].windows:
            window = self.windows[key]
            if window.limit is None or window.limit <= ZERO:
                continue
            spent, _, unknown = self.sums(key)
            for mark in marks:
                reached = (spent + unknown) * 100 >= window.limit * mark
                if reached and mark not in window.told:
                    window.told.add(mark)
                    found.add((key, mark))
        return found

    def die(self) -> None:
        """What a killed process leaves: every open hold becomes unknown."""
        for name in self.in_state(HoldState.HELD):
            self.release(name, HoldState.UNKNOWN)

    def _reopens(self, budget: BudgetWindow, window: ModelWindow) -> bool:
        if budget.limit is None or window.limit is None:
            return window.limit is not None
        used = self.used(key_of(budget))
        return budget.limit > window.limit and budget.limit > used

    def _reached(self, budget: BudgetWindow, mark: int) -> bool:
        spent, _, unknown = self.sums(key_of(budget))
        limit = budget.limit
        return limit is not None and (spent + unknown) * 100 >= limit * mark
