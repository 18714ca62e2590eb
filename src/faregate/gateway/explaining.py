"""What the gate decided about one request, step by step, for whoever asks later.

Notes are cheap: references in a list, which become text once, at the end. Steps in use:
"plan", "route", "limits", "loop", "approval", "hold" (an attempt begins), "attempt" (one
failed), "cost", "translation", "refused". Whose the request is stands in its row. Nothing
here may hold what a prompt or an answer says.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import field

from faregate.core.money import Money
from faregate.core.routing import Target
from faregate.gateway.note_rows import WRITERS, json_of, read_row
from faregate.protocols.lean_struct import LeanRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.estimate import Bounds
    from faregate.core.facts import RequestFacts
    from faregate.core.holds import Held
    from faregate.core.identity import Identity
    from faregate.core.limits.limit import Counters, Limits, Wish
    from faregate.core.loops.finding import Loop
    from faregate.core.pricing import Cost, PriceRow
    from faregate.core.usage import Usage

MOST_NOTES = 200
"""Notes that one request keeps: a request that waits for long is no novel."""
_LONGEST = 600
_LONGEST_TEXT = 64 * 1024
_MOST_ITEMS = 100
_MONEY = {item.name for item in fields(Money)}
_TARGET = {item.name for item in fields(Target)}
_DECODER = msgspec.json.Decoder(list[dict[str, Any] | list[Any]])

Note = tuple[str, dict[str, object]]
_Raw = tuple[str, dict[str, object] | tuple[Any, ...]]
"""What a note says: by name, or in the order of its step's row."""
_ESCALATED = "escalation:"


class BegunAttempt(Protocol):
    """What one attempt's hold tells of it, once it has ended."""

    bounds: Bounds
    client_retry: bool
    failed: bool
    fault: str | None
    usage: Usage | None
    verdict: str | None


class Explanation(LeanRecord):
    """The notes of one request, in the order in which they were made."""

    _notes: list[_Raw] = field(default_factory=list)
    identity: Identity | None = None
    """Whom the request belongs to; None where that was not found out."""
    facts: RequestFacts | None = None
    target: Target | None = None
    """Who was asked last, or was to be."""
    hold: BegunAttempt | None = None
    """The hold of the latest attempt."""
    attempts: int = 0
    escalation: str | None = None
    """Why the request was last sent to a higher target; None where it was not."""

    def identified(self, identity: Identity, facts: RequestFacts) -> None:
        """Note whom the request belongs to and what it is."""
        self.identity, self.facts = identity, facts

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
        if cause is not None and cause.startswith(_ESCALATED):
            self.escalation = cause[len(_ESCALATED) :]
        self._notes.append(("hold", (target, hold.bounds, row, held, cause)))

    def limited(self, limits: Limits, counters: Counters, wish: Wish) -> None:
        """Note the limits that a request was let through, and what counts by then."""
        used = (
            counters.requests,
            counters.retries,
            counters.input_tokens,
            counters.output_tokens,
            counters.tool_calls,
            counters.running,
            wish.now - counters.started,
            wish.input,
            wish.output,
        )
        self._notes.append(("limits", (limits, used)))

    def looped(self, loop: Loop, decision: str) -> None:
        """Note a loop, and what followed from it."""
        self._add("loop", (loop, decision))

    def cost(self, attempt: str, cost: Cost, service: str | None) -> None:
        """Note what an attempt cost; `service` is the class that its answer names."""
        self._notes.append(("cost", (attempt, cost, service)))

    def note(self, step: str, /, **figures: object) -> None:
        """Add what was decided: plain values, Money, enums or frozen dataclasses.

        Values are kept by reference: give nothing that changes afterwards.
        """
        self._add(step, figures)

    def _add(self, step: str, raw: dict[str, object] | tuple[Any, ...]) -> None:
        if len(self._notes) < MOST_NOTES:
            self._notes.append((step, raw))

    def last(self, step: str) -> dict[str, object] | None:
        """Return the figures of the latest note of a step."""
        raw = next((f for s, f in reversed(self._notes) if s == step), None)
        return None if raw is None else _named(step, raw)

    def __iter__(self) -> Iterator[Note]:
        return ((step, _named(step, raw)) for step, raw in self._notes)

    def __len__(self) -> int:
        return len(self._notes)

    def json(self) -> str:
        """Return the notes as a JSON list of objects and rows; see `read`.

        Values go as they are: that costs a tenth of saying them nicely.
        """
        text = json_of(
            [
                WRITERS[step](*raw) if isinstance(raw, tuple) else {"step": step, **raw}
                for step, raw in self._notes
            ]
        )
        if len(text) > _LONGEST_TEXT:
            shown = [{"step": step} for step, _ in self._notes]
            text = json_of([*shown, {"step": "cut", "bytes": len(text)}])
        return text.decode()


def read(text: str) -> list[dict[str, Any]] | None:
    """Return notes from their JSON: money exactly, in USD; text bounded.

    None for what is no such JSON.
    """
    try:
        found = _DECODER.decode(text)
        return [_plain(_read(note)) for note in found]
    except (msgspec.MsgspecError, LookupError, ValueError, TypeError):
        return None


def _read(note: dict[str, Any] | list[Any]) -> dict[str, Any]:
    return note if isinstance(note, dict) else read_row(note)


def _named(step: str, raw: dict[str, object] | tuple[Any, ...]) -> dict[str, object]:
    if isinstance(raw, dict):
        return raw
    said = read_row(msgspec.json.decode(json_of(WRITERS[step](*raw))))
    return {name: value for name, value in said.items() if name != "step"}


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
