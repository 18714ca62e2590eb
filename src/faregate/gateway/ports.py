"""The ports of the gateway: what it needs from the world, as Protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from faregate.core.attempts import UpstreamRequest
    from faregate.core.holds import (
        Booked,
        BudgetState,
        BudgetWindow,
        Held,
        HoldRequest,
        NoRoom,
        Release,
        Settlement,
    )
    from faregate.core.labels import Labels
    from faregate.core.latches import Latch
    from faregate.core.limits.totals import SessionTotals
    from faregate.core.money import Money

    Wait = Callable[[], Awaitable[None]]
    """What to call, and to await, before going on."""


class Clock(Protocol):
    """Wall and monotonic time."""

    def now_ms(self) -> int:
        """Return Unix milliseconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        ...

    def elapsed(self) -> float:
        """Return seconds of a clock that never goes back and counts sleep."""
        ...


class LedgerPort(Protocol):
    """Money in; each call commits before it returns or raises LedgerError.

    All but `place` and `settle_soon`, which decide at once and are committed by
    `flush`, or with any other call; a hold leaves settlements that it needs no room of.
    Calls are synchronous and short (about 0.1 ms): they run on the event loop.
    """

    def hold(self, request: HoldRequest) -> Held | NoRoom:
        """Set money aside over all budgets at once, or write nothing."""
        ...

    def place(self, request: HoldRequest) -> Held | NoRoom:
        """Decide on a hold; nothing may be sent before it is confirmed."""
        ...

    def confirm(self, attempt: str) -> None:
        """Return once a hold that was placed is committed; LedgerError if it is not."""
        ...

    def settle(self, settlement: Settlement) -> Booked:
        """Replace a hold by its true cost; never fails on a limit."""
        ...

    def settle_soon(self, settlement: Settlement) -> Booked:
        """Settle; until the next `flush` a crash leaves the hold as unknown."""
        ...

    def flush(self) -> None:
        """Commit all that is decided; LedgerError where that cannot be written.

        The ledger puts right then what was decided, and says so itself.
        """
        ...

    def void(self, release: Release) -> Booked:
        """Give a hold back, on proof that nothing was billed."""
        ...

    def mark_unknown(self, release: Release) -> Booked:
        """Keep a hold in full, because nobody can tell what it cost."""
        ...

    def waste(self, attempt: str, why: str) -> None:
        """Note that an attempt whose end is booked came to nothing."""
        ...

    def record_refusal(
        self,
        *,
        session: str,
        root_session: str,
        labels: Labels,
        code: str,
        at_ms: int,
    ) -> None:
        """Count a refusal for its session; raises nothing."""
        ...

    def has_room(self, budgets: Sequence[BudgetWindow], amount: Money) -> bool:
        """Tell whether a hold would fit into all of these windows just now."""
        ...

    def states(self, budgets: Sequence[BudgetWindow]) -> tuple[BudgetState, ...]:
        """Return the running sums of these windows."""
        ...

    def in_force(self, covers: Callable[[str, str], bool]) -> None:
        """Take note of the budgets from now on; raise LedgerError.

        `covers` tells whether one of them asks for a scope's window.
        """
        ...


class UpstreamAnswer(Protocol):
    """A provider's answer whose headers have arrived."""

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers, names in lower case."""
        ...

    def arrived(self) -> bytes | None:
        """Return the whole body where all of it is here; the connection is free then.

        None where the body is to be waited for, and nothing of it is taken.
        """
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield body bytes as they arrive; raise UpstreamError on a broken body."""
        ...

    async def pour(self, into: Callable[[bytes], Wait | None]) -> None:
        """Give the body to `into` as it arrives, to its end.

        What `into` returns is called and awaited before it gets more. Raises
        UpstreamError on a broken body, and what `into` raises; nothing more is read
        then.
        """
        ...

    async def read(self, limit: int) -> bytes:
        """Return the whole body; raise UpstreamError beyond `limit` bytes."""
        ...

    def abort(self) -> None:
        """Close the connection now, so that the provider stops."""
        ...

    def release(self) -> None:
        """Hand a fully read connection back to the pool."""
        ...


class Upstream(Protocol):
    """Sends one attempt to a provider."""

    async def send(
        self, request: UpstreamRequest, *, fresh: bool = False
    ) -> UpstreamAnswer:
        """Return once headers arrived; raise UpstreamError otherwise.

        `fresh` asks for a connection that served no other request.
        """
        ...


class ClientGoneError(Exception):
    """The client hung up: nothing more can be written to it."""


class Reply(Protocol):
    """The streamed answer to the client."""

    @property
    def started(self) -> bool:
        """Tell whether status and headers went out."""
        ...

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers; raise ClientGoneError when nobody listens."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes, as fast as the client reads; raise ClientGoneError."""
        ...

    def push(self, data: bytes) -> Wait | None:
        """Send bytes now; raise ClientGoneError.

        Returns what to await before more is sent to a client that reads too slowly.
        """
        ...

    async def fail(self, last_words: bytes) -> None:
        """Send an error event and close without a clean end; never raises."""
        ...

    def abort(self) -> None:
        """Drop the connection now: a write that waits for the client fails."""
        ...


class GoverningPort(Protocol):
    """What outlives the process of pauses, stops and limits."""

    def latches(self) -> Sequence[Latch]:
        """Return everything that is paused or stopped."""
        ...

    def latch(self, latch: Latch) -> None:
        """Pause or stop a scope; on the disk when this returns."""
        ...

    def resume(self, scope: str, *, at_ms: int, who: str) -> None:
        """Take a latch off; a session's limits begin anew with that."""
        ...

    def begin_anew(self, root: str, at_ms: int) -> None:
        """Count a session's limits from now on."""
        ...

    def note_limit(
        self,
        subject: str,
        *,
        what: str = "session limit",
        before: str,
        after: str,
        note: str | None,
        at_ms: int,
        who: str,
    ) -> None:
        """Write down that a person changed a limit, or what else `what` says.

        It is on the disk when this returns.
        """
        ...

    def totals(self, root: str) -> SessionTotals | None:
        """Return what a session has used, or None for one that is not known."""
        ...
