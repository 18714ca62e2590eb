"""The queue of requests that wait for room in a budget: who is next, who may pass.

First come, first served; a request that fits where an earlier one does not may pass
it, a few times. Knows neither the ledger nor prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Iterator, Sequence

    from faregate.core.holds import BudgetState, BudgetWindow, NoRoom
    from faregate.core.money import Money

MOST_OVERTAKES = 8

Scope = tuple[str, str]
"""A budget's scope and window kind: the same through a month's end."""

T = TypeVar("T")


class Waiter(Generic[T]):
    """One waiting request: the least it needs, and whom its outcome goes to."""

    __slots__ = (
        "blocked_by",
        "future",
        "least",
        "overtaken",
        "scopes",
        "since",
    )

    def __init__(
        self,
        future: asyncio.Future[T],
        *,
        least: Money,
        scopes: frozenset[Scope],
        since: float,
        blocked_by: Sequence[BudgetState],
    ) -> None:
        self.future = future
        self.least = least
        self.scopes = scopes
        self.since = since
        """Monotonic seconds at which it began to wait."""
        self.blocked_by = tuple(blocked_by)
        self.overtaken = 0

    @property
    def starving(self) -> bool:
        """Tell whether nobody may pass this one any more."""
        return self.overtaken >= MOST_OVERTAKES


class Line(Generic[T]):
    """The waiting requests in order of arrival."""

    def __init__(self) -> None:
        self.waiters: dict[Waiter[T], None] = {}
        """Who stands in it; asked by itself for every request whether there is any."""

    def __len__(self) -> int:
        return len(self.waiters)

    def __iter__(self) -> Iterator[Waiter[T]]:
        """Go through those whose outcome is still open; the line may change."""
        return (w for w in list(self.waiters) if not w.future.done())

    def join(self, waiter: Waiter[T]) -> None:
        """Stand at the end."""
        self.waiters[waiter] = None

    def leave(self, waiter: Waiter[T]) -> None:
        """Go away, served or not."""
        self.waiters.pop(waiter, None)

    def holds_up(self, scopes: frozenset[Scope]) -> bool:
        """Tell whether somebody waits who must not be passed in these budgets."""
        return any(w.starving and not w.scopes.isdisjoint(scopes) for w in self)


class Round(Generic[T]):
    """One pass along the line: who has to stay, and which budgets were found full.

    Within a round room only shrinks, so a budget that was too small for one request
    need not be asked for another that wants as much.
    """

    __slots__ = ("_full", "_left", "_starved", "blocked")

    def __init__(self, line: Line[T]) -> None:
        self._left = iter(line)
        self._full: dict[Scope, BudgetState] = {}
        self._starved: set[Scope] = set()
        self.blocked: list[Waiter[T]] = []

    def __iter__(self) -> Iterator[Waiter[T]]:
        """Go on to the next whose turn it is; those behind a starving one stay."""
        for waiter in self._left:
            if self._starved.isdisjoint(waiter.scopes):
                yield waiter
            else:
                self._stay(waiter)

    def known(self, waiter: Waiter[T]) -> tuple[BudgetState, ...] | None:
        """Return budgets known to have no room for it, None when it must be asked."""
        found = [
            state
            for scope in waiter.scopes
            if (state := self._full.get(scope)) is not None
            and state.room is not None
            and state.room < waiter.least
        ]
        return tuple(found) or None

    def stays(self, waiter: Waiter[T], full: NoRoom) -> None:
        """Note that this one goes on waiting, and for what."""
        waiter.blocked_by = full.blocking
        waiter.least = full.amount
        for state in full.blocking:
            self._full[scope_of(state.budget)] = state
        self._stay(waiter)

    def _stay(self, waiter: Waiter[T]) -> None:
        self.blocked.append(waiter)
        if waiter.starving:
            self._starved |= waiter.scopes


def overtake(waiters: Iterable[Waiter[T]], scopes: frozenset[Scope]) -> None:
    """Note that a later request took room in budgets that these wait for."""
    for waiter in waiters:
        if not waiter.scopes.isdisjoint(scopes):
            waiter.overtaken += 1


def scope_of(budget: BudgetWindow) -> Scope:
    """Return what a budget is known by over all its windows."""
    return (budget.scope, budget.window)


def can_make_room(blocking: Iterable[BudgetState], amount: Money) -> bool:
    """Tell whether every blocking budget would fit `amount` with no open hold.

    Never where an overrun closed it: no hold that ends opens it again.
    """
    return all(
        not s.closed
        and s.budget.limit is not None
        and s.budget.limit - s.spent - s.unknown >= amount
        for s in blocking
    )
