"""Notes that every request has, as rows of plain values: how they are kept and read.

Owns the order of values in such a row. Rows are written for every request and read
for the few that somebody asks about: so they are short, and whoever reads them gets
them by name. A row's first value is the step.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from faregate.core.limits.limit import Limits
from faregate.core.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.core.estimate import Bounds
    from faregate.core.holds import BudgetWindow, Held
    from faregate.core.loops.finding import Loop
    from faregate.core.pricing import Cost, PriceRow
    from faregate.core.routing import Target

Figures = dict[str, Any]
_LIMITS = tuple(item.name for item in fields(Limits))
_limits_of = attrgetter(*_LIMITS)
_USED = (
    "requests",
    "retries",
    "input_tokens",
    "output_tokens",
    "tool_calls",
    "concurrency",
    "wall_clock",
    "request_input_tokens",
    "request_output_tokens",
)
_BOUNDS = (
    "input",
    "output",
    "choices",
    "server_tool_calls",
    "output_injected",
    "hidden_output",
)
_bounds_of = attrgetter(*_BOUNDS)
_WINDOW = ("scope", "window", "starts_at", "ends_at")
_SUMS = ("spent", "held", "unknown")
_FLAT = 10
"""Values of a hold's row as it once was, with nothing in it that is shared."""
_SHARED = 1024
"""Values of many requests whose JSON is kept."""
_ENCODER = msgspec.json.Encoder(enc_hook=str)
_T = TypeVar("_T")
_said: dict[int, tuple[object, msgspec.Raw]] = {}


def json_of(value: object) -> bytes:
    """Return rows and objects as JSON."""
    return _ENCODER.encode(value)


def _shared(value: _T, say: Callable[[_T], object]) -> msgspec.Raw:
    """Return what is said of a value that many requests share, and that never changes.

    Kept by its address, and with it: so no other value can have the same.
    """
    found = _said.get(id(value))
    if found is None:
        if len(_said) >= _SHARED:
            _said.clear()
        found = _said[id(value)] = (value, msgspec.Raw(json_of(say(value))))
    return found[1]


def _hold(
    target: Target, bounds: Bounds, row: PriceRow | None, held: Held, cause: str | None
) -> tuple[object, ...]:
    return (
        "hold",
        held.attempt,
        _shared(target, _way_of),
        cause,
        held.amount.pico,
        _bounds_of(bounds),
        None if row is None else _shared(row, _price_of),
        [
            (_shared(budget, _window_of), spent, on_hold, unknown, closed)
            for budget, spent, on_hold, unknown, closed in held.sums()
        ],
    )


def _way_of(target: Target) -> tuple[object, ...]:
    return (str(target), target.route)


def _price_of(row: PriceRow) -> tuple[object, ...]:
    return (row.source, row.since)


def _window_of(budget: BudgetWindow) -> tuple[object, ...]:
    limit = None if budget.limit is None else budget.limit.pico
    return (budget.scope, budget.window, budget.starts_at, budget.ends_at, limit)


def _hold_read(row: Sequence[Any]) -> Figures:
    if len(row) == _FLAT:
        _, attempt, target, route, cause, held, bounds, price, since, states = row
    else:
        _, attempt, (target, route), cause, held, bounds, priced, states = row
        price, since = priced or (None, None)
    return {
        "step": "hold",
        "attempt": attempt,
        "target": target,
        "route": route,
        "cause": cause,
        "held": _usd(held),
        "bounds": dict(zip(_BOUNDS, bounds, strict=True)),
        "price": price,
        "price_since": since,
        "budgets": {"states": [_state_read(state) for state in states]},
    }


def _state_read(row: Sequence[Any]) -> Figures:
    *window, limit, spent, held, unknown, closed = (
        row if isinstance(row[0], str) else (*row[0], *row[1:])
    )
    budget: Figures = dict(zip(_WINDOW, window, strict=True))
    budget["limit"] = None if limit is None else _usd(limit)
    sums = {n: _usd(s) for n, s in zip(_SUMS, (spent, held, unknown), strict=True)}
    return {"budget": budget, **sums, "closed": closed}


def _limits(limits: Limits, used: tuple[float, ...]) -> tuple[object, ...]:
    return ("limits", _shared(limits, _values_of), used)


def _values_of(limits: Limits) -> tuple[object, ...]:
    values: tuple[object, ...] = _limits_of(limits)
    spend = limits.spend_per_minute
    return values if spend is None else (*values[:-1], spend.pico)


def _limits_read(row: Sequence[Any]) -> Figures:
    _, values, used = row
    limits = dict(zip(_LIMITS, values, strict=True))
    if limits["spend_per_minute"] is not None:
        limits["spend_per_minute"] = _usd(limits["spend_per_minute"])
    return {
        "step": "limits",
        "limits": limits,
        **dict(zip(_USED, used, strict=True)),
    }


def _cost(attempt: str, cost: Cost, service: str | None) -> tuple[object, ...]:
    lines = [(what, count, rate, count * rate) for what, count, rate in cost.items]
    return ("cost", attempt, cost.amount.pico, cost.source, lines, service)


def _cost_read(row: Sequence[Any]) -> Figures:
    _, attempt, amount, source, lines, service = row
    return {
        "step": "cost",
        "attempt": attempt,
        "amount": _usd(amount),
        "source": source,
        "lines": [
            {"what": what, "count": count, "rate": rate, "amount": _usd(cost)}
            for what, count, rate, cost in lines
        ],
        "service": service,
    }


def _loop(loop: Loop, decision: str) -> tuple[object, ...]:
    return ("loop", loop.rule, loop.times, loop.tools, decision)


def _loop_read(row: Sequence[Any]) -> Figures:
    names = ("step", "rule", "times", "tools", "decision")
    return dict(zip(names, row, strict=True))


WRITERS: dict[str, Callable[..., tuple[object, ...]]] = {
    "hold": _hold,
    "limits": _limits,
    "cost": _cost,
    "loop": _loop,
}
"""What makes a row of a note's values, as they were noted, by step."""
_READERS: dict[str, Callable[[Sequence[Any]], Figures]] = {
    "hold": _hold_read,
    "limits": _limits_read,
    "cost": _cost_read,
    "loop": _loop_read,
}


def read_row(row: Sequence[Any]) -> Figures:
    """Return what a row says, by name; money in USD as text.

    Raises KeyError or ValueError for what is no such row.
    """
    return _READERS[row[0]](row)


def _usd(pico: int) -> str:
    return Money(pico).exact()
