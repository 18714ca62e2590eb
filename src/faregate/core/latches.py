"""What a person has paused or stopped, and whether that concerns a request.

A latch holds until somebody takes it off: it survives restarts, and a client that
asks again gets the same answer.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faregate.core.identity import Identity

EVERYTHING = "all"


class LatchState(StrEnum):
    """What a latch does to requests."""

    PAUSED = "paused"
    """They wait for a while, then are refused, until somebody resumes."""
    STOPPED = "stopped"
    """They are refused, and those that run are ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latch:
    """One thing that is paused or stopped: "all", "workspace:X" or "session:X"."""

    scope: str
    state: LatchState
    at_ms: int
    who: str


def is_scope(scope: str) -> bool:
    """Tell whether something can be paused by this name."""
    kind, colon, name = scope.partition(":")
    return scope == EVERYTHING or (
        bool(colon and name) and kind in {"workspace", "session"}
    )


class Latches:
    """Every latch by its scope."""

    def __init__(self, latches: Iterable[Latch] = ()) -> None:
        self._by_scope = {latch.scope: latch for latch in latches}

    def put(self, latch: Latch) -> None:
        """Pause or stop something; a stop is not weakened by a pause."""
        before = self._by_scope.get(latch.scope)
        if before is None or before.state is not LatchState.STOPPED:
            self._by_scope[latch.scope] = latch

    def lift(self, scope: str) -> bool:
        """Take a latch off; tell whether there was one."""
        return self._by_scope.pop(scope, None) is not None

    def all(self) -> Mapping[str, Latch]:
        """Return every latch by its scope."""
        return self._by_scope

    def of(self, identity: Identity) -> Latch | None:
        """Return the latch that concerns a request: a stop before a pause."""
        if not self._by_scope:
            return None
        return self.on(
            identity.session,
            identity.root_session,
            identity.parent,
            workspace=identity.labels.workspace,
        )

    def on(self, *sessions: str | None, workspace: str | None) -> Latch | None:
        """Return the latch on a session, those above it, or its workspace."""
        scopes = [EVERYTHING, f"workspace:{workspace}"]
        scopes += [f"session:{session}" for session in sessions]
        found = [self._by_scope[s] for s in scopes if s in self._by_scope]
        stops = [latch for latch in found if latch.state is LatchState.STOPPED]
        return next(iter([*stops, *found]), None)
