"""The life of a hold: the values that pass between the gate and its ledger.

held -> settled | voided | unknown, and unknown -> settled | voided on evidence or
by a person. The rules of money are here in words; the ledger makes them true.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.labels import Labels
from faregate.core.lean import lean
from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.usage import Usage


class HoldState(StrEnum):
    """State of one attempt's money."""

    HELD = "held"
    SETTLED = "settled"
    VOIDED = "voided"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetWindow:
    """One budget over one concrete window, as it applies to a request.

    `scope` is "global", "session:ID", "workspace:X" and so on; `window` is
    "session", "day", "week", "month" or "total"; instants are Unix seconds, 0 and
    None where a window has no start or end. `limit` None counts without limiting.
    """

    scope: str
    window: str
    starts_at: int = 0
    ends_at: int | None = None
    limit: Money | None = None
    of_run: bool = False
    """The limit is one that the run itself was given when it began."""


Sums = tuple[BudgetWindow, int, int, int, bool]
"""A budget with what was spent, held and unknown in pico-USD, and if it is closed."""


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """The running sums of one budget window."""

    budget: BudgetWindow
    spent: Money = ZERO
    held: Money = ZERO
    unknown: Money = ZERO
    closed: bool = False
    """A bill passed its hold: nothing fits until a person reopens or raises it."""

    @property
    def room(self) -> Money | None:
        """Return what may still be held; None without a limit."""
        if self.budget.limit is None:
            return None
        return self.budget.limit - self.spent - self.held - self.unknown


def state_of(sums: Sums) -> BudgetState:
    """Return running sums as a value."""
    budget, spent, held, unknown, closed = sums
    return BudgetState(
        budget=budget,
        spent=Money(spent),
        held=Money(held),
        unknown=Money(unknown),
        closed=closed,
    )


@lean
@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Money to set aside for one attempt before its first byte leaves."""

    attempt: str
    request: str
    session: str
    """The session that the request belongs to (a sub-agent's own id)."""
    root_session: str
    """The session whose budgets and limits count it."""
    budgets: tuple[BudgetWindow, ...]
    amount: Money
    provider: str
    model: str
    protocol: str
    at_ms: int
    """Unix milliseconds."""
    labels: Labels = field(default_factory=Labels)
    parent: str | None = None
    input_bound: int = 0
    output_bound: int = 0
    first_attempt: bool = True
    """False for our own retry or fallback of the same request."""
    client_retry: bool = False
    tokenless: bool = False
    """The caller brought its own key and no local token."""
    route: str | None = None
    """The route that chose the target; None where the model's name alone did."""
    cause: str | None = None
    """Why this attempt is made: "retry:WHY", "fallback:WHY" or "escalation:WHY";
    None for a plain first attempt."""


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The hold fitted every budget and is committed."""

    attempt: str
    amount: Money
    states: tuple[BudgetState, ...] = ()
    """The budgets after the hold, in the order they were asked."""

    def sums(self) -> Sequence[Sums]:
        """Return the same budgets in plain figures, for who writes them down."""
        return [
            (s.budget, s.spent.pico, s.held.pico, s.unknown.pico, s.closed)
            for s in self.states
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRoom:
    """The hold did not fit; nothing was written."""

    amount: Money
    blocking: tuple[BudgetState, ...]
    """Every budget that lacked room, the tightest first."""


@lean
@dataclass(frozen=True, slots=True)
class Settlement:
    """The truth about one attempt: what it used and cost."""

    attempt: str
    usage: Usage
    cost: Money
    cost_source: str
    """"reported", "table", "config", "estimated", "free", "subscription", ..."""
    at_ms: int
    status: int
    """HTTP status of the provider's answer."""
    served_model: str | None = None
    price_source: str | None = None
    tool_calls: int = 0
    wasted: bool = False
    """The attempt's answer was thrown away (retried, fell back)."""
    ttfb_ms: int | None = None
    duration_ms: int | None = None
    note: str | None = None
    first_token_ms: int | None = None
    """Until model output was seen, from the start of the attempt."""
    fault: str | None = None
    """What the provider did wrong, in a word; None where it did nothing wrong."""
    waste: str | None = None
    """Why the answer was thrown away, in a word; makes the attempt wasted."""
    verdict: str | None = None
    """What a check of the answer found: "ok", or what was wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A hold that ends without a settlement: voided on proof, or unknown."""

    attempt: str
    at_ms: int
    why: str
    status: int | None = None
    """HTTP status where there was one."""
    usage: Usage | None = None
    """What was seen of an unknown attempt, for the figures."""
    duration_ms: int | None = None
    fault: str | None = None
    """What the provider did wrong, in a word; None where it did nothing wrong."""
    waste: str | None = None
    """Why nothing came of the attempt, where another one was made instead."""
    verdict: str | None = None
    ttfb_ms: int | None = None
    first_token_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A budget passed one of its alert marks, once in this window."""

    state: BudgetState
    percent: int


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What the ledger did with a settlement or release."""

    state: HoldState
    overrun: Money = ZERO
    """By how much the truth passed the hold; the scope is closed when not zero."""
    crossings: tuple[Crossing, ...] = ()
    states: tuple[BudgetState, ...] = ()


class LedgerError(Exception):
    """The ledger could not do what was asked; nothing may be spent meanwhile."""


class AlreadyResolvedError(LedgerError):
    """The hold was resolved before; an attempt resolves at most once."""
