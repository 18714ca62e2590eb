"""The port through which the smoke test spends: every amount goes through a hold."""

from __future__ import annotations

from typing import Protocol

from faregate.core.holds import HoldState
from faregate.core.money import ZERO, Money
from faregate.core.side_spend import SpendAsk, SpendEnd, SpendHeld, SpendRefused


class Spender(Protocol):
    """Where holds are made and ended; calls are short and may be made anywhere."""

    def hold(self, ask: SpendAsk) -> SpendHeld | SpendRefused:
        """Set money aside, or say why not; raises LedgerError or ControlError."""
        ...

    def end(self, end: SpendEnd) -> None:
        """End a hold, once; raises LedgerError or ControlError."""
        ...


class Purse:
    """A spender that also keeps a run's own limit over all its targets."""

    def __init__(self, inner: Spender, limit: Money) -> None:
        self._inner = inner
        self.limit = limit
        self.spent = ZERO
        self.unknown = ZERO
        self._held: dict[str, Money] = {}

    @property
    def committed(self) -> Money:
        """Return what is spent, held or unknown in this run."""
        return sum(self._held.values(), self.spent + self.unknown)

    def hold(self, ask: SpendAsk) -> SpendHeld | SpendRefused:
        """Set money aside unless the run's limit has no room for it."""
        if ask.amount and self.committed + ask.amount > self.limit:
            return SpendRefused(
                why=(
                    f"could cost {ask.amount}, and {self.committed} of --max-cost "
                    f"{self.limit} is spent or set aside"
                ),
                by_run=True,
            )
        held = self._inner.hold(ask)
        if isinstance(held, SpendHeld):
            self._held[held.attempt] = held.amount
        return held

    def end(self, end: SpendEnd) -> None:
        """End a hold and count what it became."""
        held = self._held.pop(end.attempt, ZERO)
        if end.state is HoldState.SETTLED:
            self.spent += end.cost
        elif end.state is HoldState.UNKNOWN:
            self.unknown += held
        self._inner.end(end)
