"""The port through which the smoke test spends: every amount goes through a hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from faregate.core.holds import HoldState
from faregate.core.money import ZERO, Money

if TYPE_CHECKING:
    from faregate.core.usage import Usage

SESSION = "smoke"
"""The session to which every smoke test is booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendAsk:
    """Money to set aside for one request before its first byte leaves."""

    provider: str
    model: str
    protocol: str
    amount: Money
    input_bound: int
    output_bound: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendHeld:
    """The hold is committed under this id."""

    attempt: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendRefused:
    """No budget has room, or the run's own limit is reached; nothing was written."""

    why: str
    by_run: bool = False
    """The run's own limit said no, not a budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendEnd:
    """How one hold ends: settled at a cost, voided on proof, or unknown."""

    attempt: str
    state: HoldState
    why: str = ""
    cost: Money = ZERO
    cost_source: str = ""
    price_source: str | None = None
    usage: Usage | None = None
    status: int | None = None
    served_model: str | None = None
    tool_calls: int = 0
    ttfb_ms: int | None = None
    duration_ms: int | None = None


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
