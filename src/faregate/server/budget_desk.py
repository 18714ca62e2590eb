"""The limits of budgets while the proxy runs: set for good, or raised for a while.

A raise ends by itself, at its instant or once as much time has gone by: a clock that is
set back does not prolong it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.config.kinds import Cap
from faregate.config.overrides import set_cap
from faregate.config.problems import ConfigError
from faregate.config.raises import Raised, read_raises, slot_of, write_raises
from faregate.config.sections.budgets import Slot, with_cap
from faregate.core.holds import LedgerError
from faregate.core.limits.budget import BudgetMatcher
from faregate.core.money import Money
from faregate.server.views import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.control.models import SetBudget
    from faregate.core.limits.budget import BudgetRule
    from faregate.gateway.gate import Gate
    from faregate.server.ports import AdminPort

LEAST_S = 60.0
MOST_S = 31 * 86_400.0
LOOK_S = 1.0


class BudgetDesk:
    """Knows every budget's own limit, and what is raised above it just now."""

    def __init__(
        self, settings: Settings, paths: Paths, gate: Gate, admin: AdminPort
    ) -> None:
        """Begin with what was configured, and with the raises that still last."""
        self._rules = settings.budget_rules
        self._zone = settings.budget.timezone
        self._paths = paths
        self._gate = gate
        self._admin = admin
        self._raised: dict[Slot, Raised] = {}
        self._over_at: dict[Slot, float] = {}
        for each in read_raises(paths):
            self._add(each)
        if self._raised:
            gate.rebudget(self._matcher(self._rules, self._raised))
            self.look()

    def limit_of(self, scope: str, window: str) -> Money | None:
        """Return a budget's own limit, whatever it is raised to; None without one."""
        return self._limit(self._rules, slot_of(scope, window))

    @property
    def raised(self) -> Mapping[tuple[str, str], str]:
        """Return until when budgets are raised, by scope and window."""
        return {
            (slot.scope, slot.window.value): rfc3339(each.until_ms)
            for slot, each in self._raised.items()
        }

    def check(self, asked: SetBudget) -> None:
        """Raise ValueError for what cannot be set."""
        slot = slot_of(asked.scope, asked.window)
        if asked.for_s is None:
            return
        if not LEAST_S <= asked.for_s <= MOST_S:
            raise ValueError("a raise lasts from one minute to 31 days")
        own = self._limit(self._rules, slot)
        if own is None:
            raise ValueError(f"{slot.scope} has no limit in its {slot.window} to raise")
        if asked.limit is not None and Money.usd(asked.limit) <= own:
            raise ValueError(f"only a raise above {own} can be for a while")

    def set(self, asked: SetBudget) -> None:
        """Apply a limit at once, then keep it over a restart.

        LedgerError leaves everything as it was. ConfigError and OSError say that it
        holds until the next start only.
        """
        slot = slot_of(asked.scope, asked.window)
        cap = Cap(None if asked.limit is None else Money.usd(asked.limit))
        rules, raised = self._rules, dict(self._raised)
        if asked.for_s is not None:
            until = self._gate.clock.now_ms() + int(asked.for_s * 1000)
            raised[slot] = Raised(slot=slot, cap=cap, until_ms=until)
        else:
            # Only this one: nobody has confirmed what else the files say by now.
            rules = with_cap(rules, slot, cap)
            raised.pop(slot, None)
        self._gate.rebudget(self._matcher(rules, raised))
        self._rules = rules
        self._drop(slot)
        if slot in raised:
            self._add(raised[slot])
        else:
            set_cap(self._paths, slot, cap)
        write_raises(self._paths, self._raised.values())

    async def run(self) -> None:
        """End raises when their time is over, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """End the raises that are over."""
        now_ms, now = self._gate.clock.now_ms(), self._gate.clock.elapsed()
        over = [
            slot
            for slot, each in self._raised.items()
            if now_ms >= each.until_ms or now >= self._over_at[slot]
        ]
        for slot in over:
            self._end(slot)

    def _end(self, slot: Slot) -> None:
        gate = self._gate
        self._drop(slot)
        # It is over whatever the ledger can do: that it is has only to be written down.
        gate.tighten(self._matcher(self._rules, self._raised))
        limit = self._limit(self._rules, slot)
        try:
            self._admin.set_limit(
                slot.scope,
                slot.window.value,
                limit,
                note="its raise is over",
                who="faregate",
            )
            write_raises(self._paths, self._raised.values())
        except (LedgerError, ConfigError, OSError) as error:
            gate.events.publish(
                "ledger",
                f"the end of a raise was not written down: {error}",
                at_ms=gate.clock.now_ms(),
                severity="alert",
            )
        gate.events.publish(
            "budget",
            f"{slot.scope} {slot.window} budget is back at {limit or 'no limit'}",
            at_ms=gate.clock.now_ms(),
        )

    def _add(self, raised: Raised) -> None:
        clock = self._gate.clock
        left = (raised.until_ms - clock.now_ms()) / 1000
        self._raised[raised.slot] = raised
        self._over_at[raised.slot] = clock.elapsed() + min(left, MOST_S)

    def _drop(self, slot: Slot) -> None:
        self._raised.pop(slot, None)
        self._over_at.pop(slot, None)

    def _matcher(
        self, rules: tuple[BudgetRule, ...], raised: Mapping[Slot, Raised]
    ) -> BudgetMatcher:
        """Return the limits that hold under these, raised where they are."""
        raising = rules
        for slot, each in raised.items():
            own = self._limit(rules, slot)
            if own is not None and (each.cap.limit is None or each.cap.limit > own):
                raising = with_cap(raising, slot, each.cap)
        return BudgetMatcher(raising, self._zone)

    @staticmethod
    def _limit(rules: tuple[BudgetRule, ...], slot: Slot) -> Money | None:
        for rule in rules:
            if Slot(rule.scope_kind, rule.name, rule.window) == slot:
                return rule.limit
        return None
