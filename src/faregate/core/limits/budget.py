"""Which budgets apply to a request, each over its concrete window.

Owns the match of configured rules against labels and target. It must not look at
what was spent: the ledger decides that inside its transaction.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Literal, get_args

from faregate.core.holds import BudgetWindow
from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass
from faregate.core.windows import Bounds, WindowKind, bounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from faregate.core.labels import Labels

ScopeKind = Literal[
    "global", "workspace", "agent", "session", "provider", "model", "task", "customer"
]
SCOPE_KINDS: tuple[ScopeKind, ...] = get_args(ScopeKind)
_MEMO_SIZE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRule:
    """One budget: a limit over a scope and a window.

    `name` None means each one of its kind has this limit for itself: each agent,
    each session. A model may be named alone or as "provider/model".
    """

    scope_kind: ScopeKind
    name: str | None = None
    window: WindowKind
    limit: Money

    def __post_init__(self) -> None:
        """Raise ValueError for a rule that could not mean anything."""
        if self.scope_kind not in SCOPE_KINDS:
            raise ValueError(f"{self.scope_kind!r} is not a scope of a budget")
        if self.scope_kind == "global" and self.name is not None:
            raise ValueError("a global budget has no name")
        if self.window is WindowKind.SESSION and self.scope_kind != "session":
            raise ValueError("only a session's budget can last for the session")
        if self.limit < ZERO:
            raise ValueError(f"a budget of {self.limit} is below zero")


# Always counted, so that a person sees them even where nothing is limited.
_COUNTED: tuple[tuple[ScopeKind, WindowKind], ...] = (
    ("global", WindowKind.MONTH),
    ("global", WindowKind.DAY),
    ("session", WindowKind.SESSION),
)


class BudgetMatcher:
    """Matches one set of rules; remembers its answers while no window ends."""

    def __init__(self, rules: tuple[BudgetRule, ...], zone: tzinfo) -> None:
        """Prepare to match `rules` with windows in `zone`."""
        self.rules = rules
        self.zone = zone
        self._day = Bounds(ends_at=0)
        self._memo: dict[tuple[Labels, str, str, str], tuple[BudgetWindow, ...]] = {}

    def match(
        self, labels: Labels, root_session: str, provider: str, model: str, now: float
    ) -> tuple[BudgetWindow, ...]:
        """Return the windows that count this request, each once.

        The same tuple comes back for the same request within a day.
        """
        # Every window ends where a local day ends, so the day is all to look at.
        if not self._day.contains(now):
            self._day = bounds(WindowKind.DAY, now, self.zone)
            self._memo.clear()
        key = (labels, root_session, provider, model)
        found = self._memo.get(key)
        if found is None:
            if len(self._memo) >= _MEMO_SIZE:
                self._memo.clear()
            found = self._memo[key] = self._windows(
                labels, root_session, provider, model, now
            )
        return found

    def until(self, now: float) -> float:
        """Return when the day of `now` is over: no window ends before that."""
        return bounds(WindowKind.DAY, now, self.zone).ends_at or inf

    def covers(self, scope: str, window: str) -> bool:
        """Tell whether requests of a scope ("agent:x") are counted in its window."""
        kind, _, name = scope.partition(":")
        if any((kind, window) == counted for counted in _COUNTED):
            return True
        return any(
            rule.scope_kind == kind
            and rule.window == window
            and rule.name in {None, name or None}
            for rule in self.rules
        )

    def _windows(
        self, labels: Labels, root_session: str, provider: str, model: str, now: float
    ) -> tuple[BudgetWindow, ...]:
        names = {
            "workspace": labels.workspace,
            "agent": labels.agent,
            "session": root_session,
            "provider": provider,
            "model": model,
            "task": labels.task,
            "customer": labels.customer,
        }
        limits: dict[tuple[str, WindowKind], Money | None] = {}
        for kind, window in _COUNTED:
            scope = "global" if kind == "global" else f"{kind}:{root_session}"
            limits[scope, window] = None
        target = f"{provider}/{model}"
        for scope, rule in _applying(self.rules, names, target):
            known = limits.get((scope, rule.window))
            tighter = rule.limit if known is None else min(known, rule.limit)
            limits[scope, rule.window] = tighter
        windows = []
        for (scope, window), limit in limits.items():
            span = bounds(window, now, self.zone)
            windows.append(
                BudgetWindow(
                    scope=scope,
                    window=window.value,
                    starts_at=span.starts_at,
                    ends_at=span.ends_at,
                    limit=limit,
                )
            )
        return tuple(windows)


def _applying(
    rules: tuple[BudgetRule, ...], names: dict[str, str | None], target: str
) -> Iterator[tuple[str, BudgetRule]]:
    """Yield each rule that applies, with its concrete scope."""
    for rule in rules:
        if rule.scope_kind == "global":
            yield "global", rule
            continue
        own = names[rule.scope_kind]
        if not own:
            continue
        wanted = own if rule.name is None else rule.name
        if wanted == own or (rule.scope_kind == "model" and wanted == target):
            yield f"{rule.scope_kind}:{wanted}", rule


_latest: BudgetMatcher | None = None


def matching(
    rules: tuple[BudgetRule, ...],
    *,
    labels: Labels,
    root_session: str,
    provider: str,
    model: str,
    now: float,
    tz: tzinfo,
) -> tuple[BudgetWindow, ...]:
    """Return the budget windows that count a request at `now` (Unix seconds).

    The global month and day and the session are always among them, with limit None
    where no rule limits them. Pass the same `rules` tuple each time: the answers
    for it are remembered by identity, because hashing it would cost more.
    """
    global _latest
    matcher = _latest
    if matcher is None or matcher.rules is not rules or matcher.zone is not tz:
        matcher = _latest = BudgetMatcher(rules, tz)
    return matcher.match(labels, root_session, provider, model, now)
