"""What calls a person who looks elsewhere: the terminal's title, a bell, a notice.

Only figures and words of ours: nothing that an agent or a provider said reaches a
control sequence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faregate.tui.caps import Gauge, Level, gauges, hourly_rate, worst
from faregate.tui.figures import dollars, money

if TYPE_CHECKING:
    from faregate.tui.glyphs import Glyphs
    from faregate.tui.store import Store

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One reason to call the person, told once."""

    key: _Key
    text: str


@dataclass(slots=True)
class Attention:
    """Remembers what the person was called for, so that each crossing calls once."""

    _called: set[_Key] = field(default_factory=set)
    _begun: bool = False

    def calls(self, store: Store) -> list[Call]:
        """Return what is new since the last look; the first look calls for no level.

        A level that is left, because the cap was raised or a new window began, is
        armed again.
        """
        if not store.live:
            return []
        waiting = _waiting(store)
        levels = _levels(store)
        standing = {call.key for call in (*waiting, *levels)}
        fresh = [call for call in waiting if call.key not in self._called]
        if self._begun:
            fresh += [call for call in levels if call.key not in self._called]
        self._begun = True
        self._called = standing
        return fresh


def title(store: Store, glyphs: Glyphs) -> str:
    """Return the terminal's title: what waits, how full the cap is, what an hour costs."""
    if not store.live:
        return f"{glyphs.lost} faregate"
    parts: list[str] = []
    if store.approvals:
        parts.append(f"{glyphs.waiting}{len(store.approvals)}")
    found = worst(gauges(store.budgets.values()))
    if found is not None:
        sign = {Level.HIGH: glyphs.alert, Level.REACHED: glyphs.closed}
        parts.append(f"{sign.get(found.level, '')}{found.permille // 10}%")
    rate = hourly_rate(store.burn)
    if rate:
        parts.append(f"{dollars(rate)}/h")
    return " ".join([*parts, "faregate"])


def _waiting(store: Store) -> list[Call]:
    return [
        Call(
            key=("waits", each.id),
            text="a request waits for your yes or no"
            + (
                f", about {dollars(money(each.estimate))}"
                if money(each.estimate)
                else ""
            ),
        )
        for each in store.approvals
    ]


def _levels(store: Store) -> list[Call]:
    calls: list[Call] = []
    for found in gauges(store.budgets.values()):
        if found.level >= Level.HIGH:
            calls.append(_high(found))
        if found.level is Level.REACHED:
            calls.append(_reached(found))
    return calls


def _high(found: Gauge) -> Call:
    view = found.view
    return Call(
        key=("high", view.scope, view.window),
        text=f"{found.percent} of the {view.window} cap of {dollars(found.limit)}",
    )


def _reached(found: Gauge) -> Call:
    view = found.view
    return Call(
        key=("reached", view.scope, view.window),
        text=f"the {view.window} cap of {dollars(found.limit)} is reached",
    )
