"""In which order a route's targets are asked for one request.

Pure: what a request would cost at a target, and how its session stands, are
arguments. Health is not looked at here: who is unwell is passed over later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.money import Money
from faregate.core.routing import RoutePolicy, RouteRule, Target, drawn
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    CostAt = Callable[[Target], Money | None]
    """What the request would cost there, its warm prompt cache counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The order, and what decided who comes first."""

    targets: tuple[Target, ...]
    why: str
    """"ordered", "weights", "escalated", "sticky", "switch" or the policy."""


def choose(
    rule: RouteRule, *, level: int, draw: int, current: Target | None, cost_at: CostAt
) -> Choice:
    """Return the order in which a request asks a route's targets.

    `current` is the target that served the session last, while its prompt cache may
    still be warm; `level` is how far the session, or the request, is escalated.
    """
    if level:
        base, why = rule.tier(level), "escalated"
    else:
        base = drawn(rule, draw)
        weighted = any(option.weight for option in rule.options.values())
        why = "weights" if weighted else "ordered"
    if rule.policy is not RoutePolicy.ORDERED:
        return _cheapest(rule, base, level, cost_at)
    if not rule.sticky or current is None or not _fits(rule, current, level):
        return Choice(targets=base, why=why)
    if current == base[0]:
        return Choice(targets=base, why=why if why == "escalated" else "sticky")
    stay, leave = cost_at(current), cost_at(base[0])
    if stay is not None and leave is not None and leave < stay:
        return Choice(targets=base, why="switch")
    return Choice(targets=_first(current, base), why="sticky")


def _cheapest(
    rule: RouteRule, base: tuple[Target, ...], level: int, cost_at: CostAt
) -> Choice:
    """Sort by cost; an unknown one comes last, and an escalation stays on its level."""

    def key(target: Target) -> tuple[bool, bool, int]:
        cost = cost_at(target)
        below = not _fits(rule, target, level)
        return below, cost is None, 0 if cost is None else cost.pico

    return Choice(targets=tuple(sorted(base, key=key)), why=str(rule.policy))


def until_accepted(cost: Money, judged: int, accepted: int) -> Money:
    """Return what it costs until a task is accepted, by the outcomes so far.

    Two outcomes, one of them good, are taken for granted: few say little.
    """
    return Money(cost.pico * (judged + 2) // (accepted + 1))


def _fits(rule: RouteRule, target: Target, level: int) -> bool:
    """Tell whether a target belongs to a level or to a higher one."""
    if not level:
        return target in rule.targets
    if rule.escalate_to:
        return target in rule.escalate_to
    return target in rule.targets[min(level, rule.levels) :]


def _first(target: Target, base: tuple[Target, ...]) -> tuple[Target, ...]:
    return (target, *(each for each in base if each != target))
