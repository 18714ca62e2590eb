"""Whose a request is, decided once for all that come with the same head and names.

Owns the memory; how a session is found is the identity's own part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.identity import Identity, Mismatch, identify

if TYPE_CHECKING:
    from collections.abc import Hashable

    from faregate.core.facts import RequestFacts
    from faregate.gateway.inbound import Inbound

_REMEMBERED = 1024


class Callers:
    """Remembers whose requests were; never by a provider's own key."""

    def __init__(self) -> None:
        """Know nobody yet."""
        self._known: dict[Hashable, tuple[Identity, object]] = {}

    def identify(self, inbound: Inbound, facts: RequestFacts) -> Identity | Mismatch:
        """Return session and labels of a request; the same ones come back as one."""
        hints = facts.hints
        key = (
            id(inbound.grant),
            id(inbound.url),
            id(inbound.labels),
            hints.session,
            hints.subagent,
            hints.parent,
            hints.agent,
            hints.workspace,
            facts.conversation.opening,
        )
        known = self._known.get(key)
        if known is not None:
            return known[0]
        found = identify(
            grant=inbound.grant,
            url=inbound.url,
            headers=inbound.labels,
            hints=hints,
            opening=facts.conversation.opening,
        )
        if inbound.grant is not None and not isinstance(found, Mismatch):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            # What the key has the addresses of must live as long.
            kept = (inbound.grant, inbound.url, inbound.labels)
            self._known[key] = (found, kept)
        return found
