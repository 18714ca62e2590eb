"""The ledger: what the gate holds, settles and asks, behind one object.

Owns opening and closing. Statements live in the modules that it wires; all calls come
from one thread.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

import apsw

from faregate.core.holds import (
    Booked,
    BudgetState,
    BudgetWindow,
    LedgerError,
)
from faregate.core.records import AuditRow
from faregate.ledger import files, integrity, smoke_runs
from faregate.ledger.alerts import AlertMarks
from faregate.ledger.boot import read_boot_id
from faregate.ledger.connection import Transaction, open_writer
from faregate.ledger.corrections import Corrections
from faregate.ledger.cost_log import CostLog
from faregate.ledger.decisions import Decisions
from faregate.ledger.durability import INTERVAL_S, Durability
from faregate.ledger.errors import translated
from faregate.ledger.governing import Governing
from faregate.ledger.opening import Opened, Terms, open_folder
from faregate.ledger.refusals import Refusals
from faregate.ledger.till import Till
from faregate.ledger.workspace_keys import WorkspaceKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from faregate.core.cost_log import Corrected, RequestEntry
    from faregate.core.labels import Labels
    from faregate.core.money import Money
    from faregate.core.records import SmokeRunRow

RETRY_S = 1.0

_log = logging.getLogger("faregate.ledger")


class Ledger(Till):
    """An open ledger; the only one on its folder. Use `open`."""

    def __init__(
        self,
        opened: Opened,
        clock_ms: Callable[[], int],
        interval_s: float,
        retry_s: float,
    ) -> None:
        """Take over what was opened and start the helper thread."""
        durability = Durability(
            opened.folder,
            open_writer(opened.folder / files.DATABASE),
            opened.escrow,
            interval_s=interval_s,
        )
        super().__init__(opened, durability, retry_s)
        self._clock_ms = clock_ms
        self._parts = opened
        self._decisions = Decisions(
            opened.connection,
            opened.windows,
            opened.sessions,
            opened.holds,
            opened.bookings,
        )
        self._corrections = Corrections(opened.connection, opened.windows, opened.holds)
        self._cost_log = CostLog(opened.connection, opened.sessions)
        self._rare = Transaction(
            opened.connection, "Writing a session", opened.holds.forget
        )
        self.governing = Governing(opened.connection, self._rare)
        """What is paused, and since when a session's limits count."""
        self.keys = WorkspaceKeys(opened.connection, self._rare)
        """The keys that were made for workspaces."""
        self._refusals = Refusals(opened.connection, opened.sessions)
        opened.connection.set_wal_hook(self._durability.on_commit)
        opened.escrow.on_low = self._durability.wake
        if not opened.checked:
            self._durability.add_chore(self._check_rest)
        self.swept = opened.swept
        """Attempts that a dead process left open; they are unknown now."""
        self.lost = opened.lost
        """The attempt that stands for holds that power loss may have dropped."""
        self._durability.start()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        clock_ms: Callable[[], int],
        boot_id: str | None = None,
        zone: tzinfo = UTC,
        accept_reset: bool = False,
        interval_s: float = INTERVAL_S,
        retry_s: float = RETRY_S,
    ) -> Ledger:
        """Open or create the ledger in `folder`, taking its lock.

        `accept_reset` begins an empty ledger where an earlier one is lost.
        `interval_s` is how often commits are synced, `retry_s` how long to wait
        before a failed write is tried again. Raises LedgerLockedError when another
        process owns it, LedgerError otherwise.
        """
        terms = Terms(
            folder=folder,
            now_ms=clock_ms(),
            boot_id=read_boot_id() if boot_id is None else boot_id,
            zone=zone,
            accept_reset=accept_reset,
        )
        opened = open_folder(terms)
        try:
            return cls(opened, clock_ms, interval_s, retry_s)
        except OSError as error:
            opened.close()
            raise LedgerError(f"Opening the ledger in {folder}: {error}") from error
        except BaseException:
            opened.close()
            raise

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
        if not self._closed:
            self._refusals.record(session, root_session, labels, code, at_ms)

    def has_room(self, budgets: Sequence[BudgetWindow], amount: Money) -> bool:
        """Tell whether a hold would fit into all of these windows just now."""
        with translated("Reading budgets"):
            chosen = self._parts.windows.select(budgets)
        pico = amount.pico
        return all(row.used + pico <= most for row, _, most in chosen.checks)

    def states(self, budgets: Sequence[BudgetWindow]) -> tuple[BudgetState, ...]:
        """Return the running sums of these windows, zeros for those never used."""
        with translated("Reading budgets"):
            chosen = self._parts.windows.select(budgets)
            if chosen.lacking and self.paused is None:
                # Whoever only looks is told what is known; a hold would be refused.
                with suppress(LedgerError):
                    self._holds.count_back(chosen, looks=True)
                chosen = self._parts.windows.select(budgets)
        return tuple(row.state(budget) for row, budget in chosen.pairs)

    def in_force(self, covers: Callable[[str, str], bool]) -> None:
        """Take note of the budgets from now on; raise LedgerError.

        `covers` tells whether one asks for a scope's window. A window that none asks
        for counts what it missed when one asks again.
        """
        self._require_open()
        with self._rare:
            self._parts.windows.lapse(covers, self._clock_ms() // 1000)
        self._parts.windows.forget()

    def closed_windows(self) -> tuple[BudgetWindow, ...]:
        """Return the windows that an overrun closed: waiting for room is no use."""
        with translated("Reading budgets"):
            return self._parts.windows.closed()

    def high_water_s(self) -> int:
        """Return where the newest day or month began, for `HighWater`; Unix seconds.

        A clock that was set back must not reopen a window that has ended.
        """
        with translated("Reading budgets"):
            return self._parts.windows.latest_start()

    def resolve(
        self, attempt: str, spent: Money | None, *, note: str, who: str
    ) -> Booked:
        """Settle an unknown hold at `spent`, or void it when that is None.

        Raises AlreadyResolvedError when it was resolved before, LedgerError when it
        still runs or never was.
        """
        self._require_open()
        return self._decisions.resolve(
            attempt, spent, who=who, note=note, at_ms=self._clock_ms()
        )

    def correct(self, attempt: str, cost: Money, *, note: str, who: str) -> Corrected:
        """Set what a finished attempt cost in truth; raise LedgerError."""
        self._require_open()
        return self._corrections.correct(
            attempt, cost, who=who, note=note, at_ms=self._clock_ms()
        )

    def waste(self, attempt: str, why: str, *, verdict: str | None = None) -> None:
        """Note that the answer of an attempt that has ended was thrown away.

        `why` and `verdict` are words. Raises LedgerError.
        """
        self._require_open()
        self._bookings.waste(attempt, why, verdict)

    def log_requests(self, entries: Sequence[RequestEntry]) -> None:
        """Keep requests that have ended, all or none; raise LedgerError.

        For batches off the path of requests; there is no money in them.
        """
        self._require_open()
        self._cost_log.write(entries)

    def reopen(
        self, scope: str, window: str, *, note: str, who: str
    ) -> tuple[BudgetWindow, ...]:
        """Take holds again on the closed windows of a scope; return them."""
        self._require_open()
        return self._decisions.reopen(
            scope, window, who=who, note=note, at_ms=self._clock_ms()
        )

    def set_limit(
        self, scope: str, window: str, limit: Money | None, *, note: str, who: str
    ) -> None:
        """Record a person's new limit and give it to the windows that run now."""
        self._require_open()
        self._decisions.set_limit(
            scope, window, limit, who=who, note=note, at_ms=self._clock_ms()
        )

    def judge(self, session: str, outcome: str, *, note: str, who: str) -> None:
        """Record whether a session's task was accepted or rejected."""
        self._require_open()
        self._decisions.judge(
            session, outcome, who=who, note=note, at_ms=self._clock_ms()
        )

    def note_approval(
        self, *, subject: str, session: str, decision: str, note: str, who: str
    ) -> None:
        """Write down what was decided about a request that waited for a person."""
        self._require_open()
        self._decisions.note(
            AuditRow(
                at_ms=self._clock_ms(),
                who=who,
                what="approval",
                subject=subject,
                before=session,
                after=decision,
                note=note,
            )
        )

    def start_session(
        self, session: str, *, root_session: str, parent: str | None, labels: Labels
    ) -> None:
        """Give a session its row before its first request."""
        self._require_open()
        with self._rare:
            self._parts.sessions.enter(
                session, root_session, parent, labels, self._clock_ms()
            )

    def end_session(self, session: str) -> None:
        """Note that a session's run has ended."""
        self._require_open()
        with self._rare:
            self._parts.sessions.end(session, self._clock_ms())

    def record_smoke(self, rows: Sequence[SmokeRunRow]) -> None:
        """Keep the results of a smoke test; a run that is there is not added again."""
        self._require_open()
        with self._rare:
            smoke_runs.write(self._parts.connection, rows)

    def set_alert_marks(self, percents: Sequence[int]) -> None:
        """Set at which percentages of a limit a person is told."""
        self._parts.windows.marks = AlertMarks(tuple(percents))
        self._parts.windows.forget()

    def close(self) -> None:
        """Write everything down and give the lock back; a second call does nothing."""
        if self._closed:
            return
        # What cannot be written is in the spill file then, and the log says so.
        self.catch_up()
        self._spilling.try_again(at_last=True)
        self._closed = True
        self._durability.stop()
        parts = self._parts
        try:
            parts.connection.set_wal_hook(None)
            self._durability.sync()
            parts.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            parts.escrow.close()
        except (apsw.Error, LedgerError) as error:
            # The next start finds the same state as after a kill.
            _log.warning("the ledger was not closed cleanly: %s", error)
        finally:
            self._durability.close()
            parts.close()

    def _check_rest(self, connection: apsw.Connection) -> None:
        """Finish the check of a large file that the start had no time for."""
        integrity.quick_check(
            connection, self._parts.folder, lambda: self._durability.stopping
        )
