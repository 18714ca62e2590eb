"""What one attempt wants to hold, and within which bounds it may be asked for.

Pure arithmetic over bounds and prices: it knows no ledger and no line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from faregate.core.estimate import OUTPUT_FLOOR
from faregate.core.money import ZERO, Money
from faregate.gateway.waiting import Scope, scope_of

if TYPE_CHECKING:
    from faregate.core.estimate import Bounds
    from faregate.core.holds import HoldRequest


class Ask(Protocol):
    """What one attempt wants to hold."""

    @property
    def bounds(self) -> Bounds:
        """Return what it may be billed for at most."""
        ...

    @property
    def boundable(self) -> bool:
        """Tell whether a lower output bound can be put into the body."""
        ...

    @property
    def tokenless(self) -> bool:
        """Tell whether the caller brought its own key and no local token."""
        ...

    def price(self, bounds: Bounds) -> Money:
        """Return the money that covers these bounds."""
        ...

    def request(self, amount: Money, bounds: Bounds) -> HoldRequest:
        """Return the hold, in the budgets of the moment that this is called."""
        ...


def floor_of(bounds: Bounds) -> Bounds:
    """Return the same bounds with the lowest output that is worth asking for."""
    return bounds.with_output(min(OUTPUT_FLOOR, bounds.output))


def largest(ask: Ask, room: Money) -> Bounds:
    """Return the largest output bound whose price fits `room`, by bisection."""
    least, most = floor_of(ask.bounds).output, ask.bounds.output
    while least < most:
        middle = (least + most + 1) // 2
        if ask.price(ask.bounds.with_output(middle)) <= room:
            least = middle
        else:
            most = middle - 1
    return ask.bounds.with_output(least)


def scopes_of(ask: Ask) -> frozenset[Scope]:
    """Return the limited budgets that an attempt would count in."""
    request = ask.request(ZERO, ask.bounds)
    return frozenset(scope_of(b) for b in request.budgets if b.limit is not None)
