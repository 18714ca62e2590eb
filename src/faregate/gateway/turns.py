"""What is remembered of a session between two requests, in memory only.

The last settled turn of a conversation tightens the next input bound; the last
failed body tells a client's retry from a new request.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faregate.core.estimate import KnownTurn
    from faregate.core.routing import Target

_SESSIONS = 1024
_FAILURES_PER_SESSION = 64
_TURNS_PER_SESSION = 4


class Turns:
    """Remembers conversations by session and target, oldest forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], list[KnownTurn]] = OrderedDict()

    def remember(self, session: str, target: Target, turn: KnownTurn) -> None:
        """Keep the exact usage of a settled request."""
        # Texts, because the hash of a target would have to be made each time.
        key = (session, target.provider, target.model)
        known = self._known
        turns = known.get(key)
        if turns is None:
            known[key] = [turn]
            while len(known) > _SESSIONS:
                known.popitem(last=False)
            return
        known.move_to_end(key)
        fixed = turn.conversation.fixed
        if len(turns) == 1 and turns[0].conversation.fixed == fixed:
            turns[0] = turn
            return
        turns[:] = [each for each in turns if each.conversation.fixed != fixed]
        turns.append(turn)
        del turns[:-_TURNS_PER_SESSION]

    def last(self, session: str, target: Target, fixed: int) -> KnownTurn | None:
        """Return the last turn with the same system text and tools, if any."""
        key = (session, target.provider, target.model)
        for turn in self._known.get(key, ()):
            if turn.conversation.fixed == fixed:
                return turn
        return None


class Failures:
    """Remembers the bodies of failed requests, to count a client's retries.

    By their hash alone, which takes a while for a long body: it is made only for
    sessions in which something failed.
    """

    def __init__(self) -> None:
        self._failed: OrderedDict[str, OrderedDict[int, None]] = OrderedDict()

    def failed(self, session: str, body: bytes) -> None:
        """Note that this body got no good answer."""
        bodies = self._failed.setdefault(session, OrderedDict())
        bodies[hash(body)] = None
        bodies.move_to_end(hash(body))
        self._failed.move_to_end(session)
        if len(bodies) > _FAILURES_PER_SESSION:
            bodies.popitem(last=False)
        if len(self._failed) > _SESSIONS:
            self._failed.popitem(last=False)

    def succeeded(self, session: str, body: bytes) -> None:
        """Note that this body was answered: its next appearance is no retry."""
        bodies = self._failed.get(session)
        if bodies is None:
            return
        bodies.pop(hash(body), None)
        if not bodies:
            del self._failed[session]

    def is_retry(self, session: str, body: bytes) -> bool:
        """Tell whether the same body failed in this session before."""
        bodies = self._failed.get(session)
        return bodies is not None and hash(body) in bodies
