"""What reached the simulated provider, for assertions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict, CIMultiDictProxy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.smoke.simulated.bill import BillRow

_LABELS = (
    "x-faregate-session",
    "x-claude-code-session-id",
    "session-id",
    "x-session-id",
)


@dataclass(slots=True, kw_only=True)
class SeenRequest:
    """One request, and what became of it.

    The first block is set when the request arrives, `body` once it was read, the rest
    when it ends. `path` carries the query. `protocol` is empty for calls that generate
    nothing. `row` is the line on the bill, or None. Times are monotonic seconds.
    """

    method: str
    path: str
    headers: CIMultiDictProxy[str] = field(
        default_factory=lambda: CIMultiDictProxy(CIMultiDict())
    )
    protocol: str = ""
    started: float = 0.0
    body: bytes = b""
    model: str = ""
    stream: bool = False
    status: int = 0
    fault: str = ""
    row: BillRow | None = None
    ended: float | None = None

    @property
    def label(self) -> str:
        """Return the session a header names, or an empty text."""
        found = (self.headers.get(name) for name in _LABELS)
        return next((value for value in found if value), "")

    @property
    def json(self) -> Mapping[str, Any]:
        """Return the body as an object; empty when it is none."""
        parsed = parsed_object(self.body)
        return {} if parsed is None else parsed


def parsed_object(body: bytes) -> dict[str, Any] | None:
    """Return a JSON object, or None when the bytes hold none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
