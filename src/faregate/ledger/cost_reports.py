"""Reading the cost log: requests with the sums of their attempts, and what explains one.

Never writes. Long readings go page by page, so that no statement stays open: an open
one would hold back checkpoints.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from faregate.core.cost_log import AttemptEntry, CorrectionRow, Explained, RequestRow
from faregate.core.labels import Labels
from faregate.core.money import ZERO, Money
from faregate.ledger.connection import select
from faregate.ledger.counting_back import IDS_PER_MS
from faregate.ledger.errors import translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw

_LABELS = (
    "label_set.workspace, label_set.agent, label_set.user, label_set.task, "
    "label_set.customer, label_set.feature"
)
_REQUEST = f"""
    SELECT request.request, request.session, request.at_ms, request.identified_by,
        request.root, request.parent, request.protocol, request.asked, request.route,
        request.provider, request.model, request.stream, request.body_bytes,
        request.attempts, request.client_retry, request.waited_ms, request.ttfb_ms,
        request.first_token_ms, request.duration_ms, request.result, request.status,
        request.code, request.message, request.verdict, request.escalation,
        judged.outcome, {_LABELS}
    FROM request LEFT JOIN label_set ON label_set.id = request.labels
        LEFT JOIN session AS judged ON judged.session = request.root
"""  # noqa: S608 - constants alone
_PAGE = (
    f"{_REQUEST} WHERE request.id >= ?1 AND request.id < ?2 AND request.at_ms >= ?3 "
    "AND request.at_ms < ?6 AND (?4 IS NULL OR request.session = ?4 OR request.root = ?4) "
    "ORDER BY request.id DESC LIMIT ?5"
)
_ONE = f"{_REQUEST} WHERE request.request = ?1"
_ATTEMPT = f"""
    SELECT attempt.id, attempt.attempt, attempt.request, attempt.at_ms,
        session.session, session.root, attempt.route, cause, attempt.provider,
        attempt.model, served_model, attempt.protocol, state, first_attempt,
        attempt.client_retry, uncached_input, cache_read, cache_write_5m,
        cache_write_1h, output, reasoning, server_tool_calls, attempt.tool_calls,
        usage_source, amount, attempt.cost, cost_source, price_source, overrun,
        attempt.wasted, waste, attempt.verdict, fault, attempt.status,
        attempt.ttfb_ms, attempt.first_token_ms, attempt.duration_ms, note,
        judged.outcome, input_bound, output_bound,
        (SELECT sum(after - before) FROM correction
            WHERE correction.attempt = attempt.id),
        {_LABELS}
    FROM attempt LEFT JOIN session ON session.id = attempt.session
        LEFT JOIN session AS judged ON judged.session = session.root
        LEFT JOIN label_set ON label_set.id = attempt.labels
"""  # noqa: S608 - constants alone
_NEXT = f"""{_ATTEMPT}
    WHERE attempt.id > ?1 AND attempt.at_ms >= ?2 AND attempt.at_ms < ?3
    ORDER BY attempt.id LIMIT ?4
"""
_LATEST = f"""{_ATTEMPT}
    WHERE attempt.id >= ?1 AND attempt.id < ?2 AND attempt.at_ms >= ?3
        AND attempt.at_ms < ?6 AND (?4 IS NULL OR session.session = ?4 OR session.root = ?4)
    ORDER BY attempt.id DESC LIMIT ?5
"""
# Attempts after a request's first are called after it: REQUEST.2, REQUEST.3 ...
_OF_REQUEST = f"""{_ATTEMPT}
    WHERE attempt.attempt = ?1
        OR (attempt.attempt > ?1 || '.' AND attempt.attempt < ?1 || '/')
    ORDER BY attempt.id
"""
_NOTES = "SELECT notes FROM explanation WHERE request = ?1"
_CORRECTIONS = (
    "SELECT at_ms, who, before, after, note FROM correction WHERE attempt = "
    "(SELECT id FROM attempt WHERE attempt = ?1) ORDER BY id"
)
_STARTED = "SELECT started_at_ms FROM session WHERE session = ?1"
NO_END = 2**62
_LONGEST_MS = 6 * 3_600_000
"""Longer than any request waits and runs."""


class CostReports:
    """Answers questions about requests and attempts; use from one thread at a time."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Read through `connection`."""
        self._connection = connection

    def requests(
        self,
        *,
        session: str | None = None,
        since_ms: int = 0,
        until_ms: int = NO_END,
        limit: int = 100,
    ) -> tuple[RequestRow, ...]:
        """Return requests of a session and its sub-agents, or of all, newest first.

        One that still runs, or whose own row was lost, is told by its attempts.
        """
        with translated("Reading the ledger"):
            return self._requests(session, since_ms, until_ms, limit)

    def explained(self, name: str) -> Explained | None:
        """Return all that is kept of a request, by its name or an attempt's."""
        with translated("Reading the ledger"):
            return self._explained(name)

    def attempts_after(
        self, after: int, *, since_ms: int, until_ms: int = NO_END, limit: int = 1000
    ) -> tuple[tuple[AttemptEntry, ...], int | None]:
        """Return the next attempts, the oldest first, and where the next page begins.

        Begin with `after` 0; None says that there are no more.
        """
        start = max(after, since_ms * IDS_PER_MS - 1)
        with translated("Reading the ledger"):
            rows = select(self._connection, _NEXT, (start, since_ms, until_ms, limit))
        more = int(rows[-1][0]) if len(rows) == limit else None
        return tuple(_attempt(row) for row in rows), more

    def _requests(
        self, session: str | None, since_ms: int, until_ms: int, limit: int
    ) -> tuple[RequestRow, ...]:
        connection = self._connection
        if session is not None:
            # A session's row is made at its first hold; what asked for that may
            # have waited before.
            begun = select(connection, _STARTED, (session,))
            since_ms = max([since_ms, *(row[0] - _LONGEST_MS for row in begun)])
        # Rows are numbered as they are written, which is when a request has ended.
        end = min(until_ms + _LONGEST_MS, NO_END // IDS_PER_MS) * IDS_PER_MS
        bounds = (since_ms * IDS_PER_MS, end, since_ms, session)
        page = select(connection, _PAGE, (*bounds, limit, until_ms))
        kept = [_request(row) for row in page]
        # A request has few attempts: among so many are those of the page's newest.
        made = select(connection, _LATEST, (*bounds, 4 * limit + 100, until_ms))
        known = {row.request for row in kept}
        lost = _grouped(
            entry for entry in map(_attempt, made) if entry.request not in known
        )
        oldest = min(row.at_ms for row in kept) if len(kept) == limit else 0
        rows = [_summed(row, _attempts_of(connection, row.request)) for row in kept]
        rows += [
            _summed(_told_by(attempts), attempts)
            for name, attempts in lost.items()
            if attempts[0].at_ms >= oldest and not select(connection, _ONE, (name,))
        ]
        rows.sort(key=lambda row: row.at_ms, reverse=True)
        return tuple(rows[:limit])

    def _explained(self, name: str) -> Explained | None:
        connection, request = self._connection, name.partition(".")[0]
        attempts = _attempts_of(connection, request)
        found = select(connection, _ONE, (request,))
        if not found and not attempts:
            return None
        row = _request(found[0]) if found else _told_by(attempts)
        notes = select(connection, _NOTES, (request,))
        return Explained(
            row=_summed(row, attempts),
            attempts=tuple(attempts),
            notes=notes[0][0] if notes else None,
            corrections={
                entry.attempt: _corrections(connection, entry.attempt)
                for entry in attempts
                if entry.corrected
            },
        )


def _attempts_of(connection: apsw.Connection, request: str) -> list[AttemptEntry]:
    return [_attempt(row) for row in select(connection, _OF_REQUEST, (request,))]


def _corrections(
    connection: apsw.Connection, attempt: str
) -> tuple[CorrectionRow, ...]:
    return tuple(
        CorrectionRow(
            at_ms=at_ms, who=who, before=Money(before), after=Money(after), note=note
        )
        for at_ms, who, before, after, note in select(
            connection, _CORRECTIONS, (attempt,)
        )
    )


def _grouped(entries: Iterable[AttemptEntry]) -> dict[str, list[AttemptEntry]]:
    """Return attempts by request, the first one first."""
    found: dict[str, list[AttemptEntry]] = {}
    for entry in entries:
        found.setdefault(entry.request, []).insert(0, entry)
    return found


def _labels(values: Sequence[str | None]) -> Labels:
    workspace, agent, user, task, customer, feature = (each or None for each in values)
    return Labels(
        workspace=workspace,
        agent=agent,
        user=user,
        task=task,
        customer=customer,
        feature=feature,
    )


def _request(row: tuple[Any, ...]) -> RequestRow:
    (
        request, session, at_ms, identified_by, root, parent, protocol, asked, route,
        provider, model, stream, body_bytes, attempts, client_retry, waited_ms,
        ttfb_ms, first_token_ms, duration_ms, result, status, code, message, verdict,
        escalation, outcome, *labels,
    ) = row  # fmt: skip
    return RequestRow(
        request=request,
        session=session,
        labels=_labels(labels),
        at_ms=at_ms,
        identified_by=identified_by,
        root=root,
        parent=parent,
        protocol=protocol,
        asked=asked,
        route=route,
        provider=provider,
        model=model,
        stream=bool(stream),
        body_bytes=body_bytes,
        attempts=attempts,
        client_retry=bool(client_retry),
        waited_ms=waited_ms,
        ttfb_ms=ttfb_ms,
        first_token_ms=first_token_ms,
        duration_ms=duration_ms,
        result=result,
        status=status,
        code=code,
        message=message,
        verdict=verdict,
        escalation=escalation,
        outcome=outcome,
    )


def _told_by(attempts: Sequence[AttemptEntry]) -> RequestRow:
    """Return what the attempts alone tell of their request."""
    first, last = attempts[0], attempts[-1]
    return RequestRow(
        request=first.request,
        session=first.session,
        labels=first.labels,
        at_ms=first.at_ms,
        identified_by=None,
        root=first.root,
        parent=None,
        protocol=first.protocol,
        asked=None,
        route=last.route,
        provider=last.provider,
        model=last.model,
        stream=None,
        body_bytes=None,
        attempts=len(attempts),
        client_retry=first.client_retry,
        waited_ms=None,
        ttfb_ms=last.ttfb_ms,
        first_token_ms=last.first_token_ms,
        duration_ms=last.duration_ms,
        result="running" if last.state == "held" else None,
        status=last.status,
        code=None,
        message=None,
        verdict=last.verdict,
        escalation=_escalation(attempts),
        outcome=first.outcome,
    )


def _escalation(attempts: Sequence[AttemptEntry]) -> str | None:
    causes = [entry.cause or "" for entry in attempts]
    found = [c.partition(":")[2] for c in causes if c.startswith("escalation:")]
    return found[-1] if found else None


def _summed(row: RequestRow, attempts: Sequence[AttemptEntry]) -> RequestRow:
    sources = {entry.cost_source for entry in attempts if entry.cost_source}
    return replace(
        row,
        attempts=max(row.attempts, len(attempts)),
        input_tokens=sum(entry.input_tokens for entry in attempts),
        cache_read_tokens=sum(entry.cache_read for entry in attempts),
        cache_write_tokens=sum(e.cache_write_5m + e.cache_write_1h for e in attempts),
        output_tokens=sum(entry.output for entry in attempts),
        reasoning_tokens=sum(entry.reasoning for entry in attempts),
        cost=Money(sum(entry.cost.pico for entry in attempts)),
        cost_source="mixed" if len(sources) > 1 else next(iter(sources), None),
        held=_amount(entry.held for entry in attempts if entry.state == "held"),
        unknown=_amount(entry.held for entry in attempts if entry.state == "unknown"),
        wasted=_amount(entry.cost for entry in attempts if entry.wasted),
    )


def _amount(amounts: Iterable[Money]) -> Money:
    return sum(amounts, ZERO)


def _attempt(row: tuple[Any, ...]) -> AttemptEntry:
    (
        _, attempt, request, at_ms, session, root, route, cause, provider, model,
        served_model, protocol, state, first_attempt, client_retry, uncached_input,
        cache_read, cache_write_5m, cache_write_1h, output, reasoning,
        server_tool_calls, tool_calls, usage_source, amount, cost, cost_source,
        price_source, overrun, wasted, waste, verdict, fault, status, ttfb_ms,
        first_token_ms, duration_ms, note, outcome, input_bound, output_bound,
        corrected, *labels,
    ) = row  # fmt: skip
    return AttemptEntry(
        attempt=attempt,
        request=request or attempt,
        at_ms=at_ms,
        session=session or "",
        root=root or "",
        labels=_labels(labels),
        route=route,
        cause=cause,
        provider=provider,
        model=model,
        served_model=served_model,
        protocol=protocol,
        state=state,
        first_attempt=bool(first_attempt),
        client_retry=bool(client_retry),
        uncached_input=uncached_input,
        cache_read=cache_read,
        cache_write_5m=cache_write_5m,
        cache_write_1h=cache_write_1h,
        output=output,
        reasoning=reasoning,
        server_tool_calls=server_tool_calls,
        tool_calls=tool_calls,
        usage_source=usage_source,
        held=Money(amount),
        cost=Money(cost + (corrected or 0)),
        cost_source=cost_source,
        price_source=price_source,
        corrected=corrected is not None,
        overrun=Money(overrun),
        wasted=bool(wasted),
        waste=waste,
        verdict=verdict,
        fault=fault,
        status=status,
        ttfb_ms=ttfb_ms,
        first_token_ms=first_token_ms,
        duration_ms=duration_ms,
        note=note,
        outcome=outcome,
        input_bound=input_bound,
        output_bound=output_bound,
    )
