"""What the control plane asks of the ledger, as Protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faregate.core.money import Money
    from faregate.core.records import (
        HoldRecord,
        ProviderRecord,
        SessionRecord,
        SpendRecord,
    )


class ReportsPort(Protocol):
    """Reads on a connection of its own; never in the way of a hold."""

    def sessions(
        self, *, limit: int, offset: int = 0, changed_since_ms: int | None = None
    ) -> Sequence[SessionRecord]:
        """Return sessions, the latest active first."""
        ...

    def holds(self) -> Sequence[HoldRecord]:
        """Return every open and unknown hold, oldest first."""
        ...

    def providers(self, since_ms: int) -> Sequence[ProviderRecord]:
        """Return the providers with attempts since then."""
        ...

    def spend_by_minute(self, since_ms: int) -> Sequence[SpendRecord]:
        """Return settled spend and tokens per minute; empty minutes are absent."""
        ...

    def spend_by_session(self, since_ms: int) -> Mapping[str, Money]:
        """Return settled spend since then by session."""
        ...

    def wasted_since(self, since_ms: int) -> Money:
        """Return what was paid for answers that were thrown away."""
        ...

    def refusals_since(self, since_ms: int) -> int:
        """Return how many requests were refused."""
        ...


class AdminPort(Protocol):
    """Rare changes of the ledger, each with an audit row."""

    def resolve(
        self, attempt: str, *, spent: Money | None, note: str | None, who: str
    ) -> None:
        """Resolve an unknown hold: spent in part, or void with None."""
        ...

    def note_cap(
        self, scope: str, window: str, limit: Money | None, *, who: str
    ) -> None:
        """Write down that a limit was set."""
        ...

    def end_session(self, session: str, at_ms: int) -> None:
        """Mark a session as ended."""
        ...
