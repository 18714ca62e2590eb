"""What the gate decided about one request, step by step, for whoever asks later.

Notes are cheap: references in a list. They become text after the request, away from
its path. Steps in use: "identity", "plan", "route", "limits", "loop", "approval",
"hold" (an attempt begins), "attempt" (one failed), "cost", "translation", "refused". Nothing here may hold what a
prompt or an answer says.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from faregate.core.money import Money
from faregate.core.routing import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.estimate import Bounds
    from faregate.core.facts import RequestFacts
    from faregate.core.holds import Held
    from faregate.core.identity import Identity
    from faregate.core.pricing import PriceRow
    from faregate.core.usage import Usage

MOST_NOTES = 200
"""Notes that one request keeps: a request that waits for long is no novel."""
_LONGEST = 600
_MOST_ITEMS = 100

Note = tuple[str, dict[str, object]]


class BegunAttempt(Protocol):
    """What one attempt's hold tells of it, once it has ended."""

    bounds: Bounds
    client_retry: bool
    failed: bool
    fault: str | None
    usage: Usage | None
    verdict: str | None


class Explanation:
    """The notes of one request, in the order in which they were made."""

    __slots__ = ("_notes", "attempts", "facts", "hold", "identity", "target")

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self.identity: Identity | None = None
        """Whom the request belongs to; None where that was not found out."""
        self.facts: RequestFacts | None = None
        self.target: Target | None = None
        """Who was asked last, or was to be."""
        self.hold: BegunAttempt | None = None
        """The hold of the latest attempt."""
        self.attempts = 0

    def identified(self, identity: Identity, facts: RequestFacts) -> None:
        """Note whom the request belongs to and what it is."""
        self.identity, self.facts = identity, facts
        self.note("identity", identity=identity)

    def opened(
        self,
        hold: BegunAttempt,
        target: Target,
        row: PriceRow | None,
        held: Held,
        cause: str | None,
    ) -> None:
        """Note that an attempt begins under its hold; `cause` says why it is made."""
        self.attempts += 1
        self.target, self.hold = target, hold
        self.note(
            "hold",
            attempt=held.attempt,
            target=target,
            route=target.route,
            cause=cause,
            held=held.amount,
            bounds=hold.bounds,
            price=None if row is None else row.source,
            price_since=None if row is None else row.since,
            budgets=held,
        )

    def note(self, step: str, /, **figures: object) -> None:
        """Add what was decided: plain values, Money, enums or frozen dataclasses.

        Values are kept by reference: give nothing that changes afterwards.
        """
        if len(self._notes) < MOST_NOTES:
            self._notes.append((step, figures))

    def last(self, step: str) -> dict[str, object] | None:
        """Return the figures of the latest note of a step."""
        return next((f for s, f in reversed(self._notes) if s == step), None)

    def __iter__(self) -> Iterator[Note]:
        return iter(self._notes)

    def __len__(self) -> int:
        return len(self._notes)

    def json(self) -> str:
        """Return the notes as a JSON list of objects, each with its "step"."""
        told = [{"step": step, **_members(figures)} for step, figures in self._notes]
        return msgspec.json.encode(told).decode()


def _members(figures: dict[str, object]) -> dict[str, Any]:
    return {name: plain(value) for name, value in figures.items()}


def plain(value: object) -> Any:
    """Return a value as JSON can say it: money exactly, in USD; text bounded."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in list(value.items())[:_MOST_ITEMS]}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in list(value)[:_MOST_ITEMS]]
    if is_dataclass(value) and not isinstance(value, Money | Target):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    return _text(value)[:_LONGEST]


def _text(value: object) -> str:
    if isinstance(value, Money):
        return value.exact()
    return value.isoformat() if isinstance(value, date) else str(value)
