"""What a request says beside the part of it that grows, read once.

An agent sends the same model, system text, tools and settings with each turn. Owns the
memory by which they are not read again. It holds what was read of them under a
process-local hash of the bytes, and no text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.protocols.json_object import JsonObject

_Frame = TypeVar("_Frame")
_REMEMBERED = 1024


class Frames(Generic[_Frame]):
    """Remembers what the requests of one dialect say beside one member."""

    def __init__(self, read: Callable[[JsonObject], _Frame], grows: str) -> None:
        """Remember what `read` says of a request, which must not ask for `grows`.

        What it raises is not remembered.
        """
        self._read = read
        self._grows = grows
        self._known: dict[int, tuple[int, _Frame]] = {}

    def of(self, request: JsonObject) -> _Frame:
        """Return what a request says beside the member that grows."""
        grows, size = self._grows, 0
        items: list[tuple[str, bytes]] = []
        for item in request.lesser.items():
            if item[0] != grows:
                items.append(item)
                size += len(item[1])
        key = hash(tuple(items))
        known = self._known.get(key)
        if known is not None and known[0] == size:
            return known[1]
        frame = self._read(request)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = size, frame
        return frame
