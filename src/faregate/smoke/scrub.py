"""Make a provider's words safe to show: short, harmless and without a secret."""

from __future__ import annotations

import re

from faregate.control.sanitise import sanitise

MAX_BODY = 300
"""Characters of a body that are ever shown or kept."""
HIDDEN = "[hidden]"
_SHORTEST_KEY = 6
_LOOKS_SECRET = re.compile(
    r"\b(?:sk|pk|fg|gsk|xai|key|r8|nvapi|AIza|AKIA|ya29|ghp|csk|fw)[-_.]?"
    r"[A-Za-z0-9_\-.*]{8,}"
    r"|(?i:bearer)\s+[A-Za-z0-9._~+/=*-]{6,}"
)


def scrub(text: str, *secrets: str | None, limit: int = MAX_BODY) -> str:
    """Return one harmless line of at most `limit` characters.

    The given secrets and whatever looks like a key are replaced, before anything is
    cut: half a key is a secret too.
    """
    for secret in secrets:
        if secret and len(secret) >= _SHORTEST_KEY:
            text = text.replace(secret, HIDDEN)
    return sanitise(_LOOKS_SECRET.sub(HIDDEN, text), limit=limit).strip()


def scrub_bytes(body: bytes, *secrets: str | None, limit: int = MAX_BODY) -> str:
    """Return the beginning of a body as `scrub` would show it."""
    return scrub(body[: limit * 40].decode("utf-8", "replace"), *secrets, limit=limit)
