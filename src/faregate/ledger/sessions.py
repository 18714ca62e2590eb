"""Session rows: who spends, and the running totals that a person watches.

Owns their creation and labels; totals are changed by the statements of holds inside
the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faregate.core.holds import LedgerError
from faregate.ledger.connection import select

if TYPE_CHECKING:
    import apsw

    from faregate.core.holds import HoldRequest
    from faregate.core.labels import Labels

_FIND = (
    "SELECT id, workspace, agent, user, task, customer, feature FROM session "
    "WHERE session = ?1"
)
_INSERT = (
    "INSERT INTO session (session, root, parent, started_at_ms, last_at_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?4)"
)
_RELABEL = (
    "UPDATE session SET workspace = ?2, agent = ?3, user = ?4, task = ?5, "
    "customer = ?6, feature = ?7 WHERE id = ?1"
)
_FIND_LABELS = (
    "SELECT id FROM label_set WHERE workspace = ?1 AND agent = ?2 AND user = ?3 "
    "AND task = ?4 AND customer = ?5 AND feature = ?6"
)
_INSERT_LABELS = (
    "INSERT INTO label_set (workspace, agent, user, task, customer, feature) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
)
_END = "UPDATE session SET ended_at_ms = ?2 WHERE session = ?1 AND ended_at_ms IS NULL"
_FIND_OUTCOME = "SELECT outcome FROM session WHERE session = ?1"
_SET_OUTCOME = "UPDATE session SET outcome = ?2 WHERE session = ?1"
_ADD_TARGET = "INSERT OR IGNORE INTO session_model (session, target) VALUES (?1, ?2)"
_CACHE_SIZE = 8192


@dataclass(slots=True, eq=False)
class SessionEntry:
    """What is remembered of a session's row, so that a hold need not read it."""

    id: int
    known: tuple[str | None, ...]
    """The labels in the row: the last one given of each kind."""
    labels: Labels | None = None
    label_set: int = 0
    targets: set[tuple[str, str]] = field(default_factory=set)


class Sessions:
    """Finds and creates session rows inside the caller's transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Read and write through the ledger's own connection."""
        self._connection = connection
        self._known: dict[str, SessionEntry] = {}
        self._label_sets: dict[Labels, int] = {}

    def forget(self) -> None:
        """Drop what is in memory: a transaction was rolled back."""
        self._known.clear()
        self._label_sets.clear()

    def enter(
        self, session: str, root: str, parent: str | None, labels: Labels, at_ms: int
    ) -> SessionEntry:
        """Return the session's entry, creating or relabelling its row."""
        entry = self._known.get(session)
        if entry is None:
            entry = self._load(session, root, parent, at_ms)
        # `is` first: the caller passes the same labels again and again.
        if entry.labels is not labels:
            self._label(entry, labels)
        return entry

    def known(self, request: HoldRequest) -> SessionEntry | None:
        """Return the session of a hold, None where a row would have to be written."""
        entry = self._known.get(request.session)
        # `is`: the caller passes the same labels again and again.
        if entry is None or entry.labels is not request.labels:
            return None
        return entry if (request.provider, request.model) in entry.targets else None

    def of_hold(self, request: HoldRequest) -> SessionEntry:
        """Return the session of a hold, with all its rows written."""
        entry = self.enter(
            request.session,
            request.root_session,
            request.parent,
            request.labels,
            request.at_ms,
        )
        self.add_target(entry, request.provider, request.model)
        return entry

    def add_target(self, entry: SessionEntry, provider: str, model: str) -> None:
        """Note a model that this session uses."""
        target = (provider, model)
        if target not in entry.targets:
            self._connection.execute(_ADD_TARGET, (entry.id, f"{provider}/{model}"))
            entry.targets.add(target)

    def labels_of(self, session: str, labels: Labels) -> int:
        """Return the number of the labels of something that a session did."""
        entry = self._known.get(session)
        # `is`: the caller passes the same labels again and again.
        if entry is not None and entry.labels is labels:
            return entry.label_set
        return self.label_set(labels)

    def end(self, session: str, at_ms: int) -> None:
        """Note that a session's run has ended; the first end counts."""
        self._connection.execute(_END, (session, at_ms))

    def set_outcome(self, session: str, outcome: str) -> str | None:
        """Set a session's outcome; return the one before, LedgerError if unknown."""
        found = select(self._connection, _FIND_OUTCOME, (session,))
        if not found:
            raise LedgerError(f"there is no session {session!r} in the ledger")
        self._connection.execute(_SET_OUTCOME, (session, outcome))
        before: str | None = found[0][0]
        return before

    def _load(
        self, session: str, root: str, parent: str | None, at_ms: int
    ) -> SessionEntry:
        if len(self._known) >= _CACHE_SIZE:
            self.forget()
        for row in select(self._connection, _FIND, (session,)):
            entry = SessionEntry(row[0], row[1:])
            break
        else:
            self._connection.execute(_INSERT, (session, root, parent, at_ms))
            entry = SessionEntry(self._connection.last_insert_rowid(), (None,) * 6)
        self._known[session] = entry
        return entry

    def _label(self, entry: SessionEntry, labels: Labels) -> None:
        """Give the attempt its own labels and the session the ones it lacked."""
        entry.label_set = self.label_set(labels)
        pairs = zip(entry.known, _values(labels), strict=True)
        merged = tuple(old if new is None else new for old, new in pairs)
        if merged != entry.known:
            self._connection.execute(_RELABEL, (entry.id, *merged))
        entry.known, entry.labels = merged, labels

    def label_set(self, labels: Labels) -> int:
        """Return the number of this combination of labels, made when it is new."""
        found = self._label_sets.get(labels)
        if found is None:
            if len(self._label_sets) >= _CACHE_SIZE:
                self._label_sets.clear()
            # NULLs would never be equal in the unique index, so absent is "".
            values = tuple(value or "" for value in _values(labels))
            for row in select(self._connection, _FIND_LABELS, values):
                found = int(row[0])
            if found is None:
                self._connection.execute(_INSERT_LABELS, values)
                found = self._connection.last_insert_rowid()
            self._label_sets[labels] = found
        return found


def _values(labels: Labels) -> tuple[str | None, ...]:
    return (
        labels.workspace,
        labels.agent,
        labels.user,
        labels.task,
        labels.customer,
        labels.feature,
    )
