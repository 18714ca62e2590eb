"""Rows as reports give them, with what a test does not care about filled in."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

from faregate.core.cost_log import AttemptEntry, Explained, RequestRow
from faregate.core.holds import HoldState
from faregate.core.labels import Labels
from faregate.core.money import ZERO, Money
from faregate.core.records import HoldRow, SessionRow, SpendRow

_T = TypeVar("_T")
NOW_MS = 1_795_000_000_000


def session_row(**changes: Any) -> SessionRow:
    """Return a session of one settled request, a second ago."""
    return _row(
        SessionRow,
        {
            "session": "run-1",
            "root": "run-1",
            "parent": None,
            "labels": Labels(agent="codex"),
            "started_at_ms": NOW_MS - 1000,
            "last_at_ms": NOW_MS - 1000,
            "cost": Money.usd("0.1"),
            "cost_source": "reported",
            "models": ("sim/gpt-x",),
            "last_error": None,
            "ended_at_ms": None,
            "outcome": None,
            "context_tokens": None,
            "last_status": 200,
            **changes,
        },
    )


def hold_row(**changes: Any) -> HoldRow:
    """Return one unknown hold."""
    return _row(
        HoldRow,
        {
            "attempt": "req_1",
            "request": "req_1",
            "session": "run-1",
            "provider": "sim",
            "model": "gpt-x",
            "state": HoldState.UNKNOWN,
            "amount": Money.usd("0.5"),
            "at_ms": NOW_MS,
            "why": "the connection was reset",
            **changes,
        },
    )


def spend_row(**changes: Any) -> SpendRow:
    """Return the sums of one key."""
    return _row(SpendRow, {"key": "sim", "ttfb_ms": None, **changes})


def explained(*, attempt: str, cost: str) -> Explained:
    """Return what is kept of a request with one settled attempt."""
    texts = dict.fromkeys(("provider", "model", "protocol", "session", "root"), "x")
    labels = Labels(agent="codex")
    entry = _row(
        AttemptEntry,
        {
            **texts,
            "attempt": attempt,
            "request": attempt,
            "at_ms": NOW_MS,
            "state": "settled",
            "labels": labels,
            "cost": Money.usd(cost),
        },
    )
    none = dict.fromkeys(
        ("parent", "message", "code", "verdict", "escalation", "outcome"), None
    )
    row = _row(
        RequestRow,
        {
            **{name: texts[name] for name in ("provider", "model", "protocol")},
            **none,
            "request": attempt,
            "session": "x",
            "root": "x",
            "labels": labels,
            "at_ms": NOW_MS,
            "identified_by": "url",
            "asked": "x",
            "route": None,
            "result": "answered",
        },
    )
    return Explained(row=row, attempts=(entry,))


def _row(kind: type[_T], given: dict[str, Any]) -> _T:
    """Return a row whose numbers are zero where nothing is given."""
    values = {}
    every: tuple[Field[Any], ...] = fields(kind)  # type: ignore[arg-type]
    for each in every:
        name = each.name
        if name in given:
            values[name] = given.pop(name)
        elif each.default is MISSING and each.default_factory is MISSING:
            kinds = {
                "Money": ZERO,
                "bool": False,
                "str | None": None,
                "bool | None": None,
            }
            values[name] = kinds.get(str(each.type), 0)
    assert not given, f"{kind.__name__} has no {sorted(given)}"
    return kind(**values)
