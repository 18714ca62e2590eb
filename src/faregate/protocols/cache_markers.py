"""Markers by which a request asks for parts of it to be cached.

Owns how they are found, what they can cost, and what a part is without them: agents
move them from turn to turn.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.core.pricing import CacheWrite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from faregate.protocols.json_object import JsonObject

_MARKER = b'"cache_control"'
# Only texts that end in it: one that holds a brace or an escape is of an unknown form.
_MARKER_VALUE = re.compile(
    rb'\s*:\s*(?:\{[^{}"]{0,64}(?:"[^"\\{}]{0,64}"[^{}"]{0,64}){0,16}\}|null)'
)
_BACKSLASH = 0x5C
_NEXT_COMMA = re.compile(rb"\s*,")
NO_WRITE = CacheWrite.NONE
_TTL = re.compile(rb'"ttl"\s*:\s*"([^"]*)"')
_WRITES = {b"5m": CacheWrite.FIVE_MINUTES, b"1h": CacheWrite.ONE_HOUR}


def is_marked(piece: bytes) -> bool:
    """Tell whether a cache marker may stand in JSON bytes."""
    return _MARKER in piece


def digest_of(piece: bytes) -> int:
    """Return the process-local hash of JSON bytes without their cache markers."""
    return hash(without_markers(piece))


def without_markers(piece: bytes) -> bytes:
    """Return JSON bytes without their cache markers: they are still JSON.

    Inside a JSON text a quote is escaped, so prose that quotes a marker stays.
    """
    return unmarked(piece)[0]


def cache_write_of(pieces: Iterable[bytes]) -> CacheWrite:
    """Return which cache writes the markers in these JSON bytes can cause."""
    found = NO_WRITE
    for piece in pieces:
        found = dearest_write(found, unmarked(piece)[1])
    return found


def unmarked(piece: bytes) -> tuple[bytes, CacheWrite]:
    """Return JSON bytes without their cache markers, and what those can cause."""
    found = NO_WRITE
    kept: list[bytes] = []
    position = 0
    for start, end in _markers(piece):
        marker = piece[start:end]
        if not marker.endswith(b"null"):
            found = dearest_write(found, _write_of(marker))
        if marker == _MARKER:
            continue
        head = piece[position:start].rstrip()
        position = end
        if head.endswith(b","):
            head = head[:-1]
        elif (comma := _NEXT_COMMA.match(piece, end)) is not None:
            position = comma.end()
        kept.append(head)
    if not kept:
        return piece, found
    kept.append(piece[position:])
    return b"".join(kept), found


def _write_of(marker: bytes) -> CacheWrite:
    """Return what a marker asks for; one of an unknown form could be anything."""
    if marker == _MARKER:
        return CacheWrite.UNKNOWN
    if b'"ttl"' not in marker:
        return CacheWrite.FIVE_MINUTES
    told = _TTL.findall(marker)
    if len(told) != 1 or marker.count(b'"ttl"') != 1:
        return CacheWrite.UNKNOWN
    return _WRITES.get(told[0], CacheWrite.UNKNOWN)


def _markers(piece: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each marker begins and ends, its key alone for an unknown form.

    Searching for the key by hand is many times faster than one expression.
    """
    at = piece.find(_MARKER)
    while at >= 0:
        end = at + len(_MARKER)
        # A key that merely ends in these words has its quote escaped.
        if not at or piece[at - 1] != _BACKSLASH:
            match = _MARKER_VALUE.match(piece, end)
            if match is not None:
                end = match.end()
            yield at, end
        at = piece.find(_MARKER, end)


def asked_write(request: JsonObject) -> CacheWrite:
    """Return which cache writes a request's own `cache_control` can cause."""
    value = request.get("cache_control")
    return NO_WRITE if value is None else cache_write_of([_MARKER + b":" + value])


_RANKS = {write: rank for rank, write in enumerate(CacheWrite)}


def dearest_write(one: CacheWrite, other: CacheWrite) -> CacheWrite:
    """Return the one of two that can cost more."""
    if other is NO_WRITE:
        return one
    return one if _RANKS[one] >= _RANKS[other] else other
