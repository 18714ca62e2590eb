"""What becomes of a request's story once it is over: a row in the log.

Owns the batch that waits to be written and how a request's end is named. Nothing here
is money, and no request waits for it: a row that cannot be written is dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from faregate.core.cost_log import RequestEntry, RequestResult
from faregate.core.holds import LedgerError
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.usage import UsageSource
from faregate.gateway.inbound import Whole
from faregate.protocols.statuses import status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.gateway.explaining import Explanation
    from faregate.gateway.flights import Flight
    from faregate.gateway.inbound import Inbound, Result

EVERY_S = 0.5
BATCH = 64
"""Rows of one transaction: more would make a hold wait too long."""
MOST_WAITING = 20_000
_LONGEST = 500
_BROKEN = frozenset(
    {
        RefusalCode.UPSTREAM_BROKEN,
        RefusalCode.UPSTREAM_TIMEOUT,
        RefusalCode.UPSTREAM_UNREACHABLE,
        RefusalCode.SHUTTING_DOWN,
        RefusalCode.INTERNAL,
    }
)
_log = logging.getLogger("faregate.gateway")


class Recording:
    """Keeps requests that have ended until they are written."""

    def __init__(self, write: Callable[[Sequence[RequestEntry]], None]) -> None:
        """Write batches by `write`, which may raise LedgerError."""
        self._write = write
        self._waiting: deque[RequestEntry] = deque(maxlen=MOST_WAITING)
        self.dropped = 0
        """Rows that could not be written."""

    def ended(
        self,
        inbound: Inbound,
        flight: Flight | None,
        result: Result,
        *,
        ended_by: Refusal | None,
        gone: bool,
        now: float,
    ) -> None:
        """Take in a request that is over; `gone` says that its client hung up.

        `ended_by` is what ended it, be it as the last words of a stream. What never
        said whose it is leaves no row.
        """
        explanation = inbound.explanation
        identity, facts = explanation.identity, explanation.facts
        if identity is None or facts is None:
            return
        refusal = result if isinstance(result, Refusal) else ended_by
        if gone:
            # Whatever ends a request that nobody waits for is no answer to it.
            refusal = None
        if refusal is not None:
            explanation.note("refused", refusal=refusal)
        if len(self._waiting) == MOST_WAITING:
            self.dropped += 1
        hold, target = explanation.hold, explanation.target
        waited = first_byte = first_output = duration = None
        if flight is not None:
            started = flight.started
            waited = int(flight.waited * 1000) or None
            first_byte = _ms(started, flight.first_byte)
            first_output = _ms(started, flight.first_output)
            duration = _ms(started, now)
        self._waiting.append(
            RequestEntry(
                inbound.id,
                identity.session,
                identity.root_session,
                identity.parent,
                identity.source,
                identity.labels,
                inbound.codec.name,
                facts.model[:_LONGEST],
                facts.stream,
                len(inbound.body),
                hold is not None and hold.client_retry,
                inbound.received_ms,
                _result_of(refusal, result, explanation, gone=gone),
                explanation.json(),
                None if target is None else target.route,
                None if target is None else target.provider,
                None if target is None else target.model[:_LONGEST],
                explanation.attempts,
                waited,
                first_byte,
                first_output,
                duration,
                _status_of(refusal, result),
                None if refusal is None else str(refusal.code),
                None if refusal is None else refusal.message[:_LONGEST],
                None if hold is None else hold.verdict,
                explanation.escalation,
            )
        )

    async def run(self) -> None:
        """Write what has ended, again and again, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            while self._waiting:
                self._write_batch()
                # One batch blocks the loop for about a millisecond.
                await asyncio.sleep(0)

    def flush(self) -> None:
        """Write everything now; raises nothing."""
        while self._waiting:
            self._write_batch()

    def _write_batch(self) -> None:
        waiting = self._waiting
        batch = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
        try:
            self._write(batch)
        except LedgerError as error:
            if not self.dropped:
                _log.warning("requests are not logged: %s", error)
            self.dropped += len(batch)


def _ms(started: float, until: float | None) -> int | None:
    return None if until is None else int((until - started) * 1000)


def _result_of(
    refusal: Refusal | None, result: Result, explanation: Explanation, *, gone: bool
) -> RequestResult:
    hold = explanation.hold
    if refusal is not None:
        broken = refusal.code in _BROKEN
        return RequestResult.FAILED if broken else RequestResult.REFUSED
    usage = None if hold is None else hold.usage
    told = usage is not None and usage.source is UsageSource.REPORTED
    # Some clients close their connection as soon as the answer is whole.
    if gone and not told:
        return RequestResult.CLIENT_GONE
    failed = hold is not None and hold.failed
    if failed or (isinstance(result, Whole) and result.status >= 400):
        return RequestResult.PROVIDER_ERROR
    broken = hold is not None and hold.fault is not None
    return RequestResult.FAILED if broken else RequestResult.ANSWERED


def _status_of(refusal: Refusal | None, result: Result) -> int | None:
    if isinstance(result, Whole):
        return result.status
    if isinstance(result, Refusal):
        # Nobody was told where the client had gone.
        return (
            None if refusal is None else status_of(refusal.code, litellm_family=False)
        )
    return 200
