"""What the gate decided about one request, step by step, for whoever asks later.

Notes are cheap: references in a list. They become text after the request, away from
its path. Steps in use: "identity", "plan", "route", "limits", "loop", "approval",
"hold" (an attempt begins), "attempt" (one failed), "cost", "translation", "refused". Nothing here may hold what a
prompt or an answer says.
"""

from __future__ import annotations

from dataclasses import fields
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
_LONGEST_TEXT = 64 * 1024
_MOST_ITEMS = 100
_MONEY = {item.name for item in fields(Money)}
_TARGET = {item.name for item in fields(Target)}
_ENCODER = msgspec.json.Encoder(enc_hook=str)

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
        """Return the notes as a JSON list of objects, each with its "step"; see `read`.

        Values go as they are: that costs a tenth of saying them nicely.
        """
        text = _ENCODER.encode([{"step": s, **figures} for s, figures in self._notes])
        if len(text) > _LONGEST_TEXT:
            shown = [{"step": step} for step, _ in self._notes]
            text = _ENCODER.encode([*shown, {"step": "cut", "bytes": len(text)}])
        return text.decode()


def read(text: str) -> list[dict[str, Any]] | None:
    """Return notes from their JSON: money exactly, in USD; text bounded.

    None for what is no such JSON.
    """
    try:
        found = msgspec.json.decode(text, type=list[dict[str, Any]])
    except msgspec.MsgspecError:
        return None
    return [_plain(note) for note in found]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, list):
        return [_plain(item) for item in value[:_MOST_ITEMS]]
    if not isinstance(value, dict):
        return value
    if value.keys() == _MONEY:
        return Money(int(value["pico"])).exact()
    if value.keys() == _TARGET:
        return str(Target(**value))
    return {key: _plain(item) for key, item in list(value.items())[:_MOST_ITEMS]}
