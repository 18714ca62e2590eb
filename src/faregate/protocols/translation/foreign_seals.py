"""Bodies that go to their own dialect's provider after another one answered before.

Owns taking out what this gate put in: a provider refuses seals that it did not make.
"""

from __future__ import annotations

from typing import Any

import msgspec

from faregate.protocols.gemini.request import PROTOCOL as GENERATE_CONTENT
from faregate.protocols.gemini.signatures import WRAPPED_MARK
from faregate.protocols.seals import MARK, RARE

_RARE = RARE.encode()
_WRAPPED = WRAPPED_MARK.encode()
_FIELDS = ("signature", "encrypted_content", "thoughtSignature", "thought_signature")


def without_foreign_seals(body: bytes, dialect: str) -> bytes:
    """Return a body without thoughts that another dialect's provider sealed.

    Nearly every body comes back as it is, at the cost of a search.
    """
    # Not by `in`, which would take the mark for a number first, and fail.
    if body.find(_WRAPPED if dialect == GENERATE_CONTENT else _RARE) < 0:
        return body
    try:
        value = msgspec.json.decode(body)
        cleaned = _clean(value)
        return body if cleaned == value else msgspec.json.encode(cleaned)
    except (msgspec.DecodeError, RecursionError):
        return body


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {
            key: _clean(item) for key, item in value.items() if not _sealed(key, item)
        }
        return _whole(kept)
    if isinstance(value, list):
        cleaned = (_clean(item) for item in value if not _foreign_thought(item))
        return [item for item in cleaned if item is not None]
    return value


def _whole(message: dict[str, Any]) -> dict[str, Any] | None:
    """Return a message, None where nothing of it is left."""
    return None if "role" in message and message.get("content") == [] else message


def _sealed(key: str, value: object) -> bool:
    return (
        key in _FIELDS
        and isinstance(value, str)
        and value.startswith((MARK, WRAPPED_MARK))
    )


def _foreign_thought(item: object) -> bool:
    """Tell whether an item is a thought whose seal is another dialect's."""
    if not isinstance(item, dict) or item.get("type") not in {"thinking", "reasoning"}:
        return False
    return any(_sealed(field, item.get(field)) for field in _FIELDS)
