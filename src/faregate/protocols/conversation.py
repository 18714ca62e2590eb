"""Hashes of a request's parts, to see that one request extends another.

Owns what must stay as it is between turns: everything that a model is shown. Keeps
no text.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from faregate.core.facts import Conversation
from faregate.protocols.cache_markers import without_markers
from faregate.protocols.part_memory import NO_PARTS, text_part

if TYPE_CHECKING:
    from faregate.protocols.json_object import JsonObject
    from faregate.protocols.part_memory import Parts

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
_REMEMBERED = 4096
_SYSTEMS = 64
_systems: dict[int, hashlib._Hash] = {}
_openings: dict[int, str] = {}


def conversation_of(
    fixed: tuple[int, ...], system: bytes, parts: Parts
) -> Conversation:
    """Return hashes and sizes of a conversation.

    What `fixed` hashes and the `system` text, which is JSON, must not change between
    turns.
    """
    told = text_part(system).digest
    digests = parts.digests
    until = parts.until_user
    # There may be very many of them: only their hash is kept.
    key = hash((told, *digests[:until]))
    return Conversation(
        fixed=hash((told, *fixed)),
        parts=digests,
        sizes=parts.sizes,
        opening=_openings.get(key) or _opening(system, parts, until, key),
    )


def unread_conversation(fixed: tuple[int, ...], raw: bytes) -> Conversation:
    """Return the conversation of messages that could not be told apart."""
    return conversation_of(fixed, raw, NO_PARTS)


def _opening(system: bytes, parts: Parts, until: int, key: int) -> str:
    """Return the stable digest of the system text and the parts to the first user's.

    Each turn of a session has the same ones, so it is kept under `key`, which is their
    process-local hash.
    """
    digest = _begun(system).copy()
    for piece in parts.elements[:until]:
        digest.update(b"\0" + without_markers(piece))
    found = digest.hexdigest()[:12]
    if len(_openings) >= _REMEMBERED:
        _openings.clear()
    _openings[key] = found
    return found


def _begun(system: bytes) -> hashlib._Hash:
    """Return a digest of the system text, which many sessions share, to go on from."""
    told = text_part(system).digest
    digest = _systems.get(told)
    if digest is None:
        digest = hashlib.sha256(without_markers(system))
        if len(_systems) >= _SYSTEMS:
            _systems.clear()
        _systems[told] = digest
    return digest


def not_shown(*known: str) -> frozenset[str]:
    """Return the fields that `rest_of` leaves out; `known` are hashed apart."""
    return _NOT_SHOWN.union(known)


def rest_of(request: JsonObject, left_out: frozenset[str]) -> int:
    """Return the process-local hash of what else a model may be shown.

    Schemas, documents and settings count as input too, so a request that changes one
    is no longer the same conversation. A member that grows has to be left out.
    """
    return hash(
        tuple([item for item in request.lesser.items() if item[0] not in left_out])
    )
