"""How a hold ends: settled, voided or unknown; each hold resolves at most once.

Owns the statements that move money out of `held` and out of `unknown`. A settlement
never looks at a limit: the truth is booked, and what it broke is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw

from faregate.core.holds import (
    AlreadyResolvedError,
    Booked,
    HoldState,
    LedgerError,
    Release,
    Settlement,
)
from faregate.core.usage import Usage, UsageSource
from faregate.ledger.answers import SettledNow
from faregate.ledger.booking_statements import (
    FIND,
    KEEP_WINDOW,
    RELEASE_ATTEMPT,
    RELEASE_SESSION,
    SETTLE_ATTEMPT,
    SETTLE_SESSION_FROM,
    SPEND_UNKNOWN,
    SPEND_WINDOW,
    WASTE_ATTEMPT,
    WASTE_SESSION,
)
from faregate.ledger.changes import NO_USAGE, Change, Ending
from faregate.ledger.connection import Transaction, catch_up, select
from faregate.ledger.corrections import corrected_by
from faregate.ledger.errors import fault
from faregate.ledger.open_hold import read_hold
from faregate.ledger.usual_settlement import is_usual

if TYPE_CHECKING:
    from faregate.ledger.budget_windows import BudgetWindows, WindowRow
    from faregate.ledger.holds import Holds
    from faregate.ledger.open_hold import OpenHold

# Looking up a member of an enum costs as much as a comparison.
_HELD, _REPORTED = HoldState.HELD, UsageSource.REPORTED
BY_PERSON = "person"
"""The cost source of a hold that a person resolved."""


class Bookings:
    """Ends holds, in one transaction each but for the usual settlement."""

    def __init__(
        self, connection: apsw.Connection, windows: BudgetWindows, holds: Holds
    ) -> None:
        """Write through the ledger's own connection."""
        self._connection = connection
        self._execute = connection.cursor().execute
        self._windows = windows
        self._holds = holds
        self._writing = Transaction(connection, "Booking a hold's end", holds.forget)
        self._settling = Transaction(connection, "Settling a hold", holds.forget)

    def settle_soon(self, settlement: Settlement) -> Booked | None:
        """Replace an open hold by its true cost and leave that to be written.

        None for what is not usual, or tells somebody something.
        """
        holds = self._holds
        hold = holds.open.get(settlement.attempt)
        if hold is None or hold.id > holds.written or not is_usual(settlement, hold):
            return None
        rows = self._windows.loaded(hold.windows)
        cost, amount = settlement.cost.pico, hold.amount
        for row in rows:
            if cost and row.spent + row.unknown + cost >= row.alert_at:
                return None
        if not rows:
            return None
        freed = amount - cost
        for row in rows:
            row.used -= freed
            row.spent += cost
            row.held -= amount
        holds.ended.add(settlement, hold)
        del holds.open[settlement.attempt]
        return SettledNow(rows)

    def settle(self, settlement: Settlement, *, tells: bool = True) -> Booked:
        """Replace a hold, open or unknown, by its true cost; raise LedgerError.

        Without `tells` nobody looks at the answer: alert marks wait for the next one.
        """
        ending = self.find(settlement.attempt)
        with self._settling:
            change = self.book_settlement(settlement, ending)
            if tells:
                self.mark(change)
        self._holds.open.pop(settlement.attempt, None)
        return change.apply()

    def void(self, release: Release) -> Booked:
        """Give a hold back, open or unknown; raise LedgerError."""
        ending = self.find(release.attempt)
        with self._writing:
            change = self.book_release(release, ending, HoldState.VOIDED)
        self._holds.open.pop(release.attempt, None)
        return change.apply()

    def mark_unknown(self, release: Release, *, tells: bool = True) -> Booked:
        """Keep an open hold in full as unknown; raise LedgerError."""
        ending = self.find(release.attempt)
        if ending.leaves is HoldState.UNKNOWN:
            raise AlreadyResolvedError(f"attempt {release.attempt!r} is unknown now")
        with self._writing:
            change = self.book_release(release, ending, HoldState.UNKNOWN)
            if tells:
                self.mark(change)
        self._holds.open.pop(release.attempt, None)
        return change.apply()

    def find(self, attempt: str) -> Ending:
        """Return a hold that may still end; raise AlreadyResolvedError or LedgerError.

        One that became unknown may be settled or voided on later evidence.
        """
        catch_up(self._connection)
        hold = self._holds.open.get(attempt)
        if hold is not None:
            return Ending(hold)
        try:
            found = select(self._connection, FIND, (attempt,))
        except apsw.Error as error:
            raise fault("Looking for a hold", error) from error
        if not found:
            raise LedgerError(f"there is no attempt {attempt!r} in the ledger")
        row_id, amount, windows, session, state, *tokens = found[0]
        if state in {HoldState.SETTLED, HoldState.VOIDED}:
            raise AlreadyResolvedError(f"attempt {attempt!r} was {state} before")
        uncached, read, write_5m, write_1h, output, source, first, again, waste = tokens
        hold = read_hold(
            self._connection,
            row_id,
            amount,
            windows,
            session,
            first=first,
            again=again,
        )
        seen = Usage(
            uncached_input=uncached,
            cache_read=read,
            cache_write_5m=write_5m,
            cache_write_1h=write_1h,
            output=output,
            source=UsageSource(source or UsageSource.MISSING),
        )
        return Ending(hold, HoldState(state), seen, wasted=bool(waste))

    def waste(self, attempt: str, why: str, verdict: str | None) -> None:
        """Note that an attempt that has ended came to nothing; the first word counts.

        Raises LedgerError. An attempt that still runs is told at its settlement.
        """
        with self._writing:
            found = select(self._connection, WASTE_ATTEMPT, (attempt, why, verdict))
            for session, cost, row_id in found:
                lost = cost + corrected_by(self._connection, row_id)
                self._execute(WASTE_SESSION, (session, lost))

    def book_settlement(
        self, settlement: Settlement, ending: Ending, *, closes: bool = True
    ) -> Change:
        """Write a settlement inside a transaction.

        `closes` says whether a cost above the hold closes the limited windows.
        """
        hold, leaves = ending.hold, ending.leaves
        amount, cost = hold.amount, settlement.cost.pico
        if cost < 0:
            raise LedgerError(f"a cost of {settlement.cost} cannot be booked")
        overrun = max(0, cost - amount)
        was_held = leaves is _HELD
        change = Change(
            rows=self._windows.rows(hold.windows),
            state=HoldState.SETTLED,
            spent=cost,
            held=-amount if was_held else 0,
            unknown=0 if was_held else -amount,
            overrun=overrun,
        )
        if not was_held:
            self._move(SPEND_UNKNOWN, hold, cost, amount)
        elif cost:
            self._move(SPEND_WINDOW, hold, cost)
        self._settle_attempt(settlement, ending, overrun)
        self._settle_session(settlement, ending)
        if overrun and closes:
            for row in change.rows:
                if row.limit is not None:
                    self._windows.close(row)
        return change

    def book_release(
        self, release: Release, ending: Ending, state: HoldState
    ) -> Change:
        """Write a void or an unknown inside a transaction."""
        hold, leaves = ending.hold, ending.leaves
        amount = hold.amount
        was_held = leaves is HoldState.HELD
        kept = amount if state is HoldState.UNKNOWN else 0
        change = Change(
            rows=self._windows.rows(hold.windows),
            state=state,
            held=-amount if was_held else 0,
            unknown=kept if was_held else -amount,
        )
        if change.unknown > 0:
            self._move(KEEP_WINDOW, hold, amount)
        elif not was_held:
            self._move(SPEND_UNKNOWN, hold, 0, amount)
        self._release_attempt(release, ending, state)
        self._release_session(release, ending, change)
        return change

    def _move(self, statement: str, hold: OpenHold, *amounts: int) -> None:
        for window in hold.windows:
            self._execute(statement, (*amounts, window))

    def _settle_attempt(
        self, settlement: Settlement, ending: Ending, overrun: int
    ) -> None:
        usage = settlement.usage
        reported = usage.reported_cost
        self._execute(
            SETTLE_ATTEMPT,
            (
                ending.hold.id,
                ending.leaves,
                settlement.at_ms,
                settlement.cost.pico,
                settlement.cost_source,
                settlement.price_source,
                overrun,
                usage.uncached_input,
                usage.cache_read,
                usage.cache_write_5m,
                usage.cache_write_1h,
                usage.output,
                usage.reasoning,
                usage.server_tool_calls,
                usage.source,
                None if reported is None else reported.pico,
                settlement.served_model,
                settlement.status,
                settlement.tool_calls,
                settlement.wasted or settlement.waste is not None,
                settlement.ttfb_ms,
                settlement.duration_ms,
                settlement.note,
                settlement.first_token_ms,
                settlement.fault,
                settlement.waste,
                settlement.verdict,
            ),
        )
        self._resolved_once(settlement.attempt)

    def _settle_session(self, settlement: Settlement, ending: Ending) -> None:
        hold, usage, seen = ending.hold, settlement.usage, ending.seen
        cost, source = settlement.cost.pico, settlement.cost_source
        status = settlement.status
        wasted = settlement.wasted or settlement.waste is not None or ending.wasted
        guessed = usage.source is not _REPORTED and source != BY_PERSON
        more: tuple[int, ...]
        if ending.leaves is _HELD:
            more = hold.first, hold.client_retry
        else:
            more = (hold.amount,)
        self._execute(
            SETTLE_SESSION_FROM[ending.leaves],
            (
                hold.session,
                cost,
                usage.input_tokens - seen.input_tokens,
                usage.output - seen.output,
                usage.cache_read - seen.cache_read,
                _cache_write(usage) - _cache_write(seen),
                settlement.tool_calls,
                cost if wasted else 0,
                guessed or source == "estimated",
                source == "unpriced",
                status,
                settlement.note if status >= 400 else None,
                settlement.at_ms,
                *more,
            ),
        )

    def _release_attempt(
        self, release: Release, ending: Ending, state: HoldState
    ) -> None:
        usage = release.usage or NO_USAGE
        self._execute(
            RELEASE_ATTEMPT,
            (
                ending.hold.id,
                ending.leaves,
                state,
                release.at_ms,
                usage.uncached_input,
                usage.cache_read,
                usage.cache_write_5m,
                usage.cache_write_1h,
                usage.output,
                usage.reasoning,
                usage.server_tool_calls,
                usage.source,
                release.status,
                release.duration_ms,
                release.why,
                release.fault,
                release.waste,
                release.verdict,
                release.ttfb_ms,
                release.first_token_ms,
            ),
        )
        self._resolved_once(release.attempt)

    def _release_session(
        self, release: Release, ending: Ending, change: Change
    ) -> None:
        usage, seen = release.usage or NO_USAGE, ending.seen
        hold, was_held = ending.hold, ending.leaves is HoldState.HELD
        self._execute(
            RELEASE_SESSION,
            (
                hold.session,
                was_held,
                change.unknown,
                usage.input_tokens - seen.input_tokens,
                usage.output - seen.output,
                usage.cache_read - seen.cache_read,
                _cache_write(usage) - _cache_write(seen),
                release.status,
                release.why,
                release.at_ms,
                was_held and hold.first,
                was_held and not hold.first,
                was_held and hold.client_retry,
            ),
        )

    def _resolved_once(self, attempt: str) -> None:
        if self._connection.changes() != 1:
            # The rows have the last word on what is open.
            self._holds.open.pop(attempt, None)
            raise AlreadyResolvedError(f"attempt {attempt!r} was resolved before")

    def mark(self, change: Change) -> None:
        """Inside a transaction: store the alert marks that a booking passes, once."""
        grown = change.spent + change.unknown
        if grown <= 0:
            return
        crossed: list[tuple[WindowRow, int]] = []
        for row in change.rows:
            used = row.spent + row.unknown + grown
            if used >= row.alert_at:
                marks = self._windows.marks.crossed(row.limit, row.alerted, used)
                crossed.extend((row, mark) for mark in marks)
                self._windows.set_alerted(row, marks[-1])
        if crossed:
            change.crossed = tuple(crossed)


def _cache_write(usage: Usage) -> int:
    return usage.cache_write_5m + usage.cache_write_1h
