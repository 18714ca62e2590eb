"""What the control plane asks of the ledger, as Protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faregate.core.cost_log import Corrected
    from faregate.core.holds import Booked, BudgetWindow
    from faregate.core.labels import Labels
    from faregate.core.money import Money
    from faregate.core.records import HoldRow, SessionRow, SpendRow

SpendBy = Literal["minute", "provider", "session"]


class ReportsPort(Protocol):
    """Short reads on a connection of their own; never in the way of a hold."""

    def sessions(
        self, *, limit: int = 100, before: int | None = None
    ) -> Sequence[SessionRow]:
        """Return a page of sessions, the newest first, below number `before`."""
        ...

    def active_sessions(
        self, since_ms: int, *, limit: int = 1000
    ) -> Sequence[SessionRow]:
        """Return sessions with a hold or refusal since then, the latest first."""
        ...

    def holds(self, limit: int = 1000) -> Sequence[HoldRow]:
        """Return every open and unknown hold, the oldest first."""
        ...


class FiguresPort(Protocol):
    """Sums over many attempts, read in a thread, on yet another connection."""

    def spend(self, by: SpendBy, *, since_ms: int) -> Sequence[SpendRow]:
        """Return sums by a key."""
        ...

    def last_errors(self, since_ms: int) -> Mapping[str, str]:
        """Return the latest error of each provider that had one."""
        ...

    def wasted(self, since_ms: int) -> Money:
        """Return what was paid for answers that were thrown away."""
        ...

    def refused(self, since_ms: int) -> int:
        """Return how many requests were refused."""
        ...

    def close(self) -> None:
        """Close the connection; nobody may read any more."""
        ...


class AdminPort(Protocol):
    """Rare changes of the ledger, each with an audit row."""

    def resolve(
        self, attempt: str, spent: Money | None, *, note: str, who: str
    ) -> Booked:
        """Settle an unknown hold at `spent`, or void it when that is None."""
        ...

    def set_limit(
        self, scope: str, window: str, limit: Money | None, *, note: str, who: str
    ) -> None:
        """Record a person's new limit."""
        ...

    def reopen(
        self, scope: str, window: str, *, note: str, who: str
    ) -> Sequence[BudgetWindow]:
        """Take holds again on the closed windows of a scope."""
        ...

    def closed_windows(self) -> Sequence[BudgetWindow]:
        """Return the windows that an overrun closed."""
        ...

    def judge(self, session: str, outcome: str, *, note: str, who: str) -> None:
        """Record whether a session's task was accepted or rejected."""
        ...

    def correct(self, attempt: str, cost: Money, *, note: str, who: str) -> Corrected:
        """Set what a finished attempt cost in truth."""
        ...

    def start_session(
        self, session: str, *, root_session: str, parent: str | None, labels: Labels
    ) -> None:
        """Give a session its row before its first request."""
        ...

    def end_session(self, session: str) -> None:
        """Mark a session as ended."""
        ...
