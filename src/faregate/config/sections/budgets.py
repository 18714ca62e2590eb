"""[budget] and [[budgets]]: caps, from the configuration and from overrides."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from faregate.config.kinds import Cap
from faregate.config.problems import did_you_mean
from faregate.config.schema import BudgetKeys, BudgetsKeys
from faregate.config.settings import BudgetSettings, Hidden
from faregate.core.limits.budget import BudgetRule, ScopeKind
from faregate.core.money import Money
from faregate.core.values import dataclass
from faregate.core.windows import WindowKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.config.tables import Table

DEFAULT_MONTHLY = Money.usd(20)


@dataclass(frozen=True, slots=True)
class Slot:
    """What a cap is on: a scope and a window."""

    kind: ScopeKind
    name: str | None
    window: WindowKind

    @property
    def scope(self) -> str:
        """The scope as it is written: "global", "agent:codex"."""
        return self.kind if self.name is None else f"{self.kind}:{self.name}"

    @property
    def key(self) -> str:
        """The shortest way to write this cap's key."""
        for word, slot in SHORT_SLOTS.items():
            if slot == self:
                return f"budget.{word}"
        return f"budgets {self.scope} {self.window}"


MONTHLY = Slot("global", None, WindowKind.MONTH)
DAILY = Slot("global", None, WindowKind.DAY)
SESSION = Slot("session", None, WindowKind.SESSION)
SHORT_SLOTS = {"monthly": MONTHLY, "daily": DAILY, "session": SESSION}
"""The caps that [budget] names with one word."""

Caps = dict[Slot, Cap]


def read_caps(budget: Table, budgets: list[Table]) -> Caps:
    """Return every cap that was written, and report one that was written twice."""
    caps: Caps = {}
    for key in (BudgetKeys.MONTHLY, BudgetKeys.DAILY, BudgetKeys.SESSION):
        if (cap := budget.optional(key)) is not None:
            caps[SHORT_SLOTS[key.name]] = cap
    for entry in budgets:
        scope = entry.required(BudgetsKeys.SCOPE)
        window = entry.required(BudgetsKeys.WINDOW)
        limit = entry.required(BudgetsKeys.LIMIT)
        entry.finish()
        if scope is None or window is None or limit is None:
            continue
        slot = Slot(*scope, window)
        if wrong := unusable(slot):
            entry.problem("window", wrong)
        elif slot in caps:
            entry.problem("limit", f"this cap was given before: {slot.key}")
        else:
            caps[slot] = limit
    return caps


def unusable(slot: Slot) -> str:
    """Return why no budget can have this scope and window, or nothing."""
    if slot.kind != "session" and slot.window is WindowKind.SESSION:
        return f"the window session goes with the scope session, not {slot.scope}"
    return ""


def merge_caps(
    configured: Caps, overrides: Caps
) -> tuple[dict[Slot, Cap], tuple[Hidden, ...]]:
    """Return the caps that hold, and each configured one that an override hides."""
    hidden = tuple(
        Hidden(
            key=slot.key,
            configured=cap_text(configured[slot]),
            override=cap_text(cap),
        )
        for slot, cap in overrides.items()
        if slot in configured and configured[slot] != cap
    )
    return {MONTHLY: Cap(DEFAULT_MONTHLY)} | configured | overrides, hidden


def cap_text(cap: Cap) -> str:
    """Return a cap as it is written in TOML."""
    return '"none"' if cap.limit is None else cap.limit.exact()


def rules(caps: Mapping[Slot, Cap]) -> tuple[BudgetRule, ...]:
    """Return the caps that limit something."""
    return tuple(
        BudgetRule(
            scope_kind=slot.kind, name=slot.name, window=slot.window, limit=cap.limit
        )
        for slot, cap in caps.items()
        if cap.limit is not None
    )


def with_cap(
    rules_now: tuple[BudgetRule, ...], slot: Slot, cap: Cap
) -> tuple[BudgetRule, ...]:
    """Return the rules with one slot's cap replaced, and no other changed."""
    caps = {
        Slot(rule.scope_kind, rule.name, rule.window): Cap(rule.limit)
        for rule in rules_now
    }
    return rules({**caps, slot: cap})


def read_budget(
    table: Table, caps: Mapping[Slot, Cap], *, chosen: bool
) -> BudgetSettings:
    """Return how budgets are applied; `chosen` says someone chose the monthly cap."""
    alerts = table.value(BudgetKeys.ALERTS)
    if len(set(alerts)) != len(alerts):
        table.problem("alerts", "names a percentage twice")
    name = table.value(BudgetKeys.TIMEZONE)
    settings = BudgetSettings(
        monthly=_limit(caps, MONTHLY),
        daily=_limit(caps, DAILY),
        session=_limit(caps, SESSION),
        monthly_is_default=not chosen,
        alerts=tuple(sorted(set(alerts))),
        timezone=_zone(table, name),
        timezone_name=name,
        on_tight=table.value(BudgetKeys.ON_TIGHT),
        output=table.value(BudgetKeys.OUTPUT),
        unpriced=table.value(BudgetKeys.UNPRICED),
    )
    table.finish()
    return settings


def _limit(caps: Mapping[Slot, Cap], slot: Slot) -> Money | None:
    cap = caps.get(slot)
    return None if cap is None else cap.limit


def _zone(table: Table, name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        hint = did_you_mean(name, known) if known else "Install the tzdata package."
        table.problem("timezone", f'"{name}" is no time zone known here', hint)
        return UTC
