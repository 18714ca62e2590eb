"""What people made of the work of each target, read now and then for the routes.

Owns how often; the routes decide what it means. Reads with a connection of its own, in
a thread: the sum over many attempts takes its time.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Literal, Protocol

from faregate.core.holds import LedgerError
from faregate.core.routing import RoutePolicy
from faregate.gateway.tasks import spawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faregate.core.records import SpendRow
    from faregate.core.routing import RouteRule
    from faregate.gateway.gate import Gate

EVERY_S = 60.0
SINCE_MS = 90 * 86_400_000
"""What is older says little of a model that changes."""
_log = logging.getLogger("faregate.server")


class OutcomesPort(Protocol):
    """Sums by target, on a connection of their own."""

    def spend(self, by: Literal["target"], *, since_ms: int) -> Sequence[SpendRow]:
        """Return sums by a key; raises LedgerError."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def needs_outcomes(routes: Iterable[RouteRule]) -> bool:
    """Tell whether a route looks at outcomes."""
    return any(rule.policy is RoutePolicy.CHEAPEST_ACCEPTED for rule in routes)


async def follow_outcomes(reports: OutcomesPort, gate: Gate) -> None:
    """Keep the routes' outcomes fresh until it is cancelled; closes `reports` then."""
    reading: asyncio.Task[dict[str, tuple[int, int]]] | None = None
    try:
        while True:
            since_ms = gate.clock.now_ms() - SINCE_MS
            work = asyncio.to_thread(read_outcomes, reports, since_ms)
            reading = spawn(work, "reading outcomes")
            try:
                gate.routes.outcomes = await asyncio.shield(reading)
            except LedgerError as error:
                _log.warning("outcomes cannot be read: %s", error)
            await asyncio.sleep(EVERY_S)
    finally:
        # A thread that still reads must not lose its connection.
        if reading is not None and not reading.done():
            await asyncio.wait({reading})
        reports.close()


def read_outcomes(reports: OutcomesPort, since_ms: int) -> dict[str, tuple[int, int]]:
    """Return judged and accepted sessions by target; raises LedgerError."""
    rows = reports.spend("target", since_ms=since_ms)
    return {row.key: (row.judged, row.accepted) for row in rows if row.judged}
