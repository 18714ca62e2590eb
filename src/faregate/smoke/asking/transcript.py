"""One request and everything that came back, with the time of each event."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass
from faregate.protocols.codec import Answer
from faregate.smoke.reading import Delta, Finish, Said, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.faults import FaultKind
    from faregate.protocols.error_bodies import ErrorFound


class Broke(StrEnum):
    """Why an answer was not read to its end."""

    UNREACHED = "unreached"
    """No connection: not a byte of the request was taken."""
    TIMEOUT = "timeout"
    TOO_LARGE = "too large"
    CUT = "cut"
    """The connection broke or closed inside the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a stream; `at` is seconds since the request was written.

    `data` is its JSON, the text where it is none, or None for a comment. `ok` tells
    whether the data was JSON or the protocol's end mark.
    """

    at: float
    name: str = ""
    data: Any = None
    deltas: frozenset[Delta] = frozenset()
    comment: str = ""
    size: int = 0
    ok: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One exchange; times are seconds since the request was written.

    `body` holds the beginning of what was not a stream. `said` is what a probe reads,
    `answer` what the codec's meter read, from which usage and cost come.
    """

    sent: Mapping[str, Any]
    stream: bool
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Header names are lower case."""
    body: bytes = b""
    events: tuple[Event, ...] = ()
    chunks: tuple[tuple[float, int], ...] = ()
    """When each piece of the body came, and its bytes."""
    connect_s: float | None = None
    ttfb_s: float | None = None
    """Headers."""
    duration_s: float = 0.0
    broke: Broke | None = None
    fault: str = ""
    """What the HTTP client says of a broken exchange."""
    fault_kind: FaultKind | None = None
    aborted: bool = False
    """We hung up on purpose."""
    error: ErrorFound | None = None
    said: Said = field(default_factory=Said)
    answer: Answer = field(default_factory=Answer)
    finish: Finish | None = None
    held: Money = ZERO
    cost: Money = ZERO
    cost_source: str = ""
    booked: str = ""
    """What became of the hold: settled, voided or unknown."""
    at_ms: int = 0
    """When it was asked, in Unix milliseconds."""

    @property
    def ok(self) -> bool:
        """Tell whether a whole answer came and it is no error."""
        return self.status == 200 and self.broke is None and self.error is None

    @property
    def content_type(self) -> str:
        """Return the media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def json(self) -> Any:
        """Return the body as JSON; None when it is none."""
        return parsed(self.body)

    @property
    def is_html(self) -> bool:
        """Tell whether a page came where JSON belongs."""
        start = self.body.lstrip()[:15].lower()
        return "html" in self.content_type or start.startswith((b"<!doctype", b"<html"))

    def first(self, *kinds: Delta) -> float | None:
        """Return when the first event with any of these deltas came."""
        return next((e.at for e in self.events if e.deltas & set(kinds)), None)

    @property
    def token_times(self) -> list[float]:
        """Return when each event with output came."""
        return [event.at for event in self.events if event.deltas]
