"""Hashes of a request's parts, to see that one request extends another.

Owns what counts as the same part: bytes, without the cache markers that agents move
from turn to turn. Keeps no text.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from faregate.core.facts import Conversation
from faregate.core.pricing import CacheWrite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import msgspec

    from faregate.protocols.json_object import JsonObject

_MARKER = b'"cache_control"'
_MARKER_VALUE = re.compile(rb"\s*:\s*(?:\{[^{}]{0,200}\}|null)")
_NEXT_COMMA = re.compile(rb"\s*,")
_TTL = re.compile(rb'"ttl"\s*:\s*"([^"]*)"')
# Fields that no model is shown; agents change some of them from turn to turn.
_NOT_SHOWN = frozenset(
    {
        "cache_control",
        "client_metadata",
        "max_completion_tokens",
        "max_output_tokens",
        "max_tokens",
        "metadata",
        "n",
        "prompt_cache_key",
        "safety_identifier",
        "seed",
        "session_id",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "top_k",
        "top_p",
        "user",
    }
)


def conversation_of(
    fixed: Iterable[bytes | int],
    system: bytes,
    parts: Iterable[msgspec.Raw],
    opening: int,
) -> Conversation:
    """Return hashes and sizes of a conversation.

    `fixed` and the `system` text must not change between turns; `parts` are the
    messages in order, of which the first `opening` reach to the first user's.
    Everything is JSON, or for `fixed` a hash of it.
    """
    plain_system = without_markers(system)
    pieces = [bytes(raw) for raw in parts]
    plain = [without_markers(piece) for piece in pieces]
    digest = hashlib.sha256(b"\0".join([plain_system, *plain[:opening]]))
    return Conversation(
        fixed=hash((hash(plain_system), *map(digest_of, fixed))),
        parts=tuple(map(hash, plain)),
        sizes=tuple(map(len, pieces)),
        opening=digest.hexdigest()[:12],
    )


def unread_conversation(fixed: Iterable[bytes | int], raw: bytes) -> Conversation:
    """Return the conversation of messages that could not be told apart."""
    return conversation_of(fixed, raw, (), 0)


def rest_of(request: JsonObject, *known: str) -> int:
    """Return the process-local hash of what else a model may be shown.

    `known` fields are hashed by themselves. Schemas, documents and settings count as
    input too, so a request that changes one is no longer the same conversation.
    """
    skipped = _skipped(known)
    return hash(
        tuple([item for item in request.values.items() if item[0] not in skipped])
    )


@lru_cache(maxsize=16)
def _skipped(known: tuple[str, ...]) -> frozenset[str]:
    return _NOT_SHOWN.union(known)


def digest_of(piece: bytes | int) -> int:
    """Return the process-local hash of JSON bytes without their cache markers."""
    return piece if isinstance(piece, int) else hash(without_markers(piece))


def without_markers(piece: bytes) -> bytes:
    """Return JSON bytes without their cache markers.

    Inside a JSON text a quote is escaped, so prose that quotes a marker stays.
    """
    if _MARKER not in piece:
        return piece
    kept: list[bytes] = []
    position = 0
    for start, end in _markers(piece):
        if end == start + len(_MARKER):
            continue
        head = piece[position:start].rstrip()
        position = end
        if head.endswith(b","):
            head = head[:-1]
        elif (comma := _NEXT_COMMA.match(piece, end)) is not None:
            position = comma.end()
        kept.append(head)
    kept.append(piece[position:])
    return b"".join(kept)


def _markers(piece: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each marker begins and ends, its key alone for an unknown form.

    Searching for the key by hand is many times faster than one expression.
    """
    at = piece.find(_MARKER)
    while at >= 0:
        end = at + len(_MARKER)
        match = _MARKER_VALUE.match(piece, end)
        if match is not None:
            end = match.end()
        yield at, end
        at = piece.find(_MARKER, end)


def cache_write_of(pieces: Iterable[bytes]) -> CacheWrite:
    """Return which cache writes the markers in these JSON bytes can cause."""
    found = CacheWrite.NONE
    for piece in pieces:
        if _MARKER not in piece:
            continue
        for start, end in _markers(piece):
            marker = piece[start:end]
            if marker.endswith(b"null"):
                continue
            match = _TTL.search(marker)
            ttl = b"5m" if match is None else match.group(1)
            # A marker of an unknown form could ask for anything.
            found = _dearer(found, ttl if marker.endswith(b"}") else b"?")
    return found


_RANKS = {write: rank for rank, write in enumerate(CacheWrite)}


def dearest_write(one: CacheWrite, other: CacheWrite) -> CacheWrite:
    """Return the one of two that can cost more."""
    return one if _RANKS[one] >= _RANKS[other] else other


def _dearer(known: CacheWrite, ttl: bytes) -> CacheWrite:
    if ttl == b"1h" or known is CacheWrite.ONE_HOUR:
        return CacheWrite.ONE_HOUR
    if ttl == b"5m" and known is not CacheWrite.UNKNOWN:
        return CacheWrite.FIVE_MINUTES
    return CacheWrite.UNKNOWN
