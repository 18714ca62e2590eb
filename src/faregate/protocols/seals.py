"""Reasoning seals of one dialect inside another's opaque field.

Owns the envelope. Clients send opaque fields back as they are, so a seal survives a
client of another dialect and reaches its provider again. What is in no envelope was
made in the client's own dialect.
"""

from __future__ import annotations

import base64
import binascii

from faregate.protocols.events import Seal

RARE = "~^" * 32
"""What every envelope holds: nobody writes it, no JSON encoder escapes it, and as it is
long and of two rare characters, a search for it skips nearly all of a body."""

MARK = f"{RARE}fg:"
"""How an envelope begins."""


def enveloped(seal: Seal | None, dialect: str) -> str:
    """Return a seal as the opaque text of `dialect`; its own as it is."""
    if seal is None:
        return f"{MARK}:"
    if seal.origin == dialect:
        return seal.data
    data = base64.urlsafe_b64encode(seal.data.encode("utf-8", "surrogatepass"))
    return f"{MARK}{seal.origin}:{data.decode()}"


def opened(text: str, dialect: str) -> Seal | None:
    """Return the seal in an opaque text of `dialect`; None for an empty envelope."""
    if not text.startswith(MARK):
        return Seal(dialect, text) if text else None
    origin, _, data = text[len(MARK) :].partition(":")
    try:
        plain = base64.b64decode(data, altchars=b"-_", validate=True)
        return Seal(origin, plain.decode("utf-8", "surrogatepass")) if origin else None
    except (binascii.Error, ValueError):
        return None
