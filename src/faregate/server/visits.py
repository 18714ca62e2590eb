"""Requests whose head came before: what was decided of it need not be decided again.

An agent sends the same head with every request, down to the length of its body.
Owns what counts as the same and how many are kept. Judges nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.facts import Work
    from faregate.core.identity import Claim
    from faregate.protocols.codec import Codec, RequestHead
    from faregate.server.auth import Caller

Likeness = tuple[str, str, tuple[tuple[bytes, bytes], ...]]
"""Everything that a head says, but how long its body is."""
_REMEMBERED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A head that was let in, to a codec."""

    caller: Caller
    codec: Codec
    work: Work
    url: Claim
    labels: Claim
    head: RequestHead
    headers: Mapping[str, str]
    """All of its headers, names in lower case; any body's length."""
    own_key: bool = False
    """A provider's own key came beside the token."""

    @property
    def kept(self) -> bool:
        """Tell whether it may be remembered: such keys are not kept."""
        return self.caller.grant is not None and not self.own_key

    def headers_of(self, length: int | None) -> Mapping[str, str]:
        """Return the headers of the one whose body is announced as so long."""
        headers = {**self.headers, "content-length": str(length)}
        if length is None:
            del headers["content-length"]
        return headers


class Visits:
    """Remembers visits by their likeness.

    Never one with a provider's own key: such keys are not kept.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[Likeness, Visit] = {}

    def find(self, likeness: Likeness) -> Visit | None:
        """Return the visit of a head that is just alike."""
        return self._known.get(likeness)

    def remember(self, likeness: Likeness, visit: Visit) -> None:
        """Keep a visit of a local token; all are forgotten when there are too many."""
        if not visit.kept:
            return
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[likeness] = visit
