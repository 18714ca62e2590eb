"""Thought signatures: base64 by contract, so that foreign seals are wrapped in it."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from faregate.protocols.gemini.request import PROTOCOL
from faregate.protocols.seals import MARK, enveloped, opened

if TYPE_CHECKING:
    from faregate.protocols.events import Seal

UNCHECKED = "skip_thought_signature_validator"
"""What stands for the signature of a call that this provider did not make."""

_RARE = b"\xff" * 48
WRAPPED_MARK = base64.b64encode(_RARE).decode()
"""How a wrapped envelope begins."""


def signature_of(seal: Seal) -> str:
    """Return a seal as a thought signature."""
    text = enveloped(seal, PROTOCOL)
    if seal.origin == PROTOCOL:
        return text
    return base64.b64encode(_RARE + text.encode()).decode()


def seal_of(signature: str | None) -> Seal | None:
    """Return the seal in a thought signature."""
    if not signature or signature == UNCHECKED:
        return None
    if not signature.startswith(WRAPPED_MARK):
        return opened(signature, PROTOCOL)
    try:
        text = base64.b64decode(signature).removeprefix(_RARE).decode()
        return opened(text, PROTOCOL) if text.startswith(MARK) else None
    except (binascii.Error, ValueError):
        return None
