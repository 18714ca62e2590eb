"""Requests that were refused at the door, told to a person by the event log.

Nothing of them is booked, so without a line here an agent that is set up wrongly would
look like one that sends nothing. Owns how often that is told; decides on nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.refusal import Refusal, RefusalCode
from faregate.server.claims import claim_of_path

if TYPE_CHECKING:
    from faregate.gateway.events import EventLog
    from faregate.gateway.ports import Clock

AGAIN_S = 60.0
"""Seconds until the same path is told again."""
MOST = 10
"""Paths told in so many seconds: whoever tries many may not crowd out the log."""

# What an agent meets that is set up wrongly. Not what web pages try, nor a WebSocket,
# which agents try first and do without.
_TOLD = frozenset(
    {
        RefusalCode.NOT_FOUND,
        RefusalCode.METHOD_NOT_ALLOWED,
        RefusalCode.BAD_REQUEST,
        RefusalCode.UNSUPPORTED_MEDIA_TYPE,
        RefusalCode.UNAUTHORIZED,
    }
)

_WORDS = frozenset(
    [
        "v1",
        "v1beta",
        "api",
        "openai",
        "anthropic",
        "chat",
        "completions",
        "messages",
        "count_tokens",
        "responses",
        "compact",
        "embeddings",
        "models",
        "complete",
        "engines",
        "images",
        "generations",
        "edits",
        "audio",
        "speech",
        "transcriptions",
        "moderations",
        "files",
        "batches",
        "fine_tuning",
        "jobs",
        "assistants",
        "threads",
        "realtime",
        "rerank",
        "tags",
        "generate",
        "version",
        "health",
    ]
)
"""What paths of programming interfaces are made of; any other word could be a secret."""
_ON_THE_SIDE = frozenset({"/api/hello"})
"""What agents look for and do without: Claude Code asks whether its vendor is there."""
_ELSEWHERE = (
    "A request came for a path that is not served. `faregate env AGENT` prints the base "
    "URL that an agent needs"
)


class TurnedAway:
    """Tells of refused requests, each path at most once a minute."""

    def __init__(self, events: EventLog, clock: Clock) -> None:
        """Tell it to `events`."""
        self._events = events
        self._clock = clock
        self._told: dict[str, float] = {}
        """When each path was told last, in monotonic seconds."""

    def note(self, target: str, refusal: Refusal) -> None:
        """Tell of one request, unless its path was told of lately."""
        if refusal.code not in _TOLD:
            return
        now, path = self._clock.monotonic(), target.partition("?")[0]
        if claim_of_path(path)[1] in _ON_THE_SIDE:
            return
        at = self._told.get(path)
        if at is not None and now - at < AGAIN_S:
            return
        self._told = {p: s for p, s in self._told.items() if now - s < AGAIN_S}
        if len(self._told) >= MOST:
            return
        self._told[path] = now
        text = refusal.message if _may_be_told(path, refusal) else _ELSEWHERE
        self._events.publish(
            "refused", text, at_ms=self._clock.now_ms(), severity="warn"
        )


def _may_be_told(path: str, refusal: Refusal) -> bool:
    """Tell whether the refusal repeats nothing that only its sender knows."""
    if path[:200] not in refusal.message:
        return True
    return _WORDS.issuperset(claim_of_path(path)[1].strip("/").split("/"))
