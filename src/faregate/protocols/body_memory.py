"""The latest long bodies, by which the next ones are read.

An agent sends its whole conversation again with each turn. Owns which bodies are kept,
how long, and by which of them a new one is read.

Keeps their text, in this process's memory alone: no more than so many bytes, and none
that no request came back to for a while. Never writes or logs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.known_body import KnownBody, learned

if TYPE_CHECKING:
    from collections.abc import Mapping

SMALLEST = 4096
"""Bytes from which on a body is worth its place; a smaller one is read in full."""
MOST_BODIES = 64
MOST_BYTES = 32 * 1024 * 1024
"""Of text: a body is kept as it came, and in its pieces."""
_COPIES = 2


class BodyMemory:
    """The latest bodies, those of every dialect."""

    def __init__(self, bodies: int = MOST_BODIES, size: int = MOST_BYTES) -> None:
        """Keep so many bodies, and so many bytes."""
        self._bodies = bodies
        self._most = size
        # By the object's own id, which is its own as long as it is kept here.
        self._known: dict[int, KnownBody] = {}
        self._size = 0
        self._age = 0

    def read(self, body: bytes, guarded: frozenset[str]) -> KnownBody | None:
        """Return what stands in a body by what stood in one before it.

        None where it has to be read in full, which may well find it wrong.
        """
        same = self.of(body)
        if same is not None and same.guarded is guarded:
            return same
        before = self._nearest(body, guarded)
        if before is None:
            return None
        found = before.followed(body)
        if found is None:
            return None
        if before.goes_on_in(found):
            self._drop(before)
        else:
            before.age = self._age
        self._keep(found)
        return found

    def learn(
        self,
        body: bytes,
        guarded: frozenset[str],
        values: Mapping[str, bytes],
        spans: Mapping[str, tuple[int, int, int]],
    ) -> KnownBody | None:
        """Keep a body that was read in full; None where a key stands in it twice."""
        known = learned(body, guarded, values, spans)
        if known is not None:
            self._keep(known)
        return known

    def of(self, body: bytes) -> KnownBody | None:
        """Return what is known of this very body."""
        known = self._known.get(id(body))
        return known if known is not None and known.body is body else None

    def forget_idle(self) -> None:
        """Drop what no request came back to since this was called before."""
        for known in list(self._known.values()):
            if known.age < self._age:
                self._drop(known)
        self._age += 1

    def forget(self) -> None:
        """Drop every body."""
        self._known.clear()
        self._size = 0

    def _nearest(self, body: bytes, guarded: frozenset[str]) -> KnownBody | None:
        """Return the body that this one may go on from, else the latest like it."""
        latest = [*reversed([*self._known.values()])]
        for known in latest:
            grows = known.grows
            if (
                grows is not None
                and body.startswith(grows.mark, grows.mark_at)
                and known.guarded is guarded
            ):
                return known
        like: KnownBody | None = None
        for known in latest:
            if known.begins(body, guarded):
                if known.bulk_is_in(body):
                    return known
                like = like or known
        return like

    def _keep(self, known: KnownBody) -> None:
        size = len(known.body) * _COPIES
        if size > self._most:
            return
        self._drop(known)
        known.age = self._age
        self._known[id(known.body)] = known
        self._size += size
        while self._known and (
            self._size > self._most or len(self._known) > self._bodies
        ):
            # Bodies are read in threads as well: what is looked at must stand still.
            self._drop([*self._known.values()][0])  # noqa: RUF015 - it iterates

    def _drop(self, known: KnownBody) -> None:
        if self._known.pop(id(known.body), None) is not None:
            self._size -= len(known.body) * _COPIES


BODIES = BodyMemory()
